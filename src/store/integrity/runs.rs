//! Checks every prediction run: whether its payload can be decoded, and whether its row and the row of its series
//! describe it correctly.

use super::{
    report::Report,
    unknown::{KnownOfSeries, Unknown},
};
use crate::{
    domain::{Timestamp, spread::Spread},
    store::{
        engine::{Connection, Row, RowResult},
        payload,
        row::FromRow,
    },
};

/// Checks all runs, and adds their number, their faults and their warnings to the report.
pub fn check(connection: &Connection, report: &mut Report) -> RowResult<()> {
    let mut before: Option<(i64, Timestamp, Timestamp)> = None;
    let mut unknown = Unknown::default();
    connection.each_row(
        "SELECT r.series_id, r.issue_time, r.revision, r.available_at, r.valid_from, r.valid_to, r.count, r.payload,
            s.newest_issue, s.covers_until, s.ends_at, s.shortest_lead, s.longest_lead, s.spread
            FROM runs r LEFT JOIN series s ON s.id = r.series_id
            /*postgres AND s.organisation_id = r.organisation_id */ ORDER BY r.series_id, r.issue_time, r.revision",
        [],
        |row| -> RowResult<()> {
            report.runs += 1;
            match StoredRun::from_row(row) {
                Ok(run) => {
                    report.predictions += run.count.unsigned_abs();
                    if let Some(fault) = unknown.end(Some((run.series, run.issue_time))) {
                        report.fault(fault);
                    }
                    let place = || {
                        let (series, issue, revision) = (run.series, run.issue_time, run.revision);
                        format!("the run of series {series} issued at {issue}, revision {revision}")
                    };
                    let of = |(series, issue, _): &(i64, Timestamp, Timestamp)| {
                        (*series, *issue) == (run.series, run.issue_time)
                    };
                    let arrived = before.filter(of).map(|(_, _, arrived)| arrived);
                    if let Some(fault) = run.fault(&mut unknown) {
                        report.fault(format!("{}: {fault}", place()));
                    } else if let Some(oddity) = run.oddity(arrived) {
                        report.warn(format!("{}: {oddity}; a clock was wrong", place()));
                    }
                    before = Some((run.series, run.issue_time, run.available_at));
                }
                Err(error) => report.fault(format!("run {} cannot be read: {error}", report.runs)),
            }
            Ok(())
        },
    )?;
    if let Some(fault) = unknown.end(None) {
        report.fault(fault);
    }
    Ok(())
}

/// A run with the summary from the row of its series.
struct StoredRun {
    series: i64,
    issue_time: Timestamp,
    revision: i64,
    available_at: Timestamp,
    valid_from: Timestamp,
    valid_to: Timestamp,
    count: i64,
    payload: Vec<u8>,
    known: Option<KnownOfSeries>,
    /// The quantiles or members that its series declares.
    spread: Option<Spread>,
}

impl FromRow for StoredRun {
    fn from_row(row: &Row<'_>) -> RowResult<Self> {
        let known = |newest_issue| -> RowResult<KnownOfSeries> {
            Ok(KnownOfSeries {
                newest_issue,
                covers_until: row.get("covers_until")?,
                ends_at: row.get("ends_at")?,
                shortest_lead: row.get("shortest_lead")?,
                longest_lead: row.get("longest_lead")?,
            })
        };
        let newest: Option<i64> = row.get("newest_issue")?;
        Ok(Self {
            series: row.get("series_id")?,
            issue_time: row.get("issue_time")?,
            revision: row.get("revision")?,
            available_at: row.get("available_at")?,
            valid_from: row.get("valid_from")?,
            valid_to: row.get("valid_to")?,
            count: row.get("count")?,
            payload: row.get("payload")?,
            known: newest.map(known).transpose()?,
            spread: row.get("spread")?,
        })
    }
}

impl StoredRun {
    /// Returns the first fault of the run. `None` if it has none. Values that contradict the series' summary are noted
    /// in `unknown`.
    fn fault(&self, unknown: &mut Unknown) -> Option<&'static str> {
        self.payload_fault(unknown)
            .or_else(|| self.spread_fault())
            .or_else(|| self.series_fault())
    }

    fn payload_fault(&self, unknown: &mut Unknown) -> Option<&'static str> {
        let points = match payload::decode(&self.payload, self.valid_from) {
            Ok(points) => points,
            Err(fault) => return Some(fault),
        };
        let (mut count, mut last) = (0, None);
        for point in points {
            let point = match point {
                Ok(point) => point,
                Err(fault) => return Some(fault),
            };
            if last.is_some_and(|last| last >= point.valid_time) {
                return Some("its valid times are in disorder");
            }
            if point.value.is_some_and(|value| !value.is_finite()) {
                return Some("it has a value that is no number");
            }
            if count == 0 && point.valid_time != self.valid_from {
                return Some("it does not begin at its valid_from");
            }
            (count, last) = (count + 1, Some(point.valid_time));
            unknown.note(self.issue_time, self.known.as_ref(), &point);
        }
        if count != self.count {
            return Some("it has another number of points than its count");
        }
        (last != Some(self.valid_to)).then_some("it does not end at its valid_to")
    }

    fn spread_fault(&self) -> Option<&'static str> {
        let (points, numbers) = match payload::has_spread(&self.payload) {
            true => match payload::decode_all(&self.payload, self.valid_from) {
                Ok((points, numbers)) => (points, numbers.unwrap_or_default()),
                Err(fault) => return Some(fault),
            },
            // Withdrawals have no numbers.
            false if self.spread.is_none() || self.has_no_values() => return None,
            false => return Some("it lacks the quantiles or members of its series"),
        };
        let is_declared = match &self.spread {
            Some(Spread::Quantiles(levels)) => numbers.width() == levels.len(),
            Some(Spread::Members(most)) => numbers.width() <= usize::from(*most),
            None => false,
        };
        if !is_declared {
            return Some("it has other quantiles or members than its series");
        }
        let rows = || {
            points
                .iter()
                .zip(numbers.rows())
                .filter(|(point, _)| point.value.is_some())
        };
        if rows().any(|(_, row)| row.iter().any(|number| !number.is_finite())) {
            return Some("it has a quantile or a member that is no number");
        }
        let is_ordered = |row: &[f64]| row.is_sorted();
        let are_quantiles = matches!(self.spread, Some(Spread::Quantiles(_)));
        (are_quantiles && !rows().all(|(_, row)| is_ordered(row))).then_some("its quantiles cross")
    }

    fn has_no_values(&self) -> bool {
        let points = payload::decode(&self.payload, self.valid_from);
        points.is_ok_and(|mut points| points.all(|point| point.is_ok_and(|point| point.value.is_none())))
    }

    fn series_fault(&self) -> Option<&'static str> {
        let Some(known) = &self.known else {
            return Some("its series is gone");
        };
        let lead = |time: Timestamp| time.micros() - self.issue_time.micros();
        if self.valid_to > known.ends_at {
            Some("it reaches beyond its series' ends_at")
        } else if lead(self.valid_from) < known.shortest_lead {
            Some("its lead is below its series' shortest_lead")
        } else if lead(self.valid_to) > known.longest_lead {
            Some("its lead is above its series' longest_lead")
        } else {
            None
        }
    }

    /// Returns a description if the run's time of arrival shows that a clock was wrong, and otherwise `None`. `before`
    /// is the arrival of the previous run of the same issue.
    fn oddity(&self, before: Option<Timestamp>) -> Option<&'static str> {
        before
            .is_some_and(|before| self.available_at < before)
            .then_some("it came before the revision that it follows")
    }
}
