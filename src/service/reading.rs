//! Readings, which are measured values of sensors. Workers post them for their organisation's sensors, and every token
//! of the organisation can read them.

use std::collections::HashMap;

use serde_json::json;
use uuid::Uuid;

use super::{App, as_of, audit, counters, sensor};
use crate::{
    domain::{
        Caller, Counts, Gaps, Result, Role, Timestamp, Violations,
        audit::withdrawal,
        page::Listed,
        reading::{
            MAX_AHEAD_HOURS, Reading, ReadingCreation, ReadingQuery, ReadingSeries, SensorPost, by_sensor, grouped,
        },
        sensor::Sensor,
        sensor_reading::{SensorReadingCreation, of_sensor},
        thinning::{MAX_THINNED_FROM, MaxPoints},
    },
    store::{self, clock, engine::Connection, reading},
};

/// Stores a batch of readings in one transaction and counts them by result. If any reading is refused, none is stored.
/// `gaps` decides how readings without a value are treated. Requires the role worker.
///
/// # Errors
/// Invalid: the sensors, times or values. Each violation is named.
pub async fn post(app: &App, caller: &Caller, posted: Vec<ReadingCreation>, gaps: Gaps) -> Result<Counts> {
    caller.needs(Role::Worker)?;
    let posts = by_sensor(posted)?;
    let caller = caller.clone();
    let counts = app
        .write_values(move |tx, now| {
            let sensors = checked(tx, &caller, &posts, now)?;
            let arrival = clock::stamp(tx, now)?;
            let sensor_of = |post: &SensorPost| sensors.get(&post.sensor_id);
            let posts: Vec<_> = posts.iter().filter_map(|post| Some((sensor_of(post)?, post))).collect();
            let (mut counts, mut violations) = (Counts::default(), Violations::default());
            for ((sensor, post), (own, refused)) in posts.iter().zip(reading::post(tx, &posts, gaps, arrival)?) {
                post.refuse_values(&refused, Gaps::NOTHING_THERE, &mut violations);
                if own.withdrawn > 0 {
                    let what = withdrawal(own.withdrawn, []);
                    audit::by(tx, &caller, now).withdrawn(*sensor, what)?;
                }
                counts += own;
            }
            violations.into_result()?;
            Ok(counts)
        })
        .await?;
    counters::count_readings(&counts);
    Ok(counts)
}

/// Stores readings of one sensor in one transaction and counts them by result, like [`post`]. A reading without a time gets
/// the present time. Requires the role worker.
///
/// # Errors
/// Not found: the sensor. Invalid: the times or values. Each violation is named.
pub async fn post_to(
    app: &App,
    caller: &Caller,
    id: Uuid,
    posted: Vec<SensorReadingCreation>,
    gaps: Gaps,
) -> Result<Counts> {
    caller.needs(Role::Worker)?;
    app.read_inline(|connection, _| sensor::visible(connection, caller, id).map(drop))?;
    let readings = of_sensor(id, posted, app.now())?;
    post(app, caller, readings, gaps).await
}

/// Checks the sensors and times of any number of readings, and stores nothing. Requires the role worker.
///
/// # Errors
/// Invalid: the sensors, times or values. Each violation is named.
pub async fn check(app: &App, caller: &Caller, posted: Vec<ReadingCreation>) -> Result<()> {
    caller.needs(Role::Worker)?;
    let posts = grouped(posted)?;
    let caller = caller.clone();
    app.read_blocking(move |connection, now| checked(connection, &caller, &posts, now).map(drop))
        .await
}

/// Returns the sensors of the posts by their ids.
///
/// # Errors
/// Invalid: a sensor does not exist, or a time is too far in the future.
fn checked(
    connection: &Connection,
    caller: &Caller,
    posts: &[SensorPost],
    now: Timestamp,
) -> Result<HashMap<Uuid, Sensor>> {
    let mut violations = Violations::default();
    let latest = now.plus_hours(MAX_AHEAD_HOURS);
    let ids: Vec<_> = posts.iter().map(|post| post.sensor_id).collect();
    let mut sensors = HashMap::new();
    for sensor in store::sensor::find_all(connection, &ids)? {
        if caller.sees(Some(sensor.organisation_id)) {
            sensors.insert(sensor.id, sensor);
        }
    }
    for post in posts {
        let id = post.sensor_id;
        if !sensors.contains_key(&id) {
            let detail = format!("there is no sensor {id}, or this token may not see it");
            post.refuse("sensor_id", &detail, &mut violations);
        }
        post.check_times(latest, &mut violations);
    }
    violations.into_result()?;
    Ok(sensors)
}

/// Number of readings that are withdrawn in one transaction. Other writes can run between two transactions.
const STEP: u32 = 1_000;

/// Withdraws the readings of a sensor from `from` to `to`. Returns the numbers of readings that were withdrawn now and
/// before. Many readings are withdrawn in several transactions, in the order of their times. If a call is interrupted,
/// the same call can be repeated to withdraw the remaining readings. Requires the role worker.
///
/// # Errors
/// Not found: the sensor.
pub async fn withdraw(app: &App, caller: &Caller, id: Uuid, from: Timestamp, to: Timestamp) -> Result<Counts> {
    caller.needs(Role::Worker)?;
    let (mut counts, mut entry, mut next) = (Counts::default(), None, Some(from));
    while let Some(start) = next {
        let (caller, before) = (caller.clone(), counts.withdrawn);
        let (step, noted) = app
            .write_values(move |tx, now| {
                let sensor = sensor::visible(tx, &caller, id)?;
                let step = reading::withdraw(tx, &sensor, start, to, STEP, clock::stamp(tx, now)?)?;
                let chosen = [("from", Some(json!(from))), ("to", Some(json!(to)))];
                let what = withdrawal(before + step.withdrawn, chosen);
                let noted = match step.withdrawn {
                    0 => entry,
                    _ => audit::once(tx, entry, what, |what| {
                        audit::by(tx, &caller, now).withdrawn(&sensor, what)
                    })?,
                };
                Ok((step, noted))
            })
            .await?;
        counts.withdrawn += step.withdrawn;
        counts.unchanged += step.unchanged;
        (entry, next) = (noted, step.next);
    }
    counters::count_readings(&counts);
    Ok(counts)
}

/// Returns the sensor and a page of its readings that match the query, sorted by time. Also returns the `as_of` with
/// which the next pages must be read, so that all pages show the same data: that of the query, or the newest
/// available_at of the sensor. The `as_of` is `None` if the sensor has no readings.
///
/// # Errors
/// Not found: the sensor.
pub async fn list(
    app: &App,
    caller: &Caller,
    id: Uuid,
    query: ReadingQuery,
) -> Result<(Sensor, Listed<Reading>, Option<Timestamp>)> {
    as_of::settle(app, query.as_of).await?;
    let caller = caller.clone();
    app.read_blocking(move |connection, _| {
        let (sensor, listed) = window(connection, &caller, id, &query)?;
        let as_of = match query.as_of {
            Some(as_of) => Some(as_of),
            None => reading::newest_available_at(connection, &sensor)?,
        };
        Ok((sensor, listed, as_of))
    })
    .await
}

/// Returns the sensor's readings that match the query, reduced to at most `max` points. All matching readings are read;
/// the query's `limit` is ignored.
///
/// # Errors
/// Not found: the sensor. Bad request: the window has too many readings.
pub async fn list_thinned(
    app: &App,
    caller: &Caller,
    id: Uuid,
    query: ReadingQuery,
    max: MaxPoints,
) -> Result<ReadingSeries> {
    as_of::settle(app, query.as_of).await?;
    let caller = caller.clone();
    let limit = MAX_THINNED_FROM;
    app.read_blocking(move |connection, _| {
        let whole = ReadingQuery { limit, ..query };
        let (sensor, found) = window(connection, &caller, id, &whole)?;
        MaxPoints::check(found.more)?;
        Ok(ReadingSeries::thinned(sensor, &found.items, max))
    })
    .await
}

fn window(
    connection: &Connection,
    caller: &Caller,
    id: Uuid,
    query: &ReadingQuery,
) -> Result<(Sensor, Listed<Reading>)> {
    let sensor = sensor::visible(connection, caller, id)?;
    let one_more = ReadingQuery {
        limit: query.limit + 1,
        ..*query
    };
    let found = reading::window(connection, &sensor, &one_more)?;
    Ok((sensor, Listed::cut(found, query.limit)))
}
