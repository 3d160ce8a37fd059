//! Fills the demo's database with one year of data, day by day, with a simulated clock.
//!
//! The readings of a local day arrive at the end of the day. Five minutes later, during the season, the worker posts
//! the predictions of that day, and what it knew of the inputs. Each `available_at` is therefore realistic, and `as_of`
//! returns the data that was known at that time.

use std::{
    collections::BTreeMap,
    io,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};

use futures_util::future::try_join_all;
use indicatif::ProgressBar;
use serde::de::DeserializeOwned;
use serde_json::Value;
use time::{Date, Duration, OffsetDateTime};
use uuid::Uuid;

use crate::{
    domain::{AskedWindow, Caller, Error, Gaps, Timestamp, prediction::PostedPredictions, reading::NewReading},
    example::{
        catalogue::{self, SITES},
        mildew::{DailyIndex, SEASON_2013},
        today::{self, Event},
        weather::{self, Hour, STATIONS, WeatherError},
    },
    http,
    service::{
        App, health,
        job_inputs::{self, InputWindow},
        job_run, job_setup, location, organisation, prediction, reading, sensor, token,
    },
    store::Db,
};

/// Delay from the end of a local day to the worker's post.
const COMPUTING: Duration = Duration::minutes(5);

/// The reason why the database could not be filled.
#[derive(Debug, thiserror::Error)]
pub enum FillError {
    #[error(transparent)]
    Refused(Error),
    #[error(transparent)]
    Weather(WeatherError),
    #[error("the weather cannot be unpacked: {0}")]
    Packing(io::Error),
    #[error("a body of the example is invalid: {0}")]
    Body(String),
}

/// Numbers of values that were stored for the simulated year.
#[derive(Debug, Default)]
pub struct Filled {
    /// Number of stored readings.
    pub readings: u64,
    /// Number of stored predictions.
    pub predictions: u64,
}

/// The readings and the model's results that are posted at the end of one local day.
#[derive(Default)]
struct Day {
    readings: Vec<NewReading>,
    runs: Vec<(Uuid, DailyIndex)>,
}

/// Fills an empty database and closes it. Returns the numbers of stored values. `progress` advances by one for each
/// day.
pub async fn fill(db: Db, progress: &ProgressBar) -> Result<Filled, FillError> {
    let csv = http::weather_csv().map_err(FillError::Packing)?;
    let weather = weather::hours(&csv).map_err(FillError::Weather)?;
    let days = days(&weather);
    progress.set_length(days.len() as u64);
    let now = Arc::new(AtomicI64::new(0));
    let set = |time: OffsetDateTime| now.store(timestamp(time).micros(), Ordering::SeqCst);
    let clock = now.clone();
    let app = App::new(
        db,
        Arc::new(move || Timestamp::from_micros(clock.load(Ordering::SeqCst))),
    );
    let operator = token::operator();
    let mut filled = Filled::default();
    if let Some(first) = days.keys().next() {
        set(midnight(*first));
    }
    register(&app, &operator).await?;
    for (date, day) in days {
        let end = midnight(date) + Duration::DAY;
        set(end);
        let readings = reading::post(&app, &operator, day.readings, Gaps::default());
        filled.readings += readings.await.map_err(FillError::Refused)?.stored;
        set(end + COMPUTING);
        let known = match day.runs.first() {
            Some((job, _)) => inputs_as_of(&app, &operator, *job).await?,
            None => String::new(),
        };
        let posts = day.runs.iter();
        let posts = posts.map(|(job, index)| post(&app, &operator, *job, index, &known));
        filled.predictions += try_join_all(posts).await?.iter().sum::<u64>();
        progress.inc(1);
    }
    let hours = |code: &str| weather.get(code).map_or(&[][..], Vec::as_slice);
    let today = today::events(hours, OffsetDateTime::now_utc());
    for (time, event) in today.map_err(|error| FillError::Body(error.to_string()))? {
        set(time);
        make(&app, &operator, event).await?;
    }
    set(OffsetDateTime::now_utc());
    health::watch(&app).await.map_err(FillError::Refused)?;
    Ok(filled)
}

/// Applies one event of the example, such as a set-up of a job, to the database.
async fn make(app: &App, operator: &Caller, event: Event) -> Result<(), FillError> {
    let made = match event {
        Event::SetUp(setup) => {
            let set_up = job_setup::set_up(app, operator, body(setup)?, false);
            set_up.await.map(drop)
        }
        Event::Post(posted) => {
            let posted = PostedPredictions::ForJob(body(posted)?);
            prediction::post(app, operator, posted, Gaps::default()).await.map(drop)
        }
        Event::Report(job, report) => {
            let report = job_run::report(app, operator, job, body(report)?);
            report.await.map(drop)
        }
    };
    made.map_err(FillError::Refused)
}

/// Returns the readings and the model's results of each day, by local date.
fn days(weather: &BTreeMap<String, Vec<Hour>>) -> BTreeMap<Date, Day> {
    let mut days: BTreeMap<Date, Day> = BTreeMap::new();
    for (station, site) in STATIONS.iter().zip(SITES) {
        let hours = weather.get(station.code).map_or(&[][..], Vec::as_slice);
        for hour in hours {
            let date = hour.time.to_offset(SEASON_2013.offset).date();
            let day = days.entry(date).or_default();
            day.readings.extend(readings(hour, site.sensors));
        }
        for index in SEASON_2013.index(hours) {
            days.entry(index.day).or_default().runs.push((site.job, index));
        }
    }
    days
}

/// Creates the organisation, its locations and sensors, and the jobs.
async fn register(app: &App, operator: &Caller) -> Result<(), FillError> {
    let organisation = body(catalogue::organisation())?;
    organisation::create(app, operator, organisation)
        .await
        .map_err(FillError::Refused)?;
    for station in catalogue::stations() {
        location::create(app, operator, body(station.location)?)
            .await
            .map_err(FillError::Refused)?;
        for new in station.sensors {
            sensor::create(app, operator, body(new)?)
                .await
                .map_err(FillError::Refused)?;
        }
        job_setup::set_up(app, operator, body(station.job_setup)?, false)
            .await
            .map_err(FillError::Refused)?;
    }
    Ok(())
}

/// Returns the time as of which a worker would get the inputs of its job now.
async fn inputs_as_of(app: &App, operator: &Caller, job: Uuid) -> Result<String, FillError> {
    let long_ago = Some(Timestamp::from_micros(0));
    // An empty window: only the time is needed.
    let window = InputWindow {
        times: AskedWindow {
            from: long_ago,
            to: long_ago,
        },
        ..InputWindow::default()
    };
    let inputs = job_inputs::get(app, operator, job, window).await;
    Ok(inputs.map_err(FillError::Refused)?.as_of.to_string())
}

/// Posts a run, whose inputs were read as of `known`, and returns the number of its predictions.
async fn post(app: &App, operator: &Caller, job: Uuid, index: &DailyIndex, known: &str) -> Result<u64, FillError> {
    let invalid = |error: time::error::Format| FillError::Body(error.to_string());
    let mut run = catalogue::run(job, index).map_err(invalid)?;
    run["run"] = catalogue::about_run(index, known).map_err(invalid)?;
    let posted = PostedPredictions::ForJob(body(run)?);
    let counts = prediction::post(app, operator, posted, Gaps::default()).await;
    Ok(counts.map_err(FillError::Refused)?.counts.stored)
}

/// Parses a request body of the example in the same way as the API does.
fn body<T: DeserializeOwned>(value: Value) -> Result<T, FillError> {
    serde_json::from_value(value).map_err(|error| FillError::Body(error.to_string()))
}

/// Returns the readings of a site's sensors in one hour, in the order of [`catalogue::METRICS`].
fn readings(hour: &Hour, sensors: [Uuid; 3]) -> impl Iterator<Item = NewReading> {
    let temperature = hour.temperature.map(|tenths| f64::from(tenths) / 10.0);
    let time = timestamp(hour.time);
    let measured = [temperature, hour.humidity, hour.rain];
    sensors.into_iter().zip(measured).filter_map(move |(sensor_id, value)| {
        value.map(|value| NewReading {
            sensor_id,
            time,
            value: value.into(),
        })
    })
}

fn midnight(date: Date) -> OffsetDateTime {
    date.midnight().assume_offset(SEASON_2013.offset)
}

fn timestamp(time: OffsetDateTime) -> Timestamp {
    Timestamp::from_micros(time.unix_timestamp() * 1_000_000)
}
