//! Retention: deletes expired data and returns its space to the disk. The server does so itself, and an operator can do
//! so on the database's own machine; there is no such operation over HTTP.

use std::time::{Duration, Instant};

use super::{App, metrics, throttle::Pace};
use crate::{
    domain::{
        Result, Timestamp,
        retention::{ExpiredOfSource, Swept},
    },
    store::{delivery, prediction::expiry, reading, sqlite::space},
};

/// Target duration of a step that returns space. Others wait during a step.
const STEP: Duration = Duration::from_millis(3);

/// Number of pages that the first step returns, and the limits of that number.
const PAGES: i64 = 100;
const LEAST_PAGES: i64 = 10;
const MOST_PAGES: i64 = 500;

/// Number of readings that are deleted in one step.
const STEP_READINGS: u32 = 2000;

/// Number of messages of webhooks that are deleted in one step.
const STEP_DELIVERIES: u32 = 500;

/// Deletes data that has expired by `now`, in small steps, and releases disk space if that is worthwhile. It may be
/// dropped at any time; completed steps stay done. The whole sweep uses one reading of the clock, which the caller
/// trusts, so that a later jump deletes nothing.
///
/// # Errors
/// Busy, if too many requests are waiting to write; unavailable, if the database cannot be written.
pub async fn sweep(app: &App, now: Timestamp, pace: Pace) -> Result<Swept> {
    let swept = swept(app, now, pace).await;
    metrics::count_sweep(&swept);
    swept
}

/// Year 0, in microseconds since 1970. At this time nothing has expired by age.
const LONG_AGO: i64 = -62_167_219_200_000_000;

/// Deletes the data that deleted organisations and sensors have left, whatever time the clock shows.
///
/// # Errors
/// As [`sweep`].
pub async fn sweep_abandoned(app: &App, pace: Pace) -> Result<Swept> {
    sweep(app, Timestamp::from_micros(LONG_AGO), pace).await
}

async fn swept(app: &App, now: Timestamp, pace: Pace) -> Result<Swept> {
    let mut swept = predictions(app, now, pace).await?;
    swept += readings(app, pace).await?;
    deliveries(app, now, pace).await?;
    give_back(app, pace).await?;
    Ok(swept)
}

/// Counts the data that a sweep would delete now, by source, sorted by name.
pub async fn expired(app: &App) -> Result<Vec<ExpiredOfSource>> {
    app.read_unmapped(expiry::count).await
}

/// Returns the size of the database's file in bytes, once everything written is in it.
pub fn file_bytes(app: &App) -> Result<i64> {
    app.read_inline(|connection, _| Ok(space::measure(connection)?.bytes()))
}

/// Deletes expired predictions, and series that have ended.
async fn predictions(app: &App, now: Timestamp, pace: Pace) -> Result<Swept> {
    let mut swept = Swept::default();
    // Series are counted from 1.
    let mut next = Some(0);
    while let Some(after) = next {
        let begun = Instant::now();
        let mut due = app
            .read_unmapped(move |connection, _| expiry::due(connection, after, now))
            .await?;
        pace.rest(begun).await;
        while !due.series.is_empty() {
            let begun = Instant::now();
            let series = due.series.clone();
            let step = app.delete_values(move |tx, _| expiry::sweep(tx, &series, now)).await?;
            swept += step.swept;
            due.series.drain(..step.finished);
            pace.rest(begun).await;
        }
        next = due.next;
    }
    Ok(swept)
}

/// Deletes readings whose sensor was deleted.
async fn readings(app: &App, pace: Pace) -> Result<Swept> {
    let mut swept = Swept::default();
    loop {
        let begun = Instant::now();
        let deleted = app.delete_values(|tx, _| reading::sweep(tx, STEP_READINGS)).await?;
        if deleted == 0 {
            return Ok(swept);
        }
        swept.readings += deleted;
        pace.rest(begun).await;
    }
}

/// Deletes old messages of webhooks whose delivery is complete.
async fn deliveries(app: &App, now: Timestamp, pace: Pace) -> Result<()> {
    loop {
        let begun = Instant::now();
        let deleted = app
            .delete_values(move |tx, _| delivery::forget(tx, now, STEP_DELIVERIES))
            .await?;
        if deleted == 0 {
            return Ok(());
        }
        pace.rest(begun).await;
    }
}

/// Returns unused space of the file to the disk, if it is much.
async fn give_back(app: &App, pace: Pace) -> Result<()> {
    let mut left = app.read_inline(|connection, _| space::measure(connection))?;
    if !left.is_wasted() {
        return Ok(());
    }
    let mut pages = PAGES;
    while left.is_loose() {
        let begun = Instant::now();
        let (now, took) = app
            .delete_values(move |tx, _| {
                let begun = Instant::now();
                space::give_back(tx, pages)?;
                Ok((space::measure(tx)?, begun.elapsed()))
            })
            .await?;
        if now.pages >= left.pages {
            // Others used the space, or the file cannot shrink because it was not created here.
            return Ok(());
        }
        left = now;
        pages = if took > STEP { pages / 2 } else { pages * 2 };
        pages = pages.clamp(LEAST_PAGES, MOST_PAGES);
        pace.rest(begun).await;
    }
    Ok(())
}
