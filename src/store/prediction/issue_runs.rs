//! Reads the runs of one issue of each of many series.

use std::{
    collections::HashMap,
    ops::ControlFlow::{self, Break, Continue},
};

use super::{
    run::{COLUMNS, Run, Window},
    runs::{IN_WINDOW, InWindow, Order, Runs, in_window},
    series::SeriesRow,
};
use crate::{
    domain::Result,
    store::{
        engine::Connection,
        set::{self, Texts},
    },
};

/// The runs of one issue of each of many series, all in memory: an issue mostly has a run, and its payload takes less than
/// the points that are returned of it.
pub struct IssueRuns(HashMap<i64, Vec<Run>>);

static FIND: Texts = Texts::new();

impl IssueRuns {
    /// Reads the runs of each series in its window, which is one issue.
    pub fn read<'a>(connection: &Connection, wanted: impl Iterator<Item = (&'a SeriesRow, Window)>) -> Result<Self> {
        let wanted: Vec<InWindow> = wanted.map(|(series, window)| in_window(series, &window)).collect();
        let mut found: HashMap<_, Vec<_>> = HashMap::with_capacity(wanted.len());
        let piece = format!("SELECT {COLUMNS} FROM runs WHERE {IN_WINDOW}");
        set::read_each(
            connection,
            &FIND,
            &piece,
            &wanted,
            |(id, earliest, latest, from, to, as_of, cutoff, organisation)| {
                [id, earliest, latest, from, to, as_of, cutoff, organisation]
            },
            |row| {
                let run = Run::read(row)?;
                found.entry(run.series_id).or_default().push(run);
                Ok(())
            },
        )?;
        for runs in found.values_mut() {
            runs.sort_unstable_by_key(|run| (run.issue.issue_time, run.revision));
        }
        Ok(Self(found))
    }
}

impl Runs for IssueRuns {
    fn visit(
        &self,
        series: &SeriesRow,
        _: &Window,
        order: Order,
        mut visit: impl FnMut(&Run) -> Result<ControlFlow<()>>,
    ) -> Result<ControlFlow<()>> {
        let runs = self.0.get(&series.id).map(Vec::as_slice).unwrap_or_default();
        for number in 0..runs.len() {
            let run = match order {
                Order::OldestFirst => &runs[number],
                Order::NewestFirst => &runs[runs.len() - 1 - number],
            };
            if visit(run)?.is_break() {
                return Ok(Break(()));
            }
        }
        Ok(Continue(()))
    }
}
