//! Operations on predictions.

mod csv;
mod latest;
mod lineage;
mod lines;
mod rows;
mod scope;
mod spread;
mod usual;
mod window;

use std::marker::PhantomData;

use poem_openapi::{ApiRequest, Enum, OpenApi, param::Query};
use uuid::Uuid;

use super::tag::Tag;
use crate::{
    domain::{
        AskedWindow, Counts, Duration, Error, Timestamp, Window,
        contract::ALL_METRICS,
        prediction::{
            Issues, LeadTimes, PostedPredictions, Prediction, PredictionCounts, PredictionCursor, PredictionQuery,
            PredictionSeries, Withdrawal,
        },
        row_limit::RowLimit,
        spread::Selection,
        track::Tracks,
    },
    http::form::{
        answer::Find,
        auth::{Auth, Session, WorkerAuth},
        body::Body,
        csv_body::CsvBody,
        cursor::{decode, encode},
        gaps::{GapsParameter, gaps as asked_gaps},
        layout::{Accepted, Format, Guard, Shape, dialect, form, thinning},
        reply::Plain,
        rules::Rules,
        table::Table,
        whole::Amount,
    },
    service::{App, prediction},
};
pub use latest::LatestApi;
pub use lineage::LineageApi;
use lines::Lines;
pub use rows::csv_of;
use rows::{body, whole_body};
use scope::scopes;
use window::WholeWindow;

/// The forms in which predictions are posted.
#[derive(ApiRequest)]
enum Posted {
    /// An object for a job, or an array of points that name their source and location.
    Json(Body<PostedPredictions>),
    /// One point in each line, in a stream of any length.
    Lines(Lines),
    /// A header line and a line for each point: of one job (`job_id`, and `role` or `metric`), or each with its
    /// `source`, `metric` and `location_id`; and `valid_time`, `value`. The response of `format=csv` for a job is
    /// accepted as it is.
    Csv(CsvBody<PostedPredictions>),
}

/// Selects the issues of a valid_time.
#[derive(Debug, Clone, Copy, Enum)]
#[oai(rename_all = "lowercase")]
pub enum IssuesParameter {
    /// The newest issue.
    Latest,
    /// Every issue.
    All,
}

/// Operations on predictions.
pub struct PredictionApi(pub App);

/// There are no rules here, because they need the job's contract, which `service` reads.
impl Rules for PostedPredictions {
    fn usual(body: &str) -> Option<Self> {
        usual::parse(body)
    }
}

#[OpenApi(prefix_path = "/api/v1", tag = "Tag::Predictions")]
impl PredictionApi {
    /// Post predictions
    ///
    /// Stores predictions. For a job, send an object with `job_id` and the predictions of one run, as points
    /// (`predictions`) or as whole series (`series`). Without a job, send an array of points that name their `source`,
    /// or the same as newline-delimited JSON. Both are also accepted as CSV. The whole batch is stored, or nothing, and
    /// then the error lists up to 100 invalid points. Newline-delimited JSON may have any length and is stored in parts
    /// of 20,000 lines, 1,000 runs, 8 MiB or 10 seconds, whichever comes first. If such a stream ends with an error,
    /// for example because its token was revoked, the error counts what was stored before. Any other request has at
    /// most 1,000 runs (points that share issue_time, metric, location and stage), and is otherwise refused with 413.
    /// Nothing is overwritten: a new issue_time is a new issue, the same issue with another value is a new revision,
    /// and a repeated value counts as unchanged. `null` as a value withdraws the value of the issue at that time: later
    /// reads omit it, but reads with `as_of` before the withdrawal return it. An issue_time may be five minutes ahead
    /// of the server's clock (`limits.issue_ahead_seconds`). Needs: worker.
    #[oai(path = "/predictions", method = "post", operation_id = "post_predictions")]
    async fn post(
        &self,
        auth: WorkerAuth,
        /// Treatment of gaps (`null`, NaN and empty cells of CSV). `skip` skips them. `withdraw` withdraws the stored
        /// values at their times and skips the others. If absent, `null` withdraws the stored value and is an error
        /// where there is none; NaN and empty cells are always errors.
        gaps: Query<Option<GapsParameter>>,
        body: Posted,
    ) -> Find<Plain<PredictionCounts>> {
        let gaps = asked_gaps(gaps.0);
        let counts = match body {
            Posted::Json(body) => prediction::post(&self.0, &auth.0, body.0, gaps).await?,
            Posted::Csv(CsvBody(posted, lines)) => {
                let stored = prediction::post(&self.0, &auth.0, posted, gaps).await;
                stored.map_err(|error| lines.name(error))?
            }
            Posted::Lines(lines) => lines::keep(&self.0, lines, gaps).await?,
        };
        Ok(Plain(counts))
    }

    /// Withdraw predictions
    ///
    /// Withdraws the predictions of one issue of a job. Later reads return what they would return without them, such as
    /// the previous issue. Reads with `as_of` before the withdrawal still return them. Values that are withdrawn
    /// already count as unchanged, so the call is safe to retry. About 2,000 values are withdrawn at the same instant.
    /// More follow in steps, series by series, so that others can write in between. The call works for a deleted job as
    /// long as its predictions are stored. Needs: worker.
    #[oai(path = "/predictions", method = "delete", operation_id = "withdraw_predictions")]
    async fn withdraw(
        &self,
        auth: Auth,
        /// The job of the predictions.
        job_id: Query<Uuid>,
        /// The issue to withdraw.
        issue_time: Query<Timestamp>,
        /// Withdraw only this metric. The default is `all`.
        metric: Query<Option<String>>,
        /// Withdraw only this stage. The default is all stages.
        stage: Query<Option<String>>,
        /// Withdraw only this track: `main` (the default), `shadow` or `all`.
        track: Query<Option<Tracks>>,
    ) -> Find<Plain<Counts>> {
        let asked = Withdrawal {
            job_id: job_id.0,
            issue_time: issue_time.0,
            metric: metric.0.filter(|metric| metric != ALL_METRICS),
            stage: stage.0,
            tracks: track.0.unwrap_or_default(),
        };
        let counts = prediction::withdraw(&self.0, &auth.0, asked).await?;
        Ok(Plain(counts))
    }

    /// Get predictions
    ///
    /// Returns the newest issue for each metric, source, stage, location, job and valid_time in the window, in that
    /// order. Two jobs of one source for one location are separate. Predictions of versions on trial are returned only
    /// with `track=shadow` or `track=all`.
    /// `as_of`, `min_lead`, `max_lead` and `issue_time` filter the issues before the newest is selected. `issues=all`
    /// returns all remaining issues, each in its newest revision. `spread` adds quantiles and members, and `exceeds` or
    /// `below` the probability of a threshold, where the model predicts them. `Link` leads to the next page. All pages show the
    /// moment of the first page; predictions that arrive later are in none of them. `format=csv`, or
    /// `Accept: text/csv`, returns CSV. Needs: any token of the organisation.
    #[oai(path = "/predictions", method = "get", operation_id = "list_predictions")]
    #[expect(clippy::too_many_arguments, reason = "each is a query parameter")]
    async fn list(
        &self,
        auth: Auth,
        session: Session,
        accepted: Accepted,
        /// The metric, or `all`.
        metric: Query<String>,
        /// The location of the predictions. Either this or `job_id` is required.
        location_id: Query<Option<Uuid>>,
        /// The job of the predictions, instead of `location_id`. With `max_points` the parameter may be repeated, up to
        /// 100 times.
        job_id: Query<Option<Vec<Uuid>>>,
        /// Filter by stage.
        stage: Query<Option<String>>,
        /// Filter by source, by name or id.
        source: Query<Option<String>>,
        /// Filter by source version, by label or id.
        source_version: Query<Option<String>>,
        /// The predictions of the model (`main`, the default), those of versions on trial (`shadow`), or `all`.
        track: Query<Option<Tracks>>,
        /// The start of the window of valid times (inclusive). The default is now.
        from: Query<Option<Timestamp>>,
        /// The end of the window (exclusive). The default is 24 hours after its start.
        to: Query<Option<Timestamp>>,
        /// Return what was known at this time.
        as_of: Query<Option<Timestamp>>,
        /// The minimum lead time (valid_time - issue_time): an ISO 8601 duration, or seconds.
        min_lead: Query<Option<Duration>>,
        /// The maximum lead time: an ISO 8601 duration, or seconds.
        max_lead: Query<Option<Duration>>,
        /// Return only this issue.
        issue_time: Query<Option<Timestamp>>,
        /// The newest issue of each valid_time (`latest`, the default), or `all`.
        issues: Query<Option<IssuesParameter>>,
        /// One object for each value (`rows`, the default), or one for each series with its values in columns
        /// (`series`).
        shape: Query<Option<Shape>>,
        /// JSON or CSV. By default, `Accept` decides.
        format: Query<Option<Format>>,
        /// Returns the quantiles and members beside each value: `all`, `members`, or the quantiles of these levels, such as
        /// `0.1,0.9`.
        spread: Query<Option<Selection>>,
        /// Returns the probability of a value greater than this threshold, from the quantiles or members.
        exceeds: Query<Option<f64>>,
        /// Returns the probability of a value less than this threshold.
        below: Query<Option<f64>>,
        /// For CSV: `formulas` puts an apostrophe before texts that a spreadsheet would run as formulas.
        guard: Query<Option<Guard>>,
        /// For CSV: starts with a byte order mark, so that Excel recognises UTF-8.
        bom: Query<Option<bool>>,
        /// Thins each series to at most this number of values, for a chart. It keeps the minimum and the maximum of
        /// equal intervals, the first and the last value. For `shape=series`. The whole window is returned, without
        /// `limit`.
        #[oai(validator(minimum(value = "10"), maximum(value = "10000")))]
        max_points: Query<Option<u64>>,
        /// The maximum number of rows (values, for series) of a page, 1 to 10,000, or `all` for all rows of the window
        /// (up to 1,000,000 values, for series). The default is 1,000, and `all` for CSV.
        limit: Query<Option<RowLimit>>,
        /// The start of the page, from the `Link` header of the previous page.
        cursor: Query<Option<String>>,
    ) -> Find<Table<Prediction, Vec<PredictionSeries>>> {
        let form = form(&accepted, format.0, shape.0)?;
        let dialect = dialect(form, guard.0, bom.0)?;
        let thin = thinning(max_points.0, form, cursor.0.as_deref())?;
        let amount = Amount::of(limit.0, form);
        let cursor: Option<PredictionCursor> = cursor.0.as_deref().map(decode).transpose()?;
        // Later pages have the window and the `as_of` of the first page, because the default window moves with the
        // clock.
        let before = cursor.as_ref();
        let asked = AskedWindow {
            from: from.0.or(before.map(|cursor| cursor.from)),
            to: to.0.or(before.map(|cursor| cursor.to)),
        };
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
        let tracks = track.0.unwrap_or_default();
        let jobs = job_id.0.unwrap_or_default();
        let scopes = scopes(location_id.0.as_slice(), &jobs)?;
        if scopes.len() > 1 && thin.is_none() {
            let detail =
                "is given more than once, which is for shape=series with max_points: send a request for each job";
            return Err(Error::bad_parameter("job_id", detail).into());
        }
        let file = file_name(&metric.0, location_id.0.or(jobs.first().copied()));
        let query = PredictionQuery {
            metric: Some(metric.0).filter(|metric| metric != ALL_METRICS),
            scope: scopes[0],
            stage: stage.0,
            source: source.0,
            source_version: source_version.0,
            tracks,
            as_of: as_of.0.or(before.and_then(|cursor| cursor.as_of)),
            leads,
            issue_time: issue_time.0,
            issues,
            after: cursor.map(|cursor| cursor.after),
            limit: amount.rows(),
            spread: spread::wanted(spread.0, exceeds.0, below.0)?,
        };
        if let Some(max) = thin {
            let series = prediction::list_thinned(&self.0, &auth.0, asked, query, scopes, max).await?;
            return Ok(Table::series(&series));
        }
        let with_track = tracks != Tracks::Main;
        if amount == Amount::Whole {
            let app = self.0.clone();
            let pages = WholeWindow {
                app,
                session,
                asked,
                query,
            };
            let body = whole_body(pages, form, dialect, with_track).await?;
            return Ok(Table::whole(form, body, file));
        }
        let (mut found, Window { from, to }) = prediction::list(&self.0, &auth.0, asked, query).await?;
        let as_of = found.as_of;
        let next = found
            .last
            .take()
            .map(|after| encode(&PredictionCursor { after, from, to, as_of }));
        Ok(Table {
            form,
            body: body(found, form, dialect, issues == Issues::All, with_track),
            file,
            next,
            of: PhantomData,
        })
    }
}

/// Returns the name of the CSV file with predictions. It has only letters, digits, dashes and underscores.
fn file_name(metric: &str, id: Option<Uuid>) -> String {
    let is_safe = |c: char| c.is_ascii_alphanumeric() || c == '-';
    let safe = |c| if is_safe(c) { c } else { '_' };
    let metric: String = metric.chars().take(60).map(safe).collect();
    let id = id.map(|id| format!("-{id}"));
    format!("predictions-{metric}{}", id.unwrap_or_default())
}
