//! Operations on the health of jobs.

use poem_openapi::{
    OpenApi,
    param::{Path, Query},
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::tag::Tag;
use crate::{
    domain::health::{HealthCounts, JobHealth},
    http::form::{
        answer::{Find, Read},
        auth::Auth,
        cursor::{decode, default_limit, encode, rows},
        list::Part,
        reply::Plain,
    },
    service::{App, health},
};

/// Operations on the health of jobs.
pub struct HealthApi(pub App);

/// Content of a cursor: the position at which a page of health changes begins.
#[derive(Serialize, Deserialize)]
struct Cursor {
    before: i64,
}

#[OpenApi(prefix_path = "/api/v1", tag = "Tag::Health")]
impl HealthApi {
    /// Count jobs by health
    ///
    /// Returns job counts by health state, for the jobs that the token may see. Needs: any token.
    #[oai(path = "/health", method = "get", operation_id = "get_health")]
    async fn counts(
        &self,
        auth: Auth,
        /// Filter by organisation.
        organisation_id: Query<Option<Uuid>>,
    ) -> Read<Plain<HealthCounts>> {
        let counts = health::counts(&self.0, &auth.0, organisation_id.0).await?;
        Ok(Plain(counts))
    }

    /// Get a job's health
    ///
    /// Returns the health of the job and of each of its targets, with the previous changes, newest first. The newest
    /// 2,000 changes are stored. Needs: any token of the job's organisation.
    #[oai(path = "/jobs/:job_id/health", method = "get", operation_id = "get_job_health")]
    async fn get(
        &self,
        auth: Auth,
        /// The job's id.
        job_id: Path<Uuid>,
        /// The maximum number of changes.
        #[oai(default = "default_limit", validator(minimum(value = "1"), maximum(value = "10000")))]
        limit: Query<u64>,
        /// The start of the page of changes, from the `Link` header of the previous page.
        cursor: Query<Option<String>>,
    ) -> Find<Part<JobHealth>> {
        let cursor: Option<Cursor> = cursor.0.as_deref().map(decode).transpose()?;
        let before = cursor.map(|cursor| cursor.before);
        let limit = rows(limit.0);
        let (answer, last) = health::get(&self.0, &auth.0, job_id.0, before, limit).await?;
        let next = last.map(|before| encode(&Cursor { before }));
        Ok(Part { answer, next })
    }
}
