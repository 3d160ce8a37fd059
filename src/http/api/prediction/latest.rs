//! Operation that returns the newest predictions.

use poem_openapi::{OpenApi, param::Query};
use uuid::Uuid;

use super::{super::tag::Tag, scope::scopes};
use crate::{
    domain::{
        Error, Timestamp,
        contract::ALL_METRICS,
        prediction::{LatestPrediction, LatestQuery},
        track::Tracks,
    },
    http::form::{answer::Find, auth::Auth, reply::Plain},
    service::{App, prediction},
};

/// Operation on the newest predictions.
pub struct LatestApi(pub App);

#[OpenApi(prefix_path = "/api/v1", tag = "Tag::Predictions")]
impl LatestApi {
    /// Get the latest predictions
    ///
    /// Returns the newest issue of each metric, source, stage, location and job, with its age and the end of its coverage.
    /// With `at` it returns the one value that is valid then: the last at or before that time, if predictions reach so
    /// far. Needs: any token of the organisation.
    #[oai(path = "/predictions/latest", method = "get", operation_id = "latest_predictions")]
    #[expect(clippy::too_many_arguments, reason = "each is a query parameter")]
    async fn latest(
        &self,
        auth: Auth,
        /// The job of the predictions. Either this or `location_id` is required. The parameter may be repeated, up to 100
        /// times. Each job is returned once.
        job_id: Query<Option<Vec<Uuid>>>,
        /// The location of the predictions. The parameter may be repeated, up to 100 times. Each location is returned
        /// once.
        location_id: Query<Option<Vec<Uuid>>>,
        /// The metric, or `all`. Required with `location_id`. For a job the default is `all`.
        metric: Query<Option<String>>,
        /// Filter by stage.
        stage: Query<Option<String>>,
        /// Filter by source, by name or id.
        source: Query<Option<String>>,
        /// The predictions of the model (`main`, the default), those of versions on trial (`shadow`), or `all`.
        track: Query<Option<Tracks>>,
        /// Return the value that is valid at this time, instead of the newest issue.
        at: Query<Option<Timestamp>>,
    ) -> Find<Plain<Vec<LatestPrediction>>> {
        let locations = location_id.0.unwrap_or_default();
        let scopes = scopes(&locations, &job_id.0.unwrap_or_default())?;
        if metric.0.is_none() && !locations.is_empty() {
            return Err(Error::bad_parameter("metric", "is missing: give a metric, or all").into());
        }
        let query = LatestQuery {
            scopes,
            metric: metric.0.filter(|metric| metric != ALL_METRICS),
            stage: stage.0,
            source: source.0,
            tracks: track.0.unwrap_or_default(),
            at: at.0,
        };
        Ok(Plain(prediction::latest(&self.0, &auth.0, query).await?))
    }
}
