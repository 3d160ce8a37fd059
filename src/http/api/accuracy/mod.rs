//! Operations on the accuracy of predictions.

mod choices;
mod csv;
mod csv_cell;
mod csv_spread;
mod parameters;
mod whole_pairs;

use std::marker::PhantomData;

use poem_openapi::{OpenApi, param::Query};
use uuid::Uuid;

use super::tag::Tag;
use crate::{
    domain::{
        Duration, Timestamp,
        comparison::Comparison,
        row_limit::RowLimit,
        track::Tracks,
        verification::{Accuracy, AccuracyPair, By},
    },
    http::form::{
        answer::Find,
        auth::{Auth, Session},
        cursor::{decode, encode},
        layout::{Accepted, Form, Format, Guard, dialect, form},
        reply::bytes,
        table::Table,
        tagged::Tagged,
        whole::{Amount, whole},
    },
    service::{App, accuracy},
};
use choices::{LateParameter, MatchParameter, ScoredIssues, TruthParameter};
use parameters::{Parameters, Selection};
use whole_pairs::WholePairs;

/// Operations on the accuracy of predictions.
pub struct AccuracyApi(pub App);

#[OpenApi(prefix_path = "/api/v1", tag = "Tag::Accuracy")]
impl AccuracyApi {
    /// Get the accuracy of predictions
    ///
    /// Compares the predictions of a metric with what was measured, or with the analyses of a model. A row is of one source
    /// version and one range of lead times, and of one job and location unless `pool=true` adds them up. Versions are never
    /// added up. By default the newest issue of each valid_time and range counts. A score that is undefined, or too large
    /// for a number, is null. The truth is the sensor that the job binds to an input of the same metric, or the only sensor
    /// of the metric at the location. Needs: any token of the organisation.
    #[oai(path = "/accuracy", method = "get", operation_id = "get_accuracy")]
    #[expect(clippy::too_many_arguments, reason = "each is a query parameter")]
    async fn scores(
        &self,
        auth: Auth,
        accepted: Accepted,
        /// The metric.
        metric: Query<String>,
        /// The job of the predictions. The parameter may be repeated. One of `job_id`, `location_id` and `source` is
        /// required.
        job_id: Query<Option<Vec<Uuid>>>,
        /// The location of the predictions. The parameter may be repeated.
        location_id: Query<Option<Vec<Uuid>>>,
        /// The source, by name or id. The parameter may be repeated. Without `job_id` and `location_id`
        /// it selects all predictions of the sources.
        source: Query<Option<Vec<String>>>,
        /// Filter by source version, by label or id. The parameter may be repeated.
        source_version: Query<Option<Vec<String>>>,
        /// Filter by stage.
        stage: Query<Option<String>>,
        /// The predictions of the model (`main`, the default), those of versions on trial (`shadow`), or `all`.
        track: Query<Option<Tracks>>,
        /// The start of the window of valid times (inclusive). The default is 30 days before its end.
        from: Query<Option<Timestamp>>,
        /// The end of the window (exclusive). The default is now.
        to: Query<Option<Timestamp>>,
        /// The edges of the ranges of lead times, ascending and separated by commas: ISO 8601 durations, or seconds. A range
        /// includes its lower edge. The default is PT0S,PT6H,PT12H,P1D,P2D,P3D,P5D,P7D,P10D,P15D.
        lead_edges: Query<Option<String>>,
        /// The newest issue of each valid_time and range (`newest`, the default, or `latest`), or `all`.
        issues: Query<Option<ScoredIssues>>,
        /// Splits the rows further. The parameter may be repeated. `location` and `job` are for `pool=true`, which adds up
        /// the others.
        by: Query<Option<Vec<By>>>,
        /// The time zone of `by` and of the days that are compared with the reference: a name such as Europe/Berlin. The
        /// default is UTC.
        tz: Query<Option<String>>,
        /// The truth that predictions are compared with: `readings` (the default) or `analysis`.
        truth: Query<Option<TruthParameter>>,
        /// The sensor whose readings are the truth, if several measure the metric.
        sensor_id: Query<Option<Uuid>>,
        /// With `truth=analysis`, the source of the analyses, by name or id. The default is the source of the predictions.
        truth_source: Query<Option<String>>,
        /// A reference that is compared on the same pairs: `persistence` (the last measurement at the issue time), `daily` (the same
        /// time of the last day known then), `climatology` (the mean of the window at the same hour), or a source version
        /// such as `outlook@1.0.0`.
        reference: Query<Option<String>>,
        /// Only valid times that all rows of a range and location have, so that their scores can be compared.
        common: Query<Option<bool>>,
        /// Counts how often the value was predicted and measured to be an event. The parameter may be repeated.
        threshold: Query<Option<Vec<f64>>>,
        /// The comparison with a `threshold` that makes an event: `ge` (the default), `gt`, `le` or `lt`.
        event: Query<Option<Comparison>>,
        /// Counts the classes of the output role that were predicted and measured.
        classes: Query<Option<bool>>,
        /// Measures how much successive issues of a valid_time changed.
        revision: Query<Option<bool>>,
        /// Predictions and readings as known at this time.
        as_of: Query<Option<Timestamp>>,
        /// Predictions that arrived after their valid_time: `include` (the default) or `exclude`.
        late: Query<Option<LateParameter>>,
        /// The measurement of a valid_time: `exact` (the default) or `nearest`.
        #[oai(name = "match")]
        matching: Query<Option<MatchParameter>>,
        /// The distance that the nearest measurement may have: an ISO 8601 duration, or seconds. Needed with `match=nearest`.
        tolerance: Query<Option<Duration>>,
        /// For values that stand for an interval: the part of its expected measurements that must be there. The default is
        /// 0.75.
        #[oai(validator(minimum(value = "0"), maximum(value = "1")))]
        min_coverage: Query<Option<f64>>,
        /// The number of pairs below which scores are null. The default is 1.
        #[oai(validator(minimum(value = "1")))]
        min_pairs: Query<Option<u64>>,
        /// Adds up the pairs of all jobs and locations. If their predictions have several sets of quantiles, the levels are
        /// scored that all of them have.
        pool: Query<Option<bool>>,
        /// JSON or CSV. By default, `Accept` decides.
        format: Query<Option<Format>>,
        /// For CSV: `formulas` puts an apostrophe before texts that a spreadsheet would run as formulas.
        guard: Query<Option<Guard>>,
        /// For CSV: starts with a byte order mark, so that Excel recognises UTF-8.
        bom: Query<Option<bool>>,
        /// The maximum number of rows of a page, 1 to 10,000, or `all`. The default is 1,000, and `all` for CSV.
        limit: Query<Option<RowLimit>>,
        /// The start of the page, from the `Link` header of the previous page.
        cursor: Query<Option<String>>,
    ) -> Find<Tagged<Accuracy, Vec<Accuracy>>> {
        let layout = form(&accepted, format.0, None)?;
        let dialect = dialect(layout, guard.0, bom.0)?;
        let after: Option<crate::domain::verification::AccuracyCursor> = cursor.0.as_deref().map(decode).transpose()?;
        let query = Parameters {
            selection: Selection {
                metric: metric.0,
                jobs: job_id.0,
                locations: location_id.0,
                sources: source.0,
                source_versions: source_version.0,
                stage: stage.0,
                tracks: track.0,
                from: from.0.or(after.as_ref().map(|after| after.from)),
                to: to.0.or(after.as_ref().map(|after| after.to)),
                as_of: as_of.0,
            },
            lead_edges: lead_edges.0,
            issues: issues.0,
            by: by.0,
            tz: tz.0,
            truth: truth.0,
            sensor_id: sensor_id.0,
            truth_source: truth_source.0,
            reference: reference.0,
            common: common.0,
            thresholds: threshold.0,
            event: event.0,
            classes: classes.0,
            revision: revision.0,
            late: late.0,
            matching: matching.0,
            tolerance: tolerance.0,
            min_coverage: min_coverage.0,
            min_pairs: min_pairs.0,
            pool: pool.0,
            limit: Amount::of_computed(limit.0, layout),
        };
        let query = query.check()?;
        let file = format!("accuracy-{}", parameters::file_name(&query.metric));
        let (found, next) = accuracy::scores(&self.0, &auth.0, query, after).await?;
        let body = match layout {
            Form::Csv => csv::scores(&found, dialect),
            Form::Rows | Form::Series => bytes(&found),
        };
        Ok(Tagged::new(body, |body| Table {
            form: layout,
            body,
            file,
            next: next.as_ref().map(encode),
            of: PhantomData,
        }))
    }

    /// Get pairs of predictions and measurements
    ///
    /// Returns the pairs that the scores of `GET /api/v1/accuracy` are computed from, for scores of one's own: one row for
    /// each, ordered by series, valid_time and issue_time. The parameters select the same. Needs: any token of the
    /// organisation.
    #[oai(path = "/accuracy/pairs", method = "get", operation_id = "list_accuracy_pairs")]
    #[expect(clippy::too_many_arguments, reason = "each is a query parameter")]
    async fn pairs(
        &self,
        auth: Auth,
        session: Session,
        accepted: Accepted,
        /// The metric.
        metric: Query<String>,
        /// The job of the predictions. The parameter may be repeated. One of `job_id`, `location_id` and `source` is
        /// required.
        job_id: Query<Option<Vec<Uuid>>>,
        /// The location of the predictions. The parameter may be repeated.
        location_id: Query<Option<Vec<Uuid>>>,
        /// The source, by name or id. The parameter may be repeated. Without `job_id` and `location_id`
        /// it selects all predictions of the sources.
        source: Query<Option<Vec<String>>>,
        /// Filter by source version, by label or id. The parameter may be repeated.
        source_version: Query<Option<Vec<String>>>,
        /// Filter by stage.
        stage: Query<Option<String>>,
        /// The predictions of the model (`main`, the default), those of versions on trial (`shadow`), or `all`.
        track: Query<Option<Tracks>>,
        /// The start of the window of valid times (inclusive). The default is 30 days before its end.
        from: Query<Option<Timestamp>>,
        /// The end of the window (exclusive). The default is now.
        to: Query<Option<Timestamp>>,
        /// The edges of the ranges of lead times, as in `GET /api/v1/accuracy`. A valid_time has a pair in each range.
        lead_edges: Query<Option<String>>,
        /// The newest issue of each valid_time and range (`newest`, the default, or `latest`), or `all`.
        issues: Query<Option<ScoredIssues>>,
        /// The truth that predictions are compared with: `readings` (the default) or `analysis`.
        truth: Query<Option<TruthParameter>>,
        /// The sensor whose readings are the truth, if several measure the metric.
        sensor_id: Query<Option<Uuid>>,
        /// With `truth=analysis`, the source of the analyses, by name or id.
        truth_source: Query<Option<String>>,
        /// Adds the prediction of a reference to each pair, and drops pairs without one.
        reference: Query<Option<String>>,
        /// Only valid times that all series of a range and location have.
        common: Query<Option<bool>>,
        /// Predictions and readings as known at this time.
        as_of: Query<Option<Timestamp>>,
        /// Predictions that arrived after their valid_time: `include` (the default) or `exclude`.
        late: Query<Option<LateParameter>>,
        /// The measurement of a valid_time: `exact` (the default) or `nearest`.
        #[oai(name = "match")]
        matching: Query<Option<MatchParameter>>,
        /// The distance that the nearest measurement may have. Needed with `match=nearest`.
        tolerance: Query<Option<Duration>>,
        /// For values that stand for an interval: the part of its expected measurements that must be there.
        #[oai(validator(minimum(value = "0"), maximum(value = "1")))]
        min_coverage: Query<Option<f64>>,
        /// JSON or CSV. By default, `Accept` decides.
        format: Query<Option<Format>>,
        /// For CSV: `formulas` puts an apostrophe before texts that a spreadsheet would run as formulas.
        guard: Query<Option<Guard>>,
        /// For CSV: starts with a byte order mark, so that Excel recognises UTF-8.
        bom: Query<Option<bool>>,
        /// The maximum number of rows of a page, 1 to 10,000, or `all`. The default is 1,000, and `all` for CSV.
        limit: Query<Option<RowLimit>>,
        /// The start of the page, from the `Link` header of the previous page.
        cursor: Query<Option<String>>,
    ) -> Find<Table<AccuracyPair, Vec<AccuracyPair>>> {
        let layout = form(&accepted, format.0, None)?;
        let dialect = dialect(layout, guard.0, bom.0)?;
        let amount = Amount::of(limit.0, layout);
        let after: Option<crate::domain::verification::PairsCursor> = cursor.0.as_deref().map(decode).transpose()?;
        let query = Parameters {
            selection: Selection {
                metric: metric.0,
                jobs: job_id.0,
                locations: location_id.0,
                sources: source.0,
                source_versions: source_version.0,
                stage: stage.0,
                tracks: track.0,
                from: from.0.or(after.as_ref().map(|after| after.from)),
                to: to.0.or(after.as_ref().map(|after| after.to)),
                as_of: as_of.0,
            },
            lead_edges: lead_edges.0,
            issues: issues.0,
            truth: truth.0,
            sensor_id: sensor_id.0,
            truth_source: truth_source.0,
            reference: reference.0,
            common: common.0,
            late: late.0,
            matching: matching.0,
            tolerance: tolerance.0,
            min_coverage: min_coverage.0,
            limit: amount.rows(),
            ..Parameters::default()
        };
        let query = query.check()?;
        let file = format!("pairs-{}", parameters::file_name(&query.metric));
        if amount == Amount::Whole {
            let pages = WholePairs {
                app: self.0.clone(),
                session,
                query,
                after,
                dialect: (layout == Form::Csv).then_some(dialect),
                is_first: true,
            };
            return Ok(Table::whole(layout, whole(pages).await?, file));
        }
        let (found, next) = accuracy::pairs(&self.0, &auth.0, query, after).await?;
        Ok(Table {
            form: layout,
            body: match layout {
                Form::Csv => csv::pairs(&found, dialect, true).into(),
                Form::Rows | Form::Series => bytes(&found).into(),
            },
            file,
            next: next.as_ref().map(encode),
            of: PhantomData,
        })
    }
}
