//! Stores revisions of issues.

use super::{issue::Held, series::SeriesId};
use crate::{
    domain::{
        Result, Timestamp,
        prediction::{Issue, Point},
        spread::SpreadNumbers,
    },
    store::{
        engine::Transaction,
        payload,
        set::{self, Many},
    },
};

/// Revision of an issue that is about to be stored.
pub struct Revision {
    /// Issue time and arrival.
    pub issue: Issue,
    /// Number of the revision within its issue, from 1.
    number: i64,
    valid_from: Timestamp,
    /// Last valid_time.
    pub valid_to: Timestamp,
    count: i64,
    payload: Vec<u8>,
}

impl Revision {
    /// Creates the next revision of an issue from its new and changed points. `held` contains the stored values of the
    /// issue; `None` if nothing is stored yet. `spread` contains the quantiles or members of the points. Returns `None` if
    /// there are no points.
    pub fn next(held: Option<&Held>, issue: Issue, points: &[Point], spread: Option<&SpreadNumbers>) -> Option<Self> {
        let (first, last) = (points.first()?, points.last()?);
        Some(Self {
            issue: Issue {
                // Readers prefer the latest arrival. If the clock was set back, a correction must still count as later
                // than the revision that it corrects.
                available_at: held.map_or(issue.available_at, |held| issue.available_at.max(held.available_at)),
                ..issue
            },
            number: held.map_or(1, |held| held.revision + 1),
            valid_from: first.valid_time,
            valid_to: last.valid_time,
            count: i64::try_from(points.len()).unwrap_or(i64::MAX),
            payload: payload::encode(points, spread),
        })
    }

    /// Returns the lead times of the first and the last valid_time, in microseconds.
    pub fn leads(&self) -> (i64, i64) {
        let lead = |time: Timestamp| time.micros() - self.issue.issue_time.micros();
        (lead(self.valid_from), lead(self.valid_to))
    }
}

const TYPED: &str =
    "SELECT series_id, issue_time, revision, available_at, valid_from, valid_to, count, payload, post_id
    /*postgres , organisation_id */ FROM runs
    WHERE FALSE UNION ALL ";

const ROW: &str = "SELECT id, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10 /*postgres , organisation_id */ FROM series WHERE id = ?1 AND organisation_id = ?2";

static INSERT: Many = Many::insert(|count| {
    // An empty first SELECT gives the parameters of the rows their types.
    let typed = if count > 1 { TYPED } else { "" };
    let rows = set::repeated(ROW, 10, count, " UNION ALL ");
    format!(
        "INSERT INTO runs (series_id, issue_time, revision, available_at, valid_from, valid_to, count, payload,
            post_id /*postgres , organisation_id */) {typed}{rows}"
    )
});

/// Stores revisions of the series. `post_id` is the number of what their worker posted about its run.
pub fn insert(tx: &Transaction<'_>, runs: &[(SeriesId, Revision)], post_id: Option<i64>) -> Result<()> {
    INSERT.store(tx, runs, |(series, run)| {
        [
            &series.id,
            &series.organisation_id,
            &run.issue.issue_time,
            &run.number,
            &run.issue.available_at,
            &run.valid_from,
            &run.valid_to,
            &run.count,
            &run.payload,
            &post_id,
        ]
    })
}
