//! Retention: deleting what has expired, and giving back its space. The program does it by itself, or whoever runs it on
//! the database's own machine; nobody does it over HTTP.

use std::time::{Duration, Instant};

use super::{App, metrics, throttle::Pace};
use crate::{
    domain::{
        Result, Timestamp,
        retention::{ExpiredOfSource, Swept},
    },
    store::{delivery, prediction::expiry, reading, sqlite::space},
};

/// How long a step that gives space back is to take: others wait meanwhile.
const STEP: Duration = Duration::from_millis(3);

/// How many pages such a step gives back at first, and the least and the most that it comes to.
const PAGES: i64 = 100;
const LEAST_PAGES: i64 = 10;
const MOST_PAGES: i64 = 500;

/// How many readings are deleted in one step.
const STEP_READINGS: u32 = 2000;

/// How many messages of webhooks are deleted in one step.
const STEP_DELIVERIES: u32 = 500;

/// Deletes what has expired by `now`, in small steps, and gives back its space where that is worthwhile. It may be dropped
/// at any time: what was done stays done. The whole sweep goes by one reading of the clock, which the caller trusts: a jump
/// meanwhile deletes nothing.
///
/// # Errors
/// Busy, if too many others are waiting to write; unavailable, if the database cannot be written.
pub async fn sweep(app: &App, now: Timestamp, pace: Pace) -> Result<Swept> {
    let swept = swept(app, now, pace).await;
    metrics::count_sweep(&swept);
    swept
}

/// Year 0, in microseconds since 1970: nothing has expired by age.
const LONG_AGO: i64 = -62_167_219_200_000_000;

/// Deletes what deleted organisations and sensors have left, whatever the clock shows.
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

/// What a sweep would delete now, by source in the order of the names.
pub async fn expired(app: &App) -> Result<Vec<ExpiredOfSource>> {
    app.read_unmapped(expiry::count).await
}

/// How large the database's file is, in bytes, once everything that was written is in it.
pub fn file_bytes(app: &App) -> Result<i64> {
    app.read_inline(|connection, _| Ok(space::measure(connection)?.bytes()))
}

/// Deletes predictions that have expired, and series that are over.
async fn predictions(app: &App, now: Timestamp, pace: Pace) -> Result<Swept> {
    let mut swept = Swept::default();
    // They are counted from 1.
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

/// Deletes readings whose sensor is gone.
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

/// Deletes messages of webhooks that have been over for long.
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

/// Gives back what is free in the file, if it is much.
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
            // Others took what was free, or the file cannot shrink: it was not made here.
            return Ok(());
        }
        left = now;
        pages = if took > STEP { pages / 2 } else { pages * 2 };
        pages = pages.clamp(LEAST_PAGES, MOST_PAGES);
        pace.rest(begun).await;
    }
    Ok(())
}
