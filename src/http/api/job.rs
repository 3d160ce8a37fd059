//! Jobs on the wire.

use poem::{IntoResponse, Response};
use poem_openapi::{
    OpenApi,
    param::{Header, Path, Query},
};
use uuid::Uuid;

use super::tag::Tag;
use crate::{
    domain::{
        Timestamp,
        health::HealthState,
        job::{Job, JobChange, JobFilter},
        job_inputs::JobInputs,
        job_setup::{CreatedKind, JobSetup, JobSetupAnswer},
    },
    http::{
        form::{
            answer::{Change, Find, Make, Read},
            auth::{Auth, ManagerAuth},
            body::Body,
            cursor::{default_limit, encode, page},
            list::List,
            reply::{Deleted, ETAG, LOCATION, Plain, api_response, meta},
            rules::rules,
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

/// The jobs' operations.
pub struct JobApi(pub App);

thing!(Job, "/api/v1/jobs");

thing!(JobSetupAnswer, "/api/v1/jobs", job);

/// 201 if the job was made, 200 if it was there (or for a dry run).
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

rules!(JobSetup, JobChange);

#[OpenApi(prefix_path = "/api/v1", tag = "Tag::Jobs")]
impl JobApi {
    /// Set up a job
    ///
    /// Finds or makes the organisation, the source, its version, the inputs and the job in one transaction, or changes
    /// nothing and says all that is wrong. `created` lists what was made. The same set-up again answers 200 with the
    /// same job; a job of that name that is set up otherwise is a conflict. An unknown organisation is made for admins;
    /// an unknown sensor or location is made as a placeholder. Needs: manager.
    #[oai(path = "/jobs/setup", method = "post", operation_id = "set_up_job")]
    async fn set_up(
        &self,
        auth: ManagerAuth,
        /// Answers what would be made, with status 200, and keeps nothing.
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
    /// Those of the token's organisation; an admin sees all. Needs: any token.
    #[oai(path = "/jobs", method = "get", operation_id = "list_jobs")]
    #[expect(clippy::too_many_arguments, reason = "each is a query parameter")]
    async fn list(
        &self,
        auth: Auth,
        /// Only of this organisation.
        organisation_id: Query<Option<Uuid>>,
        /// Only of this source.
        source_id: Query<Option<Uuid>>,
        /// Only pinned to this source version.
        source_version_id: Query<Option<Uuid>>,
        /// Only active, or only inactive ones.
        active: Query<Option<bool>>,
        /// Only of this name.
        name: Query<Option<String>>,
        /// Only jobs that as a whole do so: a state of health, or several with commas between them.
        #[oai(explode = false, default)]
        health: Query<Vec<HealthState>>,
        /// Only jobs of which a target does so: a state of health, or several with commas between them.
        #[oai(explode = false, default)]
        target_health: Query<Vec<HealthState>>,
        /// How many rows at most.
        #[oai(default = "default_limit", validator(minimum(value = "1"), maximum(value = "10000")))]
        limit: Query<u64>,
        /// Where the page starts: from the `Link` of the page before.
        cursor: Query<Option<String>>,
    ) -> Read<List<Job>> {
        let filter = JobFilter {
            organisation_id: organisation_id.0,
            source_id: source_id.0,
            source_version_id: source_version_id.0,
            active: active.0,
            name: name.0,
            health: health.0,
            target_health: target_health.0,
        };
        let page = page(limit.0, cursor.0.as_deref())?;
        let listed = job::list(&self.0, &auth.0, filter, page).await?;
        Ok(List::new(listed, |last| encode(&last.id)))
    }

    /// List what a worker runs
    ///
    /// The active jobs of one source version (the service that the worker runs as), each with its role bindings and its
    /// targets. Needs: any token.
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
        /// How many rows at most.
        #[oai(default = "default_limit", validator(minimum(value = "1"), maximum(value = "10000")))]
        limit: Query<u64>,
        /// Where the page starts: from the `Link` of the page before.
        cursor: Query<Option<String>>,
    ) -> Find<List<Job>> {
        let page = page(limit.0, cursor.0.as_deref())?;
        let listed = job::list_for_version(&self.0, &auth.0, service_id.0, page).await?;
        Ok(List::new(listed, |last| encode(&last.id)))
    }

    /// Get a job
    ///
    /// With the ETag that `If-Match` takes. Needs: any token of its organisation.
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
    /// All that a worker needs to run the job: for each bound role its metric and unit, the sensor or location with its
    /// coordinates, and the sensor's readings, or for a bound source its predictions, in the window `from` to `to`. With
    /// `as_of` only what was known then, so that a model can be run again as of the past without seeing the future.
    /// Needs: any token of the job's organisation.
    #[oai(path = "/jobs/:job_id/inputs", method = "get", operation_id = "get_job_inputs")]
    async fn inputs(
        &self,
        auth: Auth,
        /// The job's id.
        job_id: Path<Uuid>,
        /// The start of the window (inclusive); a day before now (or `as_of`), if absent.
        from: Query<Option<Timestamp>>,
        /// The end of the window (exclusive); a day after now (or `as_of`), if absent.
        to: Query<Option<Timestamp>>,
        /// Only what this server could serve at that time.
        as_of: Query<Option<Timestamp>>,
    ) -> Find<Plain<JobInputs>> {
        let window = InputWindow {
            from: from.0,
            to: to.0,
            as_of: as_of.0,
        };
        let inputs = job_inputs::get(&self.0, &auth.0, job_id.0, window).await?;
        Ok(Plain(inputs))
    }

    /// Change a job
    ///
    /// Changes the fields that the body names; null clears an optional one. The bindings are held against the contract
    /// of the version. Needs: manager.
    #[oai(path = "/jobs/:job_id", method = "put", operation_id = "update_job")]
    async fn update(
        &self,
        auth: ManagerAuth,
        /// The job's id.
        job_id: Path<Uuid>,
        /// The ETag of the state that the change is meant for; any state if absent.
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
    /// Takes it out of every list at once. What it predicted stays readable until its retention ends. Needs: manager.
    #[oai(path = "/jobs/:job_id", method = "delete", operation_id = "delete_job")]
    async fn delete(
        &self,
        auth: Auth,
        /// The job's id.
        job_id: Path<Uuid>,
        /// The ETag of the state that is to be deleted; any state if absent.
        #[oai(name = "If-Match")]
        if_match: Header<Option<String>>,
    ) -> Change<Deleted> {
        let expected = expected(if_match.0.as_deref());
        job::delete(&self.0, &auth.0, job_id.0, expected).await?;
        Ok(Deleted)
    }
}
