//! Runs of jobs on the wire.

use poem_openapi::{
    OpenApi,
    param::{Path, Query},
};
use uuid::Uuid;

use super::tag::Tag;
use crate::{
    domain::{
        job_run::{JobRun, NewJobRun},
        page::Listed,
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

/// The operations on runs.
pub struct JobRunApi(pub App);

rules!(NewJobRun);

#[OpenApi(prefix_path = "/api/v1", tag = "Tag::Health")]
impl JobRunApi {
    /// Report a run
    ///
    /// For a worker that has nothing to post (`ok`: it counts as a sign of life of the job and of all its targets), or
    /// whose run failed (`failed`: the job's health shows so at once, until its next good post). Posting predictions
    /// counts as a run that is ok; it need not be reported. Needs: worker.
    #[oai(path = "/jobs/:job_id/runs", method = "post", operation_id = "report_job_run")]
    async fn report(
        &self,
        auth: WorkerAuth,
        /// The job's id.
        job_id: Path<Uuid>,
        body: Body<NewJobRun>,
    ) -> Change<Plain<JobRun>> {
        let report = job_run::report(&self.0, &auth.0, job_id.0, body.0).await?;
        Ok(Plain(report))
    }

    /// List a job's runs
    ///
    /// Newest first: what its worker reported (the newest 2,000 are kept), and the issues that it posted, as long as they
    /// are kept. Issues stand at their issue_time, reports at the time when they came. Needs: any token of the job's
    /// organisation.
    #[oai(path = "/jobs/:job_id/runs", method = "get", operation_id = "list_job_runs")]
    async fn list(
        &self,
        auth: Auth,
        /// The job's id.
        job_id: Path<Uuid>,
        /// How many rows at most.
        #[oai(default = "default_limit", validator(minimum(value = "1"), maximum(value = "10000")))]
        limit: Query<u64>,
        /// Where the page starts: from the `Link` of the page before.
        cursor: Query<Option<String>>,
    ) -> Find<List<JobRun>> {
        let after = cursor.0.as_deref().map(decode).transpose()?;
        let Listed { items, more } = job_run::list(&self.0, &auth.0, job_id.0, after, rows(limit.0)).await?;
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
