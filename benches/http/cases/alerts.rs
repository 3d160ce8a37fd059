//! The time until a change of alerts that time alone causes is stored.

use std::{
    thread,
    time::{Duration, Instant},
};

use prediction_api::domain::Timestamp;
use rusqlite::Connection;

use crate::{
    Outcome,
    alternate::median,
    bench::Bench,
    report::Measured,
    watched::{Watched, now, post},
};

/// Time after which a change must be stored, in seconds.
const BAR: f64 = 1.0;

/// Number of values in a round, each of which raises the alerts and clears them.
const VALUES: usize = 8;

/// Time from one value to the next, in microseconds. The moments fall on every part of the pause of the server's loop.
const STEP: i64 = 2_037_000;

/// Time from the last post to the first moment, in microseconds.
const START: i64 = 3_000_000;

/// Time that a post may take, in microseconds.
const POST: i64 = 50_000;

/// Interval of the looks at the database.
const LOOK: Duration = Duration::from_millis(1);

/// Time limit for a change.
const LIMIT: Duration = Duration::from_secs(30);

/// The number of changes since a time.
const COUNT: &str = "SELECT count(*) FROM alert_changes WHERE at >= ?1";

/// The last time of these changes, and the number of their jobs.
const LAST: &str = "SELECT max(at), count(DISTINCT job_id) FROM alert_changes WHERE at >= ?1";

/// Measures the time from the moment at which the states of `count` alerts become due until the server has stored the
/// last of their changes, over its bar. Of all moments the longest counts.
pub fn due(bench: &Bench, count: usize) -> Outcome<Measured> {
    let (client, watched) = (&bench.client, bench.watched()?);
    let jobs = &watched.jobs[..count];
    let database = watched.database()?;
    let mut delays = Vec::new();
    for _ in 0..bench.rounds {
        let posted = now()?;
        let first = posted + START + POST * jobs.len() as i64 + Watched::WITHIN;
        let times: Vec<_> = (0..VALUES)
            .map(|number| Timestamp::from_micros(first + number as i64 * STEP))
            .collect();
        for job in jobs {
            post(client, &watched.product, job, &times)?;
        }
        if now()? > first - Watched::WITHIN {
            return Err("the posts took longer than the time until the first moment".into());
        }
        let moments = times
            .iter()
            .flat_map(|time| [time.micros() - Watched::WITHIN, time.micros()]);
        for (number, moment) in moments.enumerate() {
            let expected = (number as i64 + 1) * count as i64;
            let seen = await_changes(&database, posted, expected)?;
            let (last, of): (i64, i64) = database.query_row(LAST, [posted], |row| Ok((row.get(0)?, row.get(1)?)))?;
            if (last, of) != (moment, count as i64) {
                return Err(format!("a change at {last} of {of} jobs instead of {moment}").into());
            }
            delays.push((seen - moment) as f64 / 1e6);
        }
    }
    let longest = delays.iter().copied().fold(0.0, f64::max);
    let shortest = delays.iter().copied().fold(f64::INFINITY, f64::min);
    let moments = delays.len();
    let middle = median(delays);
    eprintln!(
        "  {moments} moments: {:.0} ms at least, {:.0} ms in the middle, {:.0} ms at most",
        shortest * 1e3,
        middle * 1e3,
        longest * 1e3
    );
    Ok(Measured {
        product: format!("{:.0} ms", longest * 1e3),
        ceiling: format!("{BAR:.0} s"),
        ratio: longest / BAR,
    })
}

/// Waits until there are `expected` changes since a time, and returns the time at which there are.
fn await_changes(database: &Connection, since: i64, expected: i64) -> Outcome<i64> {
    let (begin, mut counted) = (Instant::now(), None);
    loop {
        // Counts only after a commit, since counting takes the server's processors.
        let version: i64 = database.pragma_query_value(None, "data_version", |row| row.get(0))?;
        let seen = now()?;
        if counted != Some(version) {
            counted = Some(version);
            let found: i64 = database.query_row(COUNT, [since], |row| row.get(0))?;
            if found == expected {
                return Ok(seen);
            }
            if found > expected {
                return Err(format!("{found} changes instead of {expected}").into());
            }
        }
        if begin.elapsed() > LIMIT {
            return Err(format!("{expected} changes did not come").into());
        }
        thread::sleep(LOOK);
    }
}
