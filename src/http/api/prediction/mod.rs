//! Predictions on the wire.

mod csv;
mod latest;
mod lines;
mod rows;
mod scope;

use std::marker::PhantomData;

use poem_openapi::{ApiRequest, Enum, OpenApi, param::Query};
use uuid::Uuid;

use super::tag::Tag;
use crate::{
    domain::{
        Counts, Duration, Error, Timestamp, Window,
        contract::ALL_METRICS,
        prediction::{
            Issues, LeadTimes, PostedPredictions, Prediction, PredictionCounts, PredictionCursor, PredictionQuery,
            PredictionSeries, Withdrawal,
        },
    },
    http::form::{
        answer::Find,
        auth::{Auth, WorkerAuth},
        body::Body,
        cursor::{decode, default_limit, encode, rows},
        gaps::{GapsParameter, gaps as asked_gaps},
        layout::{Accepted, Format, Guard, Shape, dialect, form, thinning},
        reply::Plain,
        rules::Rules,
        table::Table,
    },
    service::{App, prediction},
};
use csv::CsvPredictions;
pub use latest::LatestApi;
use lines::Lines;
use rows::body;
use scope::scope;

/// The forms in which predictions are posted.
#[derive(ApiRequest)]
enum Posted {
    /// An object for a job, or an array of points that say where they belong.
    Json(Body<PostedPredictions>),
    /// One point a line, in a stream of any length.
    Lines(Lines),
    /// A header line and a line for each point: of one job (`job_id`, and `role` or `metric`), or each with its `source`,
    /// `metric` and `location_id`; and `valid_time`, `value`. What `format=csv` answers for a job is taken as it is.
    Csv(CsvPredictions),
}

/// Which issues of a valid_time are answered.
#[derive(Debug, Clone, Copy, Enum)]
#[oai(rename_all = "lowercase")]
enum IssuesParameter {
    /// The newest.
    Latest,
    /// Every one.
    All,
}

/// The predictions' operations.
pub struct PredictionApi(pub App);

/// The rules need the job's contract, which `service` reads.
impl Rules for PostedPredictions {}

#[OpenApi(prefix_path = "/api/v1", tag = "Tag::Predictions")]
impl PredictionApi {
    /// Post predictions
    ///
    /// For a job: an object with `job_id` and what a worker predicted in one run, as points (`predictions`) or as whole
    /// series (`series`). Directly: an array of points that name their `source`, or the same as newline-delimited JSON.
    /// Both also as CSV.
    /// The whole batch is kept, or nothing and every bad point is named (up to 100); newline-delimited JSON may be of
    /// any length and is kept in parts of 20,000 lines, 1,000 runs, 8 MiB or 10 seconds, whichever comes first. A stream that
    /// ends with a problem, for instance because its token was revoked, counts there what was stored before. Any other
    /// request holds at most 1,000 runs (points that share issue_time, metric, location and stage): beyond that it is
    /// refused with 413. Nothing is overwritten: a new issue_time is a new issue, the same issue with another value a new
    /// revision, and the same value again is counted as unchanged. `null` as a value withdraws what the issue has at that time:
    /// it is not returned any more, except `as_of` a time before. An issue_time may be five minutes ahead of the server's
    /// clock, unless its operator has set `limits.issue_ahead_seconds`. Needs: worker.
    #[oai(path = "/predictions", method = "post", operation_id = "post_predictions")]
    async fn post(
        &self,
        auth: WorkerAuth,
        /// What becomes of gaps, which are `null`, NaN and empty cells of CSV: `skip` skips them, `withdraw` withdraws the values that are
        /// there at their times and skips the others. If absent, `null` withdraws the value that is there, and is an
        /// error where none is, as NaN and an empty cell are anywhere.
        gaps: Query<Option<GapsParameter>>,
        body: Posted,
    ) -> Find<Plain<PredictionCounts>> {
        let gaps = asked_gaps(gaps.0);
        let counts = match body {
            Posted::Json(body) => prediction::post(&self.0, &auth.0, body.0, gaps).await?,
            Posted::Csv(CsvPredictions(posted, lines)) => {
                let stored = prediction::post(&self.0, &auth.0, posted, gaps).await;
                stored.map_err(|error| lines.name(error))?
            }
            Posted::Lines(lines) => lines::keep(&self.0, lines, gaps).await?,
        };
        Ok(Plain(counts))
    }

    /// Withdraw predictions
    ///
    /// Withdraws the predictions of one issue of a job: from then on reads return what they would if these had never been
    /// posted, such as the issue before. With `as_of` a time before, they are still there. Values that are withdrawn already
    /// are counted as unchanged, so that the call is safe to repeat. About 2,000 values are withdrawn at the same instant;
    /// more follow in steps, series by series, so that others can write in between. Works for a deleted job as long as its
    /// predictions are stored. Needs: worker.
    #[oai(path = "/predictions", method = "delete", operation_id = "withdraw_predictions")]
    async fn withdraw(
        &self,
        auth: Auth,
        /// The job that the predictions were posted for.
        job_id: Query<Uuid>,
        /// The issue.
        issue_time: Query<Timestamp>,
        /// Only of this metric; of all, if absent or `all`.
        metric: Query<Option<String>>,
        /// Only of this stage; of all, if absent.
        stage: Query<Option<String>>,
    ) -> Find<Plain<Counts>> {
        let asked = Withdrawal {
            job_id: job_id.0,
            issue_time: issue_time.0,
            metric: metric.0.filter(|metric| metric != ALL_METRICS),
            stage: stage.0,
        };
        let counts = prediction::withdraw(&self.0, &auth.0, asked).await?;
        Ok(Plain(counts))
    }

    /// Get predictions
    ///
    /// For each metric, source, stage, location and valid_time in the window the newest issue, in that order. `as_of`,
    /// `min_lead`, `max_lead` and `issue_time` choose among the issues before the newest is picked; `issues=all`
    /// answers all that are left, each in its newest revision. Says with `Link` if there are more; all pages are of the
    /// moment of the first: what arrives in between is in none of them. `format=csv`, or
    /// `Accept: text/csv`, answers CSV. Needs: any token of the organisation.
    #[oai(path = "/predictions", method = "get", operation_id = "list_predictions")]
    #[expect(clippy::too_many_arguments, reason = "each is a query parameter")]
    async fn list(
        &self,
        auth: Auth,
        accepted: Accepted,
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
        /// Only of this source version, by label or id.
        source_version: Query<Option<String>>,
        /// The start of the window of valid times (inclusive); now, if absent.
        from: Query<Option<Timestamp>>,
        /// The end of the window (exclusive); 24 hours after its start, if absent.
        to: Query<Option<Timestamp>>,
        /// Only what this server could serve at that time: what was known then.
        as_of: Query<Option<Timestamp>>,
        /// Only lead times (valid_time - issue_time) of at least this: an ISO 8601 duration, or seconds.
        min_lead: Query<Option<Duration>>,
        /// Only lead times of at most this: an ISO 8601 duration, or seconds.
        max_lead: Query<Option<Duration>>,
        /// Only of this issue.
        issue_time: Query<Option<Timestamp>>,
        /// The newest issue of each valid_time (`latest`, unless given), or `all`.
        issues: Query<Option<IssuesParameter>>,
        /// One object a value (`rows`, unless given), or one a series with its values in columns.
        shape: Query<Option<Shape>>,
        /// JSON or CSV; unless given, as `Accept` says.
        format: Query<Option<Format>>,
        /// For CSV: `formulas` puts an apostrophe before texts that a spreadsheet would run as formulas.
        guard: Query<Option<Guard>>,
        /// For CSV: begins with a byte order mark, by which Excel knows UTF-8.
        bom: Query<Option<bool>>,
        /// Thins each series to so many values at most, for a chart: the least and the greatest value of each stretch of
        /// time, the first and the last. For `shape=series`; the window is answered as a whole, without `limit`.
        #[oai(validator(minimum(value = "10"), maximum(value = "10000")))]
        max_points: Query<Option<u64>>,
        /// How many rows at most (values, in series).
        #[oai(default = "default_limit", validator(minimum(value = "1"), maximum(value = "10000")))]
        limit: Query<u64>,
        /// Where the page starts: from the `Link` of the page before.
        cursor: Query<Option<String>>,
    ) -> Find<Table<Prediction, Vec<PredictionSeries>>> {
        let form = form(&accepted, format.0, shape.0)?;
        let dialect = dialect(form, guard.0, bom.0)?;
        let thin = thinning(max_points.0, form, cursor.0.as_deref())?;
        let cursor: Option<PredictionCursor> = cursor.0.as_deref().map(decode).transpose()?;
        // Later pages have the window of the first, whose default moves on with the clock, and what was known then.
        let before = cursor.as_ref();
        let from = from.0.or(before.map(|cursor| cursor.from));
        let to = to.0.or(before.map(|cursor| cursor.to));
        let Window { from, to } = Window::beginning(self.0.now(), from, to)?;
        let any = LeadTimes::default();
        let leads = LeadTimes {
            least: min_lead.0.unwrap_or(any.least),
            most: max_lead.0.unwrap_or(any.most),
        };
        if leads.most < leads.least {
            let detail = format!("is less than min_lead, which is {}", leads.least);
            return Err(Error::bad_parameter("max_lead", detail).into());
        }
        let issues = match issues.0 {
            Some(IssuesParameter::All) => Issues::All,
            Some(IssuesParameter::Latest) | None => Issues::Latest,
        };
        let file = file_name(&metric.0, location_id.0.or(job_id.0));
        let query = PredictionQuery {
            metric: Some(metric.0).filter(|metric| metric != ALL_METRICS),
            scope: scope(location_id.0, job_id.0)?,
            stage: stage.0,
            source: source.0,
            source_version: source_version.0,
            from,
            to,
            as_of: as_of.0.or(before.and_then(|cursor| cursor.as_of)),
            leads,
            issue_time: issue_time.0,
            issues,
            after: cursor.map(|cursor| cursor.after),
            limit: rows(limit.0),
        };
        if let Some(max) = thin {
            let series = prediction::list_thinned(&self.0, &auth.0, query, max).await?;
            return Ok(Table::series(&series));
        }
        let mut found = prediction::list(&self.0, &auth.0, query).await?;
        let as_of = found.as_of;
        let next = found
            .last
            .take()
            .map(|after| encode(&PredictionCursor { after, from, to, as_of }));
        Ok(Table {
            form,
            body: body(found, form, dialect, issues == Issues::All),
            file,
            next,
            of: PhantomData,
        })
    }
}

/// What a file of predictions is called: letters, digits, dashes and underscores only.
fn file_name(metric: &str, id: Option<Uuid>) -> String {
    let is_safe = |c: char| c.is_ascii_alphanumeric() || c == '-';
    let safe = |c| if is_safe(c) { c } else { '_' };
    let metric: String = metric.chars().take(60).map(safe).collect();
    let id = id.map(|id| format!("-{id}"));
    format!("predictions-{metric}{}", id.unwrap_or_default())
}
