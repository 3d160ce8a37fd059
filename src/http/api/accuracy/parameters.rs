//! Turns the parameters of a request into a query, or names every bad one.

use uuid::Uuid;

use super::choices::{LateParameter, MatchParameter, ScoredIssues, TruthParameter};
use crate::domain::{
    AskedWindow, Duration, Error, Result, Timestamp, Violation,
    comparison::Comparison,
    prediction::{Issues, PredictionScope},
    track::Tracks,
    verification::{AccuracyQuery, By, Calendar, LeadEdges, Matching, Reference, TruthKind},
};

/// The most jobs or locations, and the most thresholds, of one request.
const MOST: usize = 100;

/// The parameters that select predictions.
#[derive(Default)]
pub struct Selection {
    pub metric: String,
    pub jobs: Option<Vec<Uuid>>,
    pub locations: Option<Vec<Uuid>>,
    pub sources: Option<Vec<String>>,
    pub source_versions: Option<Vec<String>>,
    pub stage: Option<String>,
    pub tracks: Option<Tracks>,
    pub from: Option<Timestamp>,
    pub to: Option<Timestamp>,
    pub as_of: Option<Timestamp>,
}

/// All parameters, as given.
#[derive(Default)]
pub struct Parameters {
    pub selection: Selection,
    pub lead_edges: Option<String>,
    pub issues: Option<ScoredIssues>,
    pub by: Option<Vec<By>>,
    pub tz: Option<String>,
    pub truth: Option<TruthParameter>,
    pub sensor_id: Option<Uuid>,
    pub truth_source: Option<String>,
    pub reference: Option<String>,
    pub common: Option<bool>,
    pub thresholds: Option<Vec<f64>>,
    pub event: Option<Comparison>,
    pub classes: Option<bool>,
    pub revision: Option<bool>,
    pub late: Option<LateParameter>,
    pub matching: Option<MatchParameter>,
    pub tolerance: Option<Duration>,
    pub min_coverage: Option<f64>,
    pub min_pairs: Option<u64>,
    pub pool: Option<bool>,
    pub limit: usize,
}

impl Parameters {
    /// Returns the query.
    ///
    /// # Errors
    /// Bad parameter, with every bad one.
    pub fn check(self) -> Result<AccuracyQuery> {
        let mut bad: Vec<Violation> = Vec::new();
        let mut refuse = |name: &str, detail: String| bad.push(Violation::of_parameter(name, detail));
        let edges = match self.lead_edges.as_deref().map(LeadEdges::parse) {
            None => LeadEdges::default(),
            Some(Ok(edges)) => edges,
            Some(Err(detail)) => {
                refuse("lead_edges", detail);
                LeadEdges::default()
            }
        };
        let zone = self.tz.as_deref().unwrap_or("UTC");
        let calendar = Calendar::of(zone);
        if calendar.is_none() {
            refuse("tz", "is no time zone: give a name such as Europe/Berlin".to_owned());
        }
        let matching = match (self.matching, self.tolerance) {
            (Some(MatchParameter::Nearest), Some(tolerance)) if tolerance.micros() >= 0 => {
                Matching::Nearest(tolerance.micros())
            }
            (Some(MatchParameter::Nearest), Some(_)) => {
                refuse("tolerance", "must not be negative".to_owned());
                Matching::Exact
            }
            (Some(MatchParameter::Nearest), None) => {
                refuse("tolerance", "is missing: match=nearest needs it".to_owned());
                Matching::Exact
            }
            (_, Some(_)) => {
                refuse("tolerance", "is for match=nearest only".to_owned());
                Matching::Exact
            }
            (_, None) => Matching::Exact,
        };
        let truth = match self.truth {
            Some(TruthParameter::Analysis) => TruthKind::Analysis,
            Some(TruthParameter::Readings) | None => TruthKind::Readings,
        };
        if truth == TruthKind::Analysis && self.sensor_id.is_some() {
            refuse("sensor_id", "is for truth=readings only".to_owned());
        }
        if truth == TruthKind::Readings && self.truth_source.is_some() {
            refuse("truth_source", "is for truth=analysis only".to_owned());
        }
        let thresholds = self.thresholds.unwrap_or_default();
        if thresholds.len() > MOST {
            refuse("threshold", format!("is given more than {MOST} times"));
        }
        if thresholds.iter().any(|threshold| !threshold.is_finite()) {
            refuse("threshold", "must be a finite number".to_owned());
        }
        if thresholds.is_empty() && self.event.is_some() {
            refuse("event", "needs a threshold".to_owned());
        }
        let scopes = scopes(&self.selection, &mut refuse);
        if let (Some(from), Some(to)) = (self.selection.from, self.selection.to)
            && to < from
        {
            refuse("to", format!("is before from, which is {from}"));
        }
        let (Some(calendar), true) = (calendar, bad.is_empty()) else {
            return Err(Error::BadParameter(bad));
        };
        let defaults = AccuracyQuery::of(self.selection.metric, scopes);
        Ok(AccuracyQuery {
            sources: self.selection.sources.unwrap_or_default(),
            source_versions: self.selection.source_versions.unwrap_or_default(),
            stage: self.selection.stage,
            tracks: self.selection.tracks.unwrap_or_default(),
            asked: AskedWindow {
                from: self.selection.from,
                to: self.selection.to,
            },
            edges,
            issues: match self.issues {
                Some(ScoredIssues::All) => Issues::All,
                Some(ScoredIssues::Newest | ScoredIssues::Latest) | None => Issues::Latest,
            },
            by: self.by.unwrap_or_default(),
            calendar,
            truth,
            sensor_id: self.sensor_id,
            truth_source: self.truth_source,
            reference: self.reference.map(|text| (Reference::parse(&text), text)),
            common: self.common == Some(true),
            thresholds,
            event: self.event.unwrap_or_default(),
            classes: self.classes == Some(true),
            revision: self.revision == Some(true),
            as_of: self.selection.as_of,
            without_late: matches!(self.late, Some(LateParameter::Exclude)),
            matching,
            min_coverage: self.min_coverage.unwrap_or(defaults.min_coverage),
            min_pairs: self.min_pairs.unwrap_or(defaults.min_pairs),
            pool: self.pool == Some(true),
            limit: self.limit,
            ..defaults
        })
    }
}

/// Returns the jobs or the locations whose predictions are selected. There are none if the sources select them.
fn scopes(selection: &Selection, refuse: &mut impl FnMut(&str, String)) -> Vec<PredictionScope> {
    let jobs = selection.jobs.iter().flatten().map(|id| PredictionScope::Job(*id));
    let locations = selection.locations.iter().flatten();
    let locations = locations.map(|id| PredictionScope::Location(*id));
    let scopes: Vec<_> = jobs.chain(locations).collect();
    if selection.jobs.is_some() && selection.locations.is_some() {
        refuse("location_id", "cannot be combined with job_id".to_owned());
    }
    if scopes.len() > MOST {
        let name = if selection.jobs.is_some() {
            "job_id"
        } else {
            "location_id"
        };
        refuse(name, format!("is given more than {MOST} times: split the request"));
    }
    if scopes.is_empty() && selection.sources.as_ref().is_none_or(Vec::is_empty) {
        refuse("job_id", "is missing: give it, location_id or source".to_owned());
    }
    scopes
}

/// Returns a name for a file with only letters, digits, dashes and underscores.
pub fn file_name(metric: &str) -> String {
    let safe = |c: char| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' };
    metric.chars().take(60).map(safe).collect()
}
