//! Revisions of issues with their points. Payloads are decoded for an export, and encoded again by an import.

use uuid::Uuid;

use super::table::counted;
use crate::{
    domain::{
        Error, Result, Timestamp,
        prediction::Point,
        spread::Spread,
        transfer::{Line, Points, Run},
    },
    store::{
        engine::{Connection, OptionalExtension, Row, RowResult, Transaction},
        payload,
    },
};

const SERIES: &str = "SELECT id, organisation_id FROM series ORDER BY id";

const SELECT: &str = "SELECT issue_time, revision, available_at, post_id, valid_from, payload FROM runs
    WHERE series_id = (SELECT id FROM series WHERE id = ?1 AND organisation_id = ?2)
    /*postgres AND organisation_id = ?2 */ ORDER BY issue_time, revision";

/// Calls `each` for every run, series by series.
///
/// # Errors
/// The error of `each`; [`Error::Unavailable`] if a payload is damaged, with the run.
pub fn read(connection: &Connection, each: &mut impl FnMut(Line) -> Result<()>) -> Result<()> {
    connection.each_row(SERIES, [], |row| {
        let (series, organisation): (i64, Uuid) = (row.get(0)?, row.get(1)?);
        connection.each_row(SELECT, (series, organisation), |row| -> Result<()> {
            let (issue_time, revision): (Timestamp, i64) = (row.get(0)?, row.get(1)?);
            let damaged = |fault| {
                Error::Unavailable(format!(
                    "the run of series {series} issued at {issue_time}, revision {revision}, is damaged: {fault}"
                ))
            };
            let (valid_from, payload): (Timestamp, Vec<u8>) = (row.get(4)?, row.get(5)?);
            let (points, spread) = payload::decode_all(&payload, valid_from).map_err(damaged)?;
            each(Line::Run(Run {
                series,
                issue_time,
                revision,
                available_at: row.get(2)?,
                post: row.get(3)?,
                points: Points::of(&points, spread.as_ref()),
            }))
        })
    })
}

/// A series with its organisation.
#[derive(Clone, Copy)]
pub struct Found {
    series: i64,
    organisation: Uuid,
    /// Whether the series has numbers of one width only, and the width or the largest one.
    width: (bool, usize),
}

const FIND: &str = "SELECT organisation_id, spread FROM series WHERE id = ?1";

/// Inserts a run. The post that it belongs to must be one of its organisation.
const INSERT: &str =
    "INSERT INTO runs (series_id, issue_time, revision, available_at, valid_from, valid_to, count, payload, post_id
    /*postgres , organisation_id */) SELECT s.id, ?3, ?4, ?5, ?6, ?7, ?8, ?9, p.id /*postgres , s.organisation_id */
    FROM series s
    LEFT JOIN posts p ON p.id = ?10 AND p.organisation_id = s.organisation_id
    WHERE s.id = ?1 AND s.organisation_id = ?2 AND p.id IS NOT DISTINCT FROM ?10";

/// Inserts a run. `found` caches the series of the line before.
pub fn insert(tx: &Transaction<'_>, run: &Run, found: &mut Option<Found>) -> Result<()> {
    let Found {
        series,
        organisation,
        width,
    } = match *found {
        Some(found) if found.series == run.series => found,
        _ => *found.insert(find(tx, run.series)?),
    };
    counted(run.revision)?;
    let points = run
        .points
        .decoded()
        .map_err(|fault| Error::invalid("", format!("points {fault}")))?;
    let spread = run
        .points
        .numbers()
        .map_err(|fault| Error::invalid("", format!("points {fault}")))?;
    let (is_exact, most) = width;
    let own = run.points.width();
    let has_values = points.iter().any(|point| point.value.is_some());
    if has_values && (own > most || (is_exact && own != most) || (most > 0 && own == 0)) {
        let detail = "points have other quantiles or members than their series declares";
        return Err(Error::invalid("", detail));
    }
    let time = |point: Option<&Point>| point.map(|point| point.valid_time);
    let (from, to) = (time(points.first()), time(points.last()));
    let count = i64::try_from(points.len()).unwrap_or(i64::MAX);
    let (issue, arrival) = (run.issue_time, run.available_at);
    let payload = payload::encode(&points, spread.as_ref());
    let row = (
        series,
        organisation,
        issue,
        run.revision,
        arrival,
        from,
        to,
        count,
        payload,
        run.post,
    );
    match (tx.prepare_cached(INSERT)?.execute(row)?, run.post) {
        (0, Some(post)) => Err(Error::invalid(
            "",
            format!("no line before contains the post {post} of this organisation"),
        )),
        _ => Ok(()),
    }
}

fn find(tx: &Transaction<'_>, series: i64) -> Result<Found> {
    let mut statement = tx.prepare_cached(FIND)?;
    let read = |row: &Row<'_>| -> RowResult<_> { Ok((row.get(0)?, row.get::<_, Option<Spread>>(1)?)) };
    let found = statement.query_row([series], read).optional()?;
    let missing = || Error::invalid("", format!("no line before contains the series {series}"));
    let (organisation, spread) = found.ok_or_else(missing)?;
    Ok(Found {
        series,
        organisation,
        width: match spread {
            Some(Spread::Quantiles(levels)) => (true, levels.len()),
            Some(Spread::Members(most)) => (false, usize::from(most)),
            None => (true, 0),
        },
    })
}
