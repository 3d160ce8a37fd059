//! Reads the quantiles and members of rows that were found. They are read only if a request asks for them, so that other
//! reads decode nothing more than values.

use std::collections::HashMap;

use super::run::{COLUMNS, Run, RunSpread};
use crate::{
    domain::{
        Result, Timestamp,
        prediction::{FoundRun, Predictions},
        spread::{Spread, Wanted},
    },
    store::{
        engine::Connection,
        set::{self, Texts},
    },
};

/// The number of a series, an issue, and the arrival of a revision.
type Key = (i64, Timestamp, Timestamp);

static READ: Texts = Texts::new();

/// Adds the numbers that the request wants to the rows. `declared` contains the spreads of the series that it selects.
pub fn read(
    connection: &Connection,
    wanted: &Wanted,
    mut declared: Vec<Spread>,
    found: &mut Predictions,
) -> Result<()> {
    if !wanted.is_any() {
        return Ok(());
    }
    declared.dedup();
    found.spreads.wanted = wanted.clone();
    found.spreads.declared = declared;
    let runs = runs(connection, &found.runs)?;
    for row in &found.rows {
        let revisions = runs.get(&key(&found.runs[row.run]));
        let mut newest_first = revisions.into_iter().flatten();
        let numbers = newest_first.find_map(|(_, spread)| spread.find(row.valid_time));
        found.spreads.push(numbers.unwrap_or_default());
    }
    Ok(())
}

fn key(run: &FoundRun) -> Key {
    (run.series_id, run.issue.issue_time, run.issue.available_at)
}

/// Returns the numbers of those runs that have any. Revisions that arrived at once are together, newest first.
fn runs(connection: &Connection, found: &[FoundRun]) -> Result<HashMap<Key, Vec<(i64, RunSpread)>>> {
    let with_spread = found.iter().filter(|run| run.series.spread.is_some());
    let mut wanted: Vec<_> = with_spread
        .map(|run| {
            let (id, issue_time, available_at) = key(run);
            (id, run.series.organisation_id, issue_time, available_at)
        })
        .collect();
    wanted.sort_unstable();
    wanted.dedup();
    let mut runs: HashMap<Key, Vec<(i64, RunSpread)>> = HashMap::new();
    let mut fault = None;
    let piece = format!(
        "SELECT {COLUMNS} FROM runs WHERE series_id = (SELECT id FROM series WHERE id = ?1 AND organisation_id = ?2)
            /*postgres AND organisation_id = ?2 */ AND issue_time = ?3 AND available_at = ?4"
    );
    set::read_each(
        connection,
        &READ,
        &piece,
        &wanted,
        |(id, organisation, issue_time, available_at)| [id, organisation, issue_time, available_at],
        |row| {
            let run = Run::read(row)?;
            let key = (run.series_id, run.issue.issue_time, run.issue.available_at);
            match run.spread() {
                Ok(Some(spread)) => runs.entry(key).or_default().push((run.revision, spread)),
                Ok(None) => {}
                Err(error) => fault = Some(error),
            }
            Ok(())
        },
    )?;
    if let Some(fault) = fault {
        return Err(fault);
    }
    for revisions in runs.values_mut() {
        revisions.sort_by_key(|(revision, _)| std::cmp::Reverse(*revision));
    }
    Ok(runs)
}
