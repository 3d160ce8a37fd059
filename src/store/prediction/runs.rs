//! Finds the runs of a series that may have points in a window.

use std::ops::ControlFlow::{self, Break, Continue};

use uuid::Uuid;

use super::{
    run::{COLUMNS, Run, Window},
    series::SeriesRow,
};
use crate::{
    domain::{Result, Timestamp},
    store::{
        engine::Connection,
        set::{self, Texts},
    },
};

/// The order in which runs are visited: by issue time, and by revision within an issue.
#[derive(Debug, Clone, Copy)]
pub enum Order {
    NewestFirst,
    OldestFirst,
}

const NEWEST_FIRST: &str = "issue_time DESC, revision DESC";

const OLDEST_FIRST: &str = "issue_time, revision";

/// A source of runs: the database, or runs that were read before.
pub trait Runs {
    /// Visits the series' runs that may have points in the window one by one, until `visit` breaks.
    fn visit(
        &self,
        series: &SeriesRow,
        window: &Window,
        order: Order,
        visit: impl FnMut(&Run) -> Result<ControlFlow<()>>,
    ) -> Result<ControlFlow<()>>;

    /// Visits the heads of the same runs, oldest first, until `visit` breaks.
    fn heads(&self, series: &SeriesRow, window: &Window, mut visit: impl FnMut(Head) -> ControlFlow<()>) -> Result<()> {
        let head = |run: &Run| Head {
            issue_time: run.issue.issue_time.micros(),
            available_at: run.issue.available_at.micros(),
            valid_from: run.valid_from.micros(),
            valid_to: run.valid_to.micros(),
        };
        let _ = self.visit(series, window, Order::OldestFirst, |run| Ok(visit(head(run))))?;
        Ok(())
    }
}

/// The times of a run, without its points, in microseconds since 1970.
pub struct Head {
    issue_time: i64,
    available_at: i64,
    valid_from: i64,
    valid_to: i64,
}

impl Runs for Connection {
    /// Reads the runs from the database. Only one run is in memory at a time.
    fn visit(
        &self,
        series: &SeriesRow,
        window: &Window,
        order: Order,
        mut visit: impl FnMut(&Run) -> Result<ControlFlow<()>>,
    ) -> Result<ControlFlow<()>> {
        let order = match order {
            Order::NewestFirst => NEWEST_FIRST,
            Order::OldestFirst => OLDEST_FIRST,
        };
        let sql = format!("SELECT {COLUMNS} FROM runs WHERE {IN_WINDOW} ORDER BY {order}");
        let mut statement = self.prepare_cached(&sql)?;
        let mut rows = statement.query(in_window(series, window))?;
        while let Some(row) = rows.next()? {
            if visit(&Run::read(&row)?)?.is_break() {
                return Ok(Break(()));
            }
        }
        Ok(Continue(()))
    }

    fn heads(&self, series: &SeriesRow, window: &Window, mut visit: impl FnMut(Head) -> ControlFlow<()>) -> Result<()> {
        let sql = format!(
            "SELECT issue_time, available_at, valid_from, valid_to FROM runs WHERE {IN_WINDOW} ORDER BY {OLDEST_FIRST}"
        );
        let mut statement = self.prepare_cached(&sql)?;
        let mut rows = statement.query(in_window(series, window))?;
        while let Some(row) = rows.next()? {
            let head = Head {
                issue_time: row.get(0)?,
                available_at: row.get(1)?,
                valid_from: row.get(2)?,
                valid_to: row.get(3)?,
            };
            if visit(head).is_break() {
                break;
            }
        }
        Ok(())
    }
}

/// Returns the first time in the window at which one of the series may have a point. `None` if there is no such time.
pub fn next_point(source: &impl Runs, group: &[SeriesRow], window: &Window) -> Result<Option<Timestamp>> {
    let (from, to) = (window.from.micros(), window.to.micros());
    let (least, most) = (window.leads.least.micros(), window.leads.most.micros());
    let mut best = to;
    for series in group {
        let cutoff = series.series.cutoff(window.now).map(Timestamp::micros);
        let shortest = least.max(series.shortest_lead);
        source.heads(series, window, |head| {
            // The remaining runs have later issue times, so their points begin after the time that is found already.
            if best <= from || head.issue_time.saturating_add(shortest) >= best {
                return Break(());
            }
            let mut begin = head.valid_from.max(from).max(head.issue_time.saturating_add(least));
            if let Some(cutoff) = cutoff.filter(|cutoff| head.available_at <= *cutoff) {
                begin = begin.max(cutoff.saturating_add(1));
            }
            if begin <= head.valid_to.min(head.issue_time.saturating_add(most)) {
                best = best.min(begin);
            }
            Continue(())
        })?;
    }
    Ok((best < to).then(|| Timestamp::from_micros(best)))
}

/// Reads the runs that `piece` selects for each of the windows, in no particular order, and calls `each` for each run.
/// `piece` is a SELECT with the parameters of [`IN_WINDOW`], whose texts for many windows are cached in `texts`.
pub fn read_runs(
    connection: &Connection,
    texts: &Texts,
    piece: &str,
    wanted: &[InWindow],
    mut each: impl FnMut(Run),
) -> Result<()> {
    set::read_each(
        connection,
        texts,
        piece,
        wanted,
        |(id, earliest, latest, from, to, as_of, cutoff, organisation)| {
            [id, earliest, latest, from, to, as_of, cutoff, organisation]
        },
        |row| {
            each(Run::read(row)?);
            Ok(())
        },
    )
}

/// Condition that selects the runs of a series that may have points in a window. [`in_window`] returns its parameters.
pub const IN_WINDOW: &str = "series_id = (SELECT id FROM series WHERE id = ?1 AND organisation_id = ?8)
    /*postgres AND organisation_id = ?8 */ AND issue_time BETWEEN ?2 AND ?3 AND valid_to >= ?4 AND valid_from < ?5
    AND available_at <= ?6 AND (valid_to > ?7 OR available_at > ?7)";

/// The parameters of [`IN_WINDOW`].
pub type InWindow = (i64, i64, i64, i64, i64, i64, i64, Uuid);

/// Returns the parameters of [`IN_WINDOW`] for a series and a window.
pub fn in_window(series: &SeriesRow, window: &Window) -> InWindow {
    let (from, to) = (window.from.micros(), window.to.micros());
    let (least, most) = (window.leads.least.micros(), window.leads.most.micros());
    let (mut earliest, mut latest) = (
        from.saturating_sub(most.min(series.longest_lead)),
        to.saturating_sub(least.max(series.shortest_lead)),
    );
    if let Some(issue) = window.issue_time {
        (earliest, latest) = (earliest.max(issue.micros()), latest.min(issue.micros()));
    }
    if let Some(since) = window.issued_since {
        earliest = earliest.max(since.micros());
    }
    let cutoff = series.series.cutoff(window.now).map_or(i64::MIN, Timestamp::micros);
    let as_of = window.as_of.map_or(i64::MAX, Timestamp::micros);
    let organisation_id = series.series.organisation_id;
    (series.id, earliest, latest, from, to, as_of, cutoff, organisation_id)
}
