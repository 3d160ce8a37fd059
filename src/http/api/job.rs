//! Operations on jobs.

use poem::{IntoResponse, Response};
use poem_openapi::{
    OpenApi,
    param::{Header, Path, Query},
};
use uuid::Uuid;

use super::tag::Tag;
use crate::{
    domain::{
        AskedWindow, Result, Timestamp,
        health::HealthState,
        job::{Job, JobChange, JobFilter},
        job_history::JobHistoryEntry,
        job_inputs::JobInputs,
        job_setup::{CreatedKind, JobSetup, JobSetupAnswer},
        track::Tracks,
    },
    http::{
        form::{
            answer::{Change, Find, Make, Read},
            auth::{Auth, ManagerAuth},
            body::Body,
            cursor::{decode, default_limit, encode, page, rows},
            list::List,
            reply::{Deleted, ETAG, LOCATION, Plain, api_response, meta},
            rules::{Rules, rules},
            thing::{Created, Found, thing},
        },
        guard::condition::expected,
    },
    service::{
        App, job,
        job_inputs::{self, InputWindow},
        job_setup,
    },
};

/// Operations on jobs.
pub struct JobApi(pub App);

thing!(Job, "/api/v1/jobs");

thing!(JobSetupAnswer, "/api/v1/jobs", job);

/// Response 201 if the job was created, 200 if it existed already or for a dry run.
struct SetUp {
    answer: JobSetupAnswer,
    created: bool,
}

api_response!([] SetUp, JobSetupAnswer, |schema| vec![
    meta(200, "The same job existed already, or this is a dry run.", Some(schema()), &[ETAG]),
    meta(201, "The job was created.", Some(schema()), &[ETAG, LOCATION]),
]);

impl IntoResponse for SetUp {
    fn into_response(self) -> Response {
        if self.created {
            Created(self.answer).into_response()
        } else {
            Found(self.answer).into_response()
        }
    }
}

rules!(JobChange);

impl Rules for JobSetup {
    fn apply_rules(&mut self, _app: &App) -> Result<()> {
        self.check().violations.into_result()
    }
}

#[OpenApi(prefix_path = "/api/v1", tag = "Tag::Jobs")]
impl JobApi {
    /// Set up a job
    ///
    /// Finds or creates the organisation, the source, its version, the inputs and the job in one transaction, or
    /// changes nothing and reports every violation. `created` lists the new resources. A repeated set-up returns 200
    /// with the same job; a job of that name with another set-up is a conflict. An unknown organisation is created for
    /// admins, an unknown sensor or location as a placeholder. Needs: manager.
    #[oai(path = "/jobs/setup", method = "post", operation_id = "set_up_job")]
    async fn set_up(
        &self,
        auth: ManagerAuth,
        /// Validates the request and returns the result with status 200, but stores nothing.
        #[oai(default)]
        dry_run: Query<bool>,
        body: Body<JobSetup>,
    ) -> Make<SetUp> {
        let answer = job_setup::set_up(&self.0, &auth.0, body.0, dry_run.0).await?;
        let made = answer.created.iter().any(|made| made.kind == CreatedKind::Job);
        Ok(SetUp {
            created: made && !dry_run.0,
            answer,
        })
    }

    /// List jobs
    ///
    /// Returns the token's organisation's entries; all for an admin. Needs: any token.
    #[oai(path = "/jobs", method = "get", operation_id = "list_jobs")]
    #[expect(clippy::too_many_arguments, reason = "each is a query parameter")]
    async fn list(
        &self,
        auth: Auth,
        /// Filter by organisation.
        organisation_id: Query<Option<Uuid>>,
        /// Filter by source.
        source_id: Query<Option<Uuid>>,
        /// Filter by source version.
        source_version_id: Query<Option<Uuid>>,
        /// Filter by active or inactive jobs.
        active: Query<Option<bool>>,
        /// Filter by name.
        name: Query<Option<String>>,
        /// Filter by the health of the job: one state, or several separated by commas.
        #[oai(explode = false, default)]
        health: Query<Vec<HealthState>>,
        /// Filter by the health of any target of the job: one state, or several separated by commas.
        #[oai(explode = false, default)]
        target_health: Query<Vec<HealthState>>,
        /// The maximum number of rows.
        #[oai(default = "default_limit", validator(minimum(value = "1"), maximum(value = "10000")))]
        limit: Query<u64>,
        /// The start of the page, from the `Link` header of the previous page.
        cursor: Query<Option<String>>,
    ) -> Read<List<Job>> {
        let filter = JobFilter {
            organisation_id: organisation_id.0,
            source_id: source_id.0,
            source_version_id: source_version_id.0,
            run_by_version: None,
            active: active.0,
            name: name.0,
            health: health.0,
            target_health: target_health.0,
        };
        let page = page(limit.0, cursor.0.as_deref())?;
        let listed = job::list(&self.0, &auth.0, filter, page).await?;
        Ok(List::new(listed, |last| encode(&last.id)))
    }

    /// List the jobs of a worker
    ///
    /// Returns the active jobs of one source version (the service that the worker runs as), each with its role bindings
    /// and its targets. They include the jobs that run the version on trial, with `"track": "shadow"`. Needs: any token.
    #[oai(
        path = "/jobs/service/:service_id",
        method = "get",
        operation_id = "list_service_jobs"
    )]
    async fn list_for_service(
        &self,
        auth: Auth,
        /// The id of the source version.
        service_id: Path<Uuid>,
        /// The maximum number of rows.
        #[oai(default = "default_limit", validator(minimum(value = "1"), maximum(value = "10000")))]
        limit: Query<u64>,
        /// The start of the page, from the `Link` header of the previous page.
        cursor: Query<Option<String>>,
    ) -> Find<List<Job>> {
        let page = page(limit.0, cursor.0.as_deref())?;
        let listed = job::list_for_version(&self.0, &auth.0, service_id.0, page).await?;
        Ok(List::new(listed, |last| encode(&last.id)))
    }

    /// Get a job
    ///
    /// Returns the job with its ETag, for `If-Match`. Needs: any token of its organisation.
    #[oai(path = "/jobs/:job_id", method = "get", operation_id = "get_job")]
    async fn get(
        &self,
        auth: Auth,
        /// The job's id.
        job_id: Path<Uuid>,
    ) -> Find<Found<Job>> {
        Ok(Found(job::get(&self.0, &auth.0, job_id.0)?))
    }

    /// Get a job's inputs
    ///
    /// Returns everything that a worker needs to run the job: for each bound role its metric and unit, the sensor or
    /// location with its coordinates, and the sensor's readings, or for a bound source its predictions, in the window
    /// `from` to `to`. With `as_of` it returns only what was known then, with the version, location and bindings that
    /// the job had then, so that a model can run as of the past without data from the future. Needs: any token of the job's organisation.
    #[oai(path = "/jobs/:job_id/inputs", method = "get", operation_id = "get_job_inputs")]
    #[expect(clippy::too_many_arguments, reason = "each is a query parameter")]
    async fn inputs(
        &self,
        auth: Auth,
        /// The job's id.
        job_id: Path<Uuid>,
        /// The start of the window (inclusive). The default is one day before now (or `as_of`).
        from: Query<Option<Timestamp>>,
        /// The end of the window (exclusive). The default is one day after now (or `as_of`).
        to: Query<Option<Timestamp>>,
        /// Return what was known at this time.
        as_of: Query<Option<Timestamp>>,
        /// The predictions of bound sources: those of the models (`main`, the default), those of versions on trial
        /// (`shadow`), or `all`. Readings are the same for every track.
        track: Query<Option<Tracks>>,
        /// The version whose input roles are returned: a version of the job's source, such as the one on trial that the
        /// worker runs. The default is the version of the job.
        source_version_id: Query<Option<Uuid>>,
    ) -> Find<Plain<JobInputs>> {
        let window = InputWindow {
            times: AskedWindow { from: from.0, to: to.0 },
            as_of: as_of.0,
            tracks: track.0.unwrap_or_default(),
            version: source_version_id.0,
        };
        let inputs = job_inputs::get(&self.0, &auth.0, job_id.0, window).await?;
        Ok(Plain(inputs))
    }

    /// List a job's history
    ///
    /// Returns what the job ran as, newest first: its version, location and bindings, as its set-up and each change left
    /// them. It is stored as long as the job or any of its predictions. Needs: any token of the job's organisation.
    #[oai(path = "/jobs/:job_id/history", method = "get", operation_id = "list_job_history")]
    async fn history(
        &self,
        auth: Auth,
        /// The job's id.
        job_id: Path<Uuid>,
        /// The maximum number of rows.
        #[oai(default = "default_limit", validator(minimum(value = "1"), maximum(value = "10000")))]
        limit: Query<u64>,
        /// The start of the page, from the `Link` header of the previous page.
        cursor: Query<Option<String>>,
    ) -> Find<List<JobHistoryEntry>> {
        let before = cursor.0.as_deref().map(decode).transpose()?;
        let listed = job::history(&self.0, &auth.0, job_id.0, before, rows(limit.0)).await?;
        Ok(List::new(listed, |last| encode(&last.number)))
    }

    /// Change a job
    ///
    /// Changes the fields that the body names. null clears an optional field. The bindings are checked against the
    /// contract of the version, and of each version on trial. A version on trial that the job is pinned to is not on
    /// trial any more. Needs: manager.
    #[oai(path = "/jobs/:job_id", method = "put", operation_id = "update_job")]
    async fn update(
        &self,
        auth: ManagerAuth,
        /// The job's id.
        job_id: Path<Uuid>,
        /// The ETag of the state to change. If absent, any state is changed.
        #[oai(name = "If-Match")]
        if_match: Header<Option<String>>,
        body: Body<JobChange>,
    ) -> Change<Found<Job>> {
        let expected = expected(if_match.0.as_deref());
        let changed = job::update(&self.0, &auth.0, job_id.0, expected, body.0).await?;
        Ok(Found(changed))
    }

    /// Delete a job
    ///
    /// Removes the job from every list at once. Its predictions stay readable until their retention ends. Needs:
    /// manager.
    #[oai(path = "/jobs/:job_id", method = "delete", operation_id = "delete_job")]
    async fn delete(
        &self,
        auth: Auth,
        /// The job's id.
        job_id: Path<Uuid>,
        /// The ETag of the state to delete. If absent, any state is deleted.
        #[oai(name = "If-Match")]
        if_match: Header<Option<String>>,
    ) -> Change<Deleted> {
        let expected = expected(if_match.0.as_deref());
        job::delete(&self.0, &auth.0, job_id.0, expected).await?;
        Ok(Deleted)
    }
}
