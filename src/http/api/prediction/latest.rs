//! Operation that returns the newest predictions.

use poem_openapi::{OpenApi, param::Query};
use uuid::Uuid;

use super::{super::tag::Tag, scope::scopes, spread::wanted};
use crate::{
    domain::{
        Error, Timestamp,
        contract::ALL_METRICS,
        prediction::{LatestPrediction, LatestQuery},
        spread::Selection,
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
        /// Returns the quantiles and members beside each value: `all`, `members`, or the quantiles of these levels, such as
        /// `0.1,0.9`.
        spread: Query<Option<Selection>>,
        /// Returns the probability of a value greater than this threshold, from the quantiles or members.
        exceeds: Query<Option<f64>>,
        /// Returns the probability of a value less than this threshold.
        below: Query<Option<f64>>,
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
            spread: wanted(spread.0, exceeds.0, below.0)?,
        };
        Ok(Plain(prediction::latest(&self.0, &auth.0, query).await?))
    }
}
