//! Reads the quantiles and members of rows that were found. They are read only if a request asks for them, so that other
//! reads decode nothing more than values.

use std::{cmp::Reverse, collections::HashMap};

use uuid::Uuid;

use super::run::{COLUMNS, Run, RunSpread};
use crate::{
    domain::{
        Result, Timestamp,
        prediction::{Issue, Predictions},
        spread::{Spread, Wanted},
    },
    store::{
        engine::Connection,
        set::{self, Texts},
    },
};

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
    let with_spread = found.runs.iter().filter(|run| run.series.spread.is_some());
    let spreads = Spreads::read(
        connection,
        with_spread
            .map(|run| (run.series_id, run.series.organisation_id, run.issue))
            .collect(),
    )?;
    for row in &found.rows {
        let run = &found.runs[row.run];
        let numbers = spreads.find(run.series_id, run.issue, row.valid_time);
        found.spreads.push(numbers.unwrap_or_default());
    }
    Ok(())
}

/// The number of a series, an issue, and the arrival of a revision.
type Key = (i64, Timestamp, Timestamp);

/// The quantiles and members of some runs. Revisions that arrived at once are together, newest first.
pub struct Spreads(HashMap<Key, Vec<(i64, RunSpread)>>);

static READ: Texts = Texts::new();

impl Spreads {
    /// Reads the numbers of runs, each given by the number of its series, its organisation and its issue. Runs may be
    /// repeated.
    ///
    /// # Errors
    /// `Internal` if a payload is damaged; the message names the run.
    pub fn read(connection: &Connection, mut runs: Vec<(i64, Uuid, Issue)>) -> Result<Self> {
        runs.sort_unstable_by_key(|(series, _, issue)| (*series, issue.issue_time, issue.available_at));
        runs.dedup();
        let mut found: HashMap<Key, Vec<(i64, RunSpread)>> = HashMap::new();
        let mut fault = None;
        let piece = format!(
            "SELECT {COLUMNS} FROM runs WHERE series_id = (SELECT id FROM series WHERE id = ?1 AND organisation_id = ?2)
                /*postgres AND organisation_id = ?2 */ AND issue_time = ?3 AND available_at = ?4"
        );
        set::read_each(
            connection,
            &READ,
            &piece,
            &runs,
            |(series, organisation, issue)| [series, organisation, &issue.issue_time, &issue.available_at],
            |row| {
                let run = Run::read(row)?;
                match run.spread() {
                    Ok(Some(spread)) => {
                        let key = (run.series_id, run.issue.issue_time, run.issue.available_at);
                        found.entry(key).or_default().push((run.revision, spread));
                    }
                    Ok(None) => {}
                    Err(error) => fault = Some(error),
                }
                Ok(())
            },
        )?;
        if let Some(fault) = fault {
            return Err(fault);
        }
        for revisions in found.values_mut() {
            revisions.sort_by_key(|(revision, _)| Reverse(*revision));
        }
        Ok(Self(found))
    }

    /// Returns the numbers of a point. `None` if it has none.
    pub fn find(&self, series_id: i64, issue: Issue, valid_time: Timestamp) -> Option<&[f64]> {
        let revisions = self.0.get(&(series_id, issue.issue_time, issue.available_at))?;
        revisions.iter().find_map(|(_, spread)| spread.find(valid_time))
    }
}
