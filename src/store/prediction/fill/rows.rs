//! Operations on the rows that were found, and on their runs.

use crate::{
    domain::{
        Timestamp,
        prediction::{FoundPoint, FoundRun, IssueKey, Predictions},
    },
    store::prediction::{run::Run, series::SeriesRow},
};

/// Returns the sort key of a row: valid time, then issue.
pub fn in_order((issue, row): &(IssueKey, FoundPoint)) -> (Timestamp, IssueKey) {
    (row.valid_time, *issue)
}

/// Adds rows and their runs to `found`.
pub fn add(rows: impl IntoIterator<Item = FoundPoint>, mut runs: Vec<FoundRun>, found: &mut Predictions) {
    let (base, begin) = (found.runs.len(), found.rows.len());
    found.rows.extend(rows);
    let new = &mut found.rows[begin..];
    keep_used(&mut runs, new.iter_mut().map(|row| &mut row.run));
    new.iter_mut().for_each(|row| row.run += base);
    found.runs.append(&mut runs);
}

/// Drops the unused runs, and updates the indexes of the others in `used`.
pub fn keep_used<'a>(runs: &mut Vec<FoundRun>, used: impl Iterator<Item = &'a mut usize>) {
    let mut numbers = vec![None; runs.len()];
    let mut kept = Vec::new();
    for number in used {
        *number = *numbers[*number].get_or_insert_with(|| {
            kept.push(runs[*number].clone());
            kept.len() - 1
        });
    }
    *runs = kept;
}

/// Creates the run that is returned with its points.
pub fn found_run(series: &SeriesRow, run: &Run) -> FoundRun {
    FoundRun {
        series_id: series.id,
        series: series.series.clone(),
        issue: run.issue,
    }
}
