//! Columns of scores of quantiles and members, which CSV has if any row has them.

use serde_json::Value;

use super::csv_cell::text;
use crate::{
    domain::verification::{Accuracy, Contingency},
    http::form::layout::Dialect,
};

/// Scores of a row as a whole.
const WHOLE: [&str; 4] = ["wis", "crps", "crps_fair", "spread"];

/// Columns of the scores of quantiles and members.
pub struct SpreadColumns {
    levels: Vec<f64>,
    intervals: Vec<(f64, f64)>,
    is_any: bool,
}

impl SpreadColumns {
    /// Returns the columns that the rows need.
    pub fn of(rows: &[Accuracy]) -> Self {
        let mut levels: Vec<_> = rows
            .iter()
            .flat_map(|row| &row.quantiles)
            .map(|score| score.level)
            .collect();
        levels.sort_by(f64::total_cmp);
        levels.dedup();
        let mut intervals: Vec<(f64, f64)> = Vec::new();
        for score in rows.iter().flat_map(|row| &row.intervals) {
            let bounds = (score.lower, score.upper);
            if !intervals.contains(&bounds) {
                intervals.push(bounds);
            }
        }
        Self {
            levels,
            intervals,
            is_any: rows.iter().any(|row| row.wis.is_some() || row.crps.is_some()),
        }
    }

    /// Returns the names of the columns. Those of events begin with the relation and the threshold.
    pub fn names(&self, events: &[&Contingency]) -> Vec<String> {
        if !self.is_any {
            return Vec::new();
        }
        let mut names: Vec<_> = WHOLE.map(str::to_owned).into();
        for level in &self.levels {
            names.extend(["pinball", "share_below"].map(|score| format!("q{level}_{score}")));
        }
        for (lower, upper) in &self.intervals {
            let of = |score| format!("q{lower}_q{upper}_{score}");
            names.extend(["coverage", "width", "interval_score"].map(of));
        }
        for event in events {
            let of = |score| format!("{}_{}_{score}", event.event.as_str(), event.threshold);
            names.extend(["brier", "brier_reference"].map(of));
        }
        names
    }

    /// Returns the cells of a row.
    pub fn cells(&self, row: &Accuracy, events: usize, dialect: Dialect) -> Vec<String> {
        if !self.is_any {
            return Vec::new();
        }
        let mut scores = vec![row.wis, row.crps, row.crps_fair, row.spread];
        for level in &self.levels {
            let found = row.quantiles.iter().find(|score| score.level == *level);
            scores.extend([
                found.and_then(|score| score.pinball),
                found.map(|score| score.share_below),
            ]);
        }
        for bounds in &self.intervals {
            let found = row.intervals.iter().find(|score| (score.lower, score.upper) == *bounds);
            scores.push(found.map(|score| score.coverage));
            scores.push(found.and_then(|score| score.width));
            scores.push(found.and_then(|score| score.interval_score));
        }
        for index in 0..events {
            let event = row.events.get(index);
            scores.push(event.and_then(|event| event.brier));
            scores.push(event.and_then(|event| event.brier_reference));
        }
        let cell = |score: Option<f64>| text(score.map(Value::from).as_ref(), dialect);
        scores.into_iter().map(cell).collect()
    }
}
