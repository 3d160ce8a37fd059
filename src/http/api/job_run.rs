//! Operations on the runs of jobs.

use poem_openapi::{
    OpenApi,
    param::{Path, Query},
};
use uuid::Uuid;

use super::tag::Tag;
use crate::{
    domain::{
        job_run::{JobRun, JobRunCreation},
        page::Listed,
        track::Tracks,
    },
    http::form::{
        answer::{Change, Find},
        auth::{Auth, WorkerAuth},
        body::Body,
        cursor::{decode, default_limit, encode, rows},
        list::List,
        reply::Plain,
        rules::rules,
    },
    service::{App, job_run},
};

/// Operations on the runs of jobs.
pub struct JobRunApi(pub App);

rules!(JobRunCreation);

#[OpenApi(prefix_path = "/api/v1", tag = "Tag::Health")]
impl JobRunApi {
    /// Report a run
    ///
    /// Reports a run without predictions. `ok` is for a worker that has nothing to post: it counts as a post of the job
    /// and of all its targets. `failed` is for a run that failed: the job is `failed` at once, until its next
    /// successful post. A post of predictions counts as a successful run and needs no report. With the
    /// `source_version_id` of a version on trial the report does not count for the health of the job. Needs: worker.
    #[oai(path = "/jobs/:job_id/runs", method = "post", operation_id = "report_job_run")]
    async fn report(
        &self,
        auth: WorkerAuth,
        /// The job's id.
        job_id: Path<Uuid>,
        body: Body<JobRunCreation>,
    ) -> Change<Plain<JobRun>> {
        let report = job_run::report(&self.0, &auth.0, job_id.0, body.0).await?;
        Ok(Plain(report))
    }

    /// List a job's runs
    ///
    /// Returns the reports of the workers (the newest 2,000 of each track are stored) and the issues that they posted, as
    /// long as they are stored, newest first. An issue has the time of its issue_time, a report the time of its arrival. Needs: any
    /// token of the job's organisation.
    #[oai(path = "/jobs/:job_id/runs", method = "get", operation_id = "list_job_runs")]
    async fn list(
        &self,
        auth: Auth,
        /// The job's id.
        job_id: Path<Uuid>,
        /// The track of the runs: `main` for the version of the job (the default), `shadow` for its versions on trial, or `all`.
        track: Query<Option<Tracks>>,
        /// The maximum number of rows.
        #[oai(default = "default_limit", validator(minimum(value = "1"), maximum(value = "10000")))]
        limit: Query<u64>,
        /// The start of the page, from the `Link` header of the previous page.
        cursor: Query<Option<String>>,
    ) -> Find<List<JobRun>> {
        let after = cursor.0.as_deref().map(decode).transpose()?;
        let Listed { items, more } = job_run::list(
            &self.0,
            &auth.0,
            job_id.0,
            track.0.unwrap_or_default(),
            after,
            rows(limit.0),
        )
        .await?;
        let last = items.last().map(|(place, _)| *place);
        let listed = Listed {
            items: items.into_iter().map(|(_, run)| run).collect(),
            more,
        };
        Ok(List::new(listed, |_| {
            last.map_or_else(String::new, |place| encode(&place))
        }))
    }
}
