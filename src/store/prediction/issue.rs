//! Reads the revisions of one issue of a series.

use std::collections::BTreeMap;

use super::{
    run::{COLUMNS, Cost, Run, Window},
    series::SeriesId,
};
use crate::{
    domain::{Result, Timestamp, prediction::HeldPoint},
    store::engine::Connection,
};

/// The stored values of one issue of a series, after all its revisions.
pub struct Held {
    /// Point of each valid_time in its newest revision.
    pub values: BTreeMap<Timestamp, HeldPoint>,
    /// Number of the newest revision.
    pub revision: i64,
    /// Latest arrival of its revisions.
    pub available_at: Timestamp,
}

impl Held {
    /// Returns whether all values are withdrawn.
    pub fn is_withdrawn(&self) -> bool {
        self.values.values().all(|point| point.value.is_none())
    }
}

/// Returns the stored values of an issue. `None` if the issue has no runs. Points that expired at `cutoff` or before
/// are left out.
pub fn held(
    connection: &Connection,
    series: SeriesId,
    issue_time: Timestamp,
    cutoff: Option<Timestamp>,
) -> Result<Option<Held>> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM runs
            WHERE series_id = (SELECT id FROM series WHERE id = ?1 AND organisation_id = ?2)
            /*postgres AND organisation_id = ?2 */ AND issue_time = ?3
            ORDER BY revision"
    ))?;
    let runs = statement.query_map((series.id, series.organisation_id, issue_time), Run::read)?;
    let (window, cost) = (Window::any(issue_time), Cost::default());
    let mut held: Option<Held> = None;
    for run in runs {
        let run = run?;
        let held = held.get_or_insert_with(|| Held {
            values: BTreeMap::new(),
            revision: 0,
            available_at: run.issue.available_at,
        });
        held.revision = run.revision;
        held.available_at = held.available_at.max(run.issue.available_at);
        let spread = run.spread()?;
        for point in run.points(&window, cutoff, &cost)? {
            let point = point?;
            let spread = spread
                .as_ref()
                .map_or(&[] as &[f64], |spread| spread.at(point.valid_time));
            let held_point = HeldPoint {
                value: point.value,
                spread: spread.into(),
            };
            held.values.insert(point.valid_time, held_point);
        }
    }
    Ok(held)
}
