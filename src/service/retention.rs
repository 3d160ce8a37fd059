//! Retention: deletes expired data and returns the freed space to the disk. The server does this regularly, and an
//! operator can do it with the command line. The HTTP API has no such operation.

use std::time::{Duration, Instant};

use super::{App, counters, throttle::Pace};
use crate::{
    domain::{
        Result, Timestamp,
        retention::{ExpiredOfSource, Swept},
    },
    store::{
        delivery, job,
        prediction::{SeriesId, expiry},
        reading, space,
    },
};

/// Target duration of a step that returns space to the disk. Other writes wait during a step.
const STEP: Duration = Duration::from_millis(3);

/// Number of database pages that the first step returns to the disk, and the smallest and largest numbers of later
/// steps.
const PAGES: i64 = 100;
const LEAST_PAGES: i64 = 10;
const MOST_PAGES: i64 = 500;

/// Number of readings that are deleted in one step.
const STEP_READINGS: u32 = 2000;

/// Number of webhook messages that are deleted in one step.
const STEP_DELIVERIES: u32 = 500;

/// Number of series for which one step stores when the next look is due.
const STEP_LOOKED: usize = 200;

/// Number of histories of jobs that one step deletes.
const STEP_HISTORIES: usize = 200;

/// Deletes data that has expired by `now`, in small steps, and returns free space to the disk if there is much of it.
/// Returns the numbers of deleted rows. The future may be dropped at any time; completed steps are not rolled back. The
/// whole sweep uses the single clock reading `now`, so that a later jump of the clock deletes nothing. The caller must
/// have checked that the clock which gave `now` is trusted.
///
/// # Errors
/// Busy, if too many requests are waiting to write. Unavailable, if the database cannot be read or written.
pub async fn sweep(app: &App, now: Timestamp, pace: Pace) -> Result<Swept> {
    counted(swept(app, Some(now), pace).await)
}

fn counted(swept: Result<Swept>) -> Result<Swept> {
    counters::count_sweep(&swept);
    swept
}

/// Year 0, in microseconds since 1970. No data has expired by its age at this time.
const LONG_AGO: i64 = -62_167_219_200_000_000;

/// Deletes the data that belonged to deleted organisations and sensors. The time that the clock shows has no influence.
///
/// # Errors
/// The errors of [`sweep`].
pub async fn sweep_abandoned(app: &App, pace: Pace) -> Result<Swept> {
    counted(swept(app, None, pace).await)
}

async fn swept(app: &App, now: Option<Timestamp>, pace: Pace) -> Result<Swept> {
    let mut swept = match now {
        Some(now) => predictions(app, now, pace).await?,
        None => abandoned(app, pace).await?,
    };
    swept += readings(app, pace).await?;
    if let Some(now) = now {
        deliveries(app, now, pace).await?;
    }
    give_back(app, pace).await?;
    Ok(swept)
}

/// Returns the numbers of rows that a sweep would delete now, for each source, sorted by the source's name.
pub async fn expired(app: &App) -> Result<Vec<ExpiredOfSource>> {
    app.read_unmapped(expiry::count).await
}

/// Returns the size of the database in bytes, computed from its number of pages. The file has this size once the
/// write-ahead log is merged into it.
pub fn file_bytes(app: &App) -> Result<i64> {
    app.read_inline(|connection, _| Ok(space::measure(connection)?.bytes()))
}

/// Deletes expired predictions, and the records of series that have ended.
async fn predictions(app: &App, now: Timestamp, pace: Pace) -> Result<Swept> {
    let mut swept = Swept::default();
    loop {
        let begun = Instant::now();
        let due = app
            .read_unmapped(move |connection, _| expiry::due(connection, now))
            .await?;
        pace.rest(begun).await;
        if due.looked_at.is_empty() {
            return Ok(swept);
        }
        swept += delete(app, due.series, now, pace).await?;
        for part in due.looked_at.chunks(STEP_LOOKED) {
            let (begun, part) = (Instant::now(), part.to_vec());
            app.delete_values(move |tx, _| expiry::looked_at(tx, &part, now))
                .await?;
            pace.rest(begun).await;
        }
    }
}

/// Deletes the predictions of deleted organisations, and the records of series that have ended.
async fn abandoned(app: &App, pace: Pace) -> Result<Swept> {
    let mut swept = Swept::default();
    // Ids of series begin at 1, so 0 is before the first.
    let mut next = Some(0);
    while let Some(after) = next {
        let begun = Instant::now();
        let page = app
            .read_unmapped(move |connection, _| expiry::abandoned(connection, after))
            .await?;
        pace.rest(begun).await;
        swept += delete(app, page.series, Timestamp::from_micros(LONG_AGO), pace).await?;
        next = page.next;
    }
    Ok(swept)
}

/// Deletes the runs of the series that have expired by `now`, and the records of those that have ended.
async fn delete(app: &App, mut series: Vec<SeriesId>, now: Timestamp, pace: Pace) -> Result<Swept> {
    let mut swept = Swept::default();
    while !series.is_empty() {
        let (begun, left) = (Instant::now(), series.clone());
        let step = app.delete_values(move |tx, _| expiry::sweep(tx, &left, now)).await?;
        swept += step.swept;
        series.drain(..step.finished);
        pace.rest(begun).await;
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

/// Deletes the histories of deleted jobs that have no predictions left. Usually they are deleted with the last predictions,
/// but earlier releases and imports have left some. They are found without a lock, because writes wait for each step.
///
/// # Errors
/// The errors of [`sweep`].
pub async fn histories(app: &App, pace: Pace) -> Result<()> {
    let over = app.read_unmapped(|connection, _| job::over(connection)).await?;
    for part in over.chunks(STEP_HISTORIES) {
        let (begun, part) = (Instant::now(), part.to_vec());
        app.delete_values(move |tx, _| job::sweep(tx, &part)).await?;
        pace.rest(begun).await;
    }
    Ok(())
}

/// Deletes old webhook messages that will not be sent again.
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

/// Shrinks the database file in small steps if much of it is unused. The number of pages per step is adapted to the
/// duration of the last step.
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
            // Other writes have used the space, or the file cannot shrink because it was not created by this program.
            return Ok(());
        }
        left = now;
        pages = if took > STEP { pages / 2 } else { pages * 2 };
        pages = pages.clamp(LEAST_PAGES, MOST_PAGES);
        pace.rest(begun).await;
    }
    Ok(())
}
