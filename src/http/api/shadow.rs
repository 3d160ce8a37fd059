//! Operations on the versions on trial of jobs.

use poem::{IntoResponse, Response};
use poem_openapi::{
    OpenApi,
    param::{Header, Path},
};
use uuid::Uuid;

use super::tag::Tag;
use crate::{
    domain::{job::Job, shadow::Promotion},
    http::{
        form::{
            answer::Find,
            auth::{Auth, ManagerAuth},
            body::Body,
            reply::{Deleted, ETAG, LOCATION, api_response, meta},
            rules::rules,
            thing::{Created, Found},
        },
        guard::condition::expected,
    },
    service::{App, promotion, shadow},
};

/// Operations on the versions on trial of jobs.
pub struct ShadowApi(pub App);

rules!(Promotion);

/// Response 201 if the trial has begun, 200 if it had begun before.
struct OnTrial {
    job: Job,
    is_new: bool,
}

api_response!([] OnTrial, Job, |schema| vec![
    meta(200, "The version was on trial already. The body is the job.", Some(schema()), &[ETAG]),
    meta(201, "The trial has begun. The body and the address are those of the job.", Some(schema()), &[ETAG, LOCATION]),
]);

impl IntoResponse for OnTrial {
    fn into_response(self) -> Response {
        if self.is_new {
            Created(self.job).into_response()
        } else {
            Found(self.job).into_response()
        }
    }
}

#[OpenApi(prefix_path = "/api/v1", tag = "Tag::Jobs")]
impl ShadowApi {
    /// Begin a trial
    ///
    /// Makes another version of the job's source a shadow of the job. Workers get the job in the list of that version,
    /// and its predictions are on the track `shadow`, which is returned only if it is asked for. The bindings of the job
    /// must fill the version's required inputs, and one output must be the same. A job has at most 5 shadows. A repeated
    /// call changes nothing. Needs: manager.
    #[oai(
        path = "/jobs/:job_id/shadows/:source_version_id",
        method = "put",
        operation_id = "put_job_shadow"
    )]
    async fn put(
        &self,
        auth: Auth,
        /// The job's id.
        job_id: Path<Uuid>,
        /// The id of the version on trial.
        source_version_id: Path<Uuid>,
    ) -> Find<OnTrial> {
        let (job, is_new) = shadow::put(&self.0, &auth.0, job_id.0, source_version_id.0).await?;
        Ok(OnTrial { job, is_new })
    }

    /// End a trial
    ///
    /// Ends the trial of a version in a job. The predictions of the trial stay readable until their retention ends.
    /// Needs: manager.
    #[oai(
        path = "/jobs/:job_id/shadows/:source_version_id",
        method = "delete",
        operation_id = "delete_job_shadow"
    )]
    async fn delete(
        &self,
        auth: Auth,
        /// The job's id.
        job_id: Path<Uuid>,
        /// The id of the version on trial.
        source_version_id: Path<Uuid>,
    ) -> Find<Deleted> {
        shadow::delete(&self.0, &auth.0, job_id.0, source_version_id.0).await?;
        Ok(Deleted)
    }

    /// Promote a version
    ///
    /// Pins the job to one of its versions on trial. The previous version becomes a shadow unless `keep_previous` is
    /// false, so that a second promotion takes the first one back. The bindings stay as they are, and no prediction
    /// changes its track. A repeated call returns 200 and changes nothing, even if its `If-Match` is not current any
    /// more. Needs: manager.
    #[oai(path = "/jobs/:job_id/promote", method = "post", operation_id = "promote_job")]
    async fn promote(
        &self,
        auth: ManagerAuth,
        /// The job's id.
        job_id: Path<Uuid>,
        /// The ETag of the state to change. If absent, any state is changed.
        #[oai(name = "If-Match")]
        if_match: Header<Option<String>>,
        body: Body<Promotion>,
    ) -> Find<Found<Job>> {
        let expected = expected(if_match.0.as_deref());
        let job = promotion::promote(&self.0, &auth.0, job_id.0, expected, body.0).await?;
        Ok(Found(job))
    }
}
