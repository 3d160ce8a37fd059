//! A run as it is kept, and which of its points still count.

use rusqlite::Row;

use super::{FromRow, payload};
use crate::domain::{Error, Result, Timestamp, prediction::Point};

/// Selects runs as [`Run`] reads them.
pub const SELECT: &str =
    "SELECT series_id, issue_time, available_at, revision, valid_to, expires_at, payload FROM runs";

/// One run of a series.
pub struct Run {
    /// The series that it is of.
    pub series_id: i64,
    /// When the model made it.
    pub issue_time: Timestamp,
    /// When it arrived.
    pub available_at: Timestamp,
    /// Its number among those of the same issue.
    pub revision: i64,
    valid_to: Timestamp,
    expires_at: Option<Timestamp>,
    payload: Vec<u8>,
}

impl FromRow for Run {
    fn from_row(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            series_id: row.get("series_id")?,
            issue_time: row.get("issue_time")?,
            available_at: row.get("available_at")?,
            revision: row.get("revision")?,
            valid_to: row.get("valid_to")?,
            expires_at: row.get("expires_at")?,
            payload: row.get("payload")?,
        })
    }
}

impl Run {
    /// The points that have not expired at `now`. Each expires by itself, the run with its last: otherwise a value that
    /// was corrected would come back once a shorter correction expires.
    ///
    /// # Errors
    /// The payload is damaged: names the run.
    pub fn points(&self, now: Timestamp) -> Result<Vec<Point>> {
        let mut points = payload::decode(&self.payload).map_err(|fault| {
            Error::Internal(format!(
                "the run of series {} issued at {}, revision {}, is damaged: {fault}",
                self.series_id, self.issue_time, self.revision
            ))
        })?;
        if let Some(expires_at) = self.expires_at {
            let last = self.valid_to.max(self.available_at);
            let kept_for = expires_at.micros() - last.micros();
            points.retain(|point| {
                let since = point.valid_time.max(self.available_at);
                since.micros().saturating_add(kept_for) > now.micros()
            });
        }
        Ok(points)
    }
}
