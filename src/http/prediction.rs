//! Predictions on the wire.

use poem_openapi::{OpenApi, param::Query};
use uuid::Uuid;

use super::{
    auth::Auth,
    body::Body,
    page::{decode, default_limit, encode, rows},
    reply::{Answer, List, Plain},
    tag::Tag,
};
use crate::{
    domain::{
        Error, Timestamp,
        contract::ALL_METRICS,
        prediction::{
            Prediction, PredictionCounts, PredictionCursor, PredictionPost, PredictionQuery,
            PredictionScope,
        },
    },
    service::{App, prediction},
};

/// How long the window is unless it is given: 24 hours.
const DEFAULT_WINDOW_HOURS: i64 = 24;

/// The predictions' operations.
pub struct PredictionApi(pub App);

#[OpenApi(prefix_path = "/api/v1", tag = "Tag::Predictions")]
impl PredictionApi {
    /// Post predictions
    ///
    /// What a worker predicted for a job in one run: the whole batch is kept, or nothing and every bad point is named
    /// (up to 100). Nothing is overwritten: a new issue_time is a new issue, the same issue with another value a new
    /// revision, and the same value again is counted as unchanged. Needs: worker.
    #[oai(
        path = "/predictions",
        method = "post",
        operation_id = "post_predictions"
    )]
    async fn post(
        &self,
        auth: Auth,
        body: Body<PredictionPost>,
    ) -> Answer<Plain<PredictionCounts>> {
        Ok(Plain(prediction::post(&self.0, &auth.0, body.0).await?))
    }

    /// Get predictions
    ///
    /// For each metric, source, stage and valid_time in the window the newest issue, in that order. Says with `Link` if
    /// there are more. Needs: any token of the organisation.
    #[oai(
        path = "/predictions",
        method = "get",
        operation_id = "list_predictions"
    )]
    #[expect(clippy::too_many_arguments, reason = "each is a query parameter")]
    async fn list(
        &self,
        auth: Auth,
        /// The metric, or `all`.
        metric: Query<String>,
        /// The location that the predictions are for; this or `job_id` is needed.
        location_id: Query<Option<Uuid>>,
        /// The job that the predictions were posted for, in place of `location_id`.
        job_id: Query<Option<Uuid>>,
        /// Only of this stage.
        stage: Query<Option<String>>,
        /// Only of this source, by name or id.
        source: Query<Option<String>>,
        /// The start of the window of valid times (inclusive); now, if absent.
        from: Query<Option<Timestamp>>,
        /// The end of the window (exclusive); 24 hours after its start, if absent.
        to: Query<Option<Timestamp>>,
        /// How many rows at most.
        #[oai(
            default = "default_limit",
            validator(minimum(value = "1"), maximum(value = "10000"))
        )]
        limit: Query<u64>,
        /// Where the page starts: from the `Link` of the page before.
        cursor: Query<Option<String>>,
    ) -> Answer<List<Prediction>> {
        let scope = match (location_id.0, job_id.0) {
            (Some(id), None) => PredictionScope::Location(id),
            (None, Some(id)) => PredictionScope::Job(id),
            (None, None) => {
                return Err(
                    Error::bad_parameter("location_id", "is missing: give it or job_id").into(),
                );
            }
            (Some(_), Some(_)) => {
                let detail = "stands in for location_id: give one of the two";
                return Err(Error::bad_parameter("job_id", detail).into());
            }
        };
        let cursor: Option<PredictionCursor> = cursor.0.as_deref().map(decode).transpose()?;
        // Later pages keep the window of the first, whose default moves on with the clock.
        let before = cursor.as_ref();
        let from = from.0.or(before.map(|cursor| cursor.from));
        let from = from.unwrap_or_else(|| self.0.now());
        let to = to.0.or(before.map(|cursor| cursor.to));
        let to = to.unwrap_or_else(|| from.plus_hours(DEFAULT_WINDOW_HOURS));
        if to < from {
            return Err(
                Error::bad_parameter("to", format!("is before from, which is {from}")).into(),
            );
        }
        let query = PredictionQuery {
            metric: Some(metric.0).filter(|metric| metric != ALL_METRICS),
            scope,
            stage: stage.0,
            source: source.0,
            from,
            to,
            after: cursor.map(|cursor| cursor.after),
            limit: rows(limit.0),
        };
        let listed = prediction::list(&self.0, &auth.0, query).await?;
        Ok(List::new(listed, |last| {
            encode(&PredictionCursor {
                after: last.key(),
                from,
                to,
            })
        }))
    }
}
