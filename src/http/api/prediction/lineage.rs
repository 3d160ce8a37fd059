//! Operation that returns the lineage of a predicted value.

use poem_openapi::{OpenApi, param::Query};
use uuid::Uuid;

use super::{super::tag::Tag, scope::scope};
use crate::{
    domain::{
        Error, Timestamp,
        contract::ALL_METRICS,
        prediction::{LineageQuery, PredictionLineage},
        track::Tracks,
    },
    http::form::{answer::Find, auth::Auth, reply::Plain},
    service::{App, prediction},
};

/// Operation on the lineage of predictions.
pub struct LineageApi(pub App);

#[OpenApi(prefix_path = "/api/v1", tag = "Tag::Predictions")]
impl LineageApi {
    /// Get the lineage of a prediction
    ///
    /// Returns one value, which is the one that `GET /predictions` returns for its time, with what made it: the run as
    /// its worker posted it, the job's version and bindings as they stood, a link to the inputs as they were known then,
    /// the revisions of the value, and the number of later issues. The response is 404 if there is no value at that
    /// time, or if it is withdrawn; with `as_of` before the withdrawal the value is returned. If several sources, jobs,
    /// locations, stages or tracks have a value at that time, the response is 400 and names the parameter that is
    /// missing. Needs: any token of the organisation.
    #[oai(
        path = "/predictions/lineage",
        method = "get",
        operation_id = "get_prediction_lineage"
    )]
    #[expect(clippy::too_many_arguments, reason = "each is a query parameter")]
    async fn lineage(
        &self,
        auth: Auth,
        /// The metric.
        metric: Query<String>,
        /// The time that the value is predicted for.
        valid_time: Query<Timestamp>,
        /// The job of the prediction. Either this or `location_id` is required.
        job_id: Query<Option<Uuid>>,
        /// The location of the prediction. With `job_id`, it selects one of the job's locations.
        location_id: Query<Option<Uuid>>,
        /// Return this issue. The default is the newest that has a value at that time.
        issue_time: Query<Option<Timestamp>>,
        /// Return what was known at this time.
        as_of: Query<Option<Timestamp>>,
        /// Filter by stage. An empty text selects the predictions without a stage.
        stage: Query<Option<String>>,
        /// Filter by source, by name or id.
        source: Query<Option<String>>,
        /// Filter by source version, by label or id.
        source_version: Query<Option<String>>,
        /// The predictions of the model (`main`, the default), those of versions on trial (`shadow`), or `all`.
        track: Query<Option<Tracks>>,
    ) -> Find<Plain<PredictionLineage>> {
        if metric.0 == ALL_METRICS {
            return Err(Error::bad_parameter("metric", "is all: give one metric").into());
        }
        let narrowed = location_id.0.filter(|_| job_id.0.is_some());
        let query = LineageQuery {
            scope: scope(location_id.0.filter(|_| narrowed.is_none()), job_id.0)?,
            location_id: narrowed,
            metric: metric.0,
            valid_time: valid_time.0,
            issue_time: issue_time.0,
            as_of: as_of.0,
            stage: stage.0,
            source: source.0,
            source_version: source_version.0,
            tracks: track.0.unwrap_or_default(),
        };
        Ok(Plain(prediction::lineage(&self.0, &auth.0, query).await?))
    }
}
