//! Fills the demo's database with the recorded year, day by day, with a simulated clock.
//!
//! The readings of a local day arrive at the end of the day. Five minutes later, during the season, the workers post
//! the predictions of that day, and what they knew of the inputs. If the dates are moved to the present, the data ends
//! with the season. Each `available_at` is therefore realistic, and `as_of`
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
    domain::{AskedWindow, Caller, Error, Gaps, Timestamp, prediction::PostedPredictions, reading::ReadingCreation},
    example::{
        calendar::Calendar,
        catalogue::{self, SITES},
        jobs::{self, Event, Night, Record},
        mildew::{DailyIndex, SEASON_2013},
        weather::{self, Hour, STATIONS, WeatherError},
    },
    http,
    service::{
        App, health,
        job_inputs::{self, InputWindow},
        job_run, job_setup, location, organisation, prediction, reading, sensor, shadow, source_version, token,
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
    readings: Vec<ReadingCreation>,
    runs: Vec<(Uuid, DailyIndex)>,
}

/// Fills an empty database and closes it. Returns the numbers of stored values. `calendar` moves the recorded dates, and
/// `progress` advances by one for each day.
pub async fn fill(db: Db, calendar: Calendar, progress: &ProgressBar) -> Result<Filled, FillError> {
    let csv = http::weather_csv().map_err(FillError::Packing)?;
    let weather = weather::hours(&csv).map_err(FillError::Weather)?;
    let hours = STATIONS.map(|station| weather.get(station.code).map_or(&[][..], Vec::as_slice));
    let records = hours.map(Record::new);
    let mut days = days(hours, calendar);
    if calendar != Calendar::default() {
        days.retain(|date, _| *date <= SEASON_2013.last_day);
    }
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
        set(calendar.midnight(*first));
    }
    register(&app, &operator).await?;
    for (date, day) in days {
        let end = calendar.midnight(date + Duration::DAY);
        set(end);
        let readings = reading::post(&app, &operator, day.readings, Gaps::default());
        filled.readings += readings.await.map_err(FillError::Refused)?.stored;
        set(end + COMPUTING);
        if let Some((job, _)) = day.runs.first() {
            let known = inputs_as_of(&app, &operator, *job).await?;
            let posts = day.runs.iter().map(|(job, index)| run(*job, index, calendar, &known));
            let mut events: Vec<_> = posts.collect::<Result<_, _>>().map_err(invalid)?;
            let night = Night {
                calendar,
                day: date,
                inputs_as_of: &known,
            };
            events.extend(night.events(&records).map_err(invalid)?);
            filled.predictions += make_all(&app, &operator, events).await?;
        }
        progress.inc(1);
    }
    set(OffsetDateTime::now_utc());
    health::watch(&app).await.map_err(FillError::Refused)?;
    Ok(filled)
}

/// Applies the events in their order, and returns the number of predictions that were stored. Posts that follow each
/// other are made at the same time, so that they share a commit.
async fn make_all(app: &App, operator: &Caller, events: Vec<Event>) -> Result<u64, FillError> {
    let mut stored = 0;
    let mut posts = Vec::new();
    for event in events {
        match event {
            Event::Post(posted) => posts.push(post(app, operator, posted)),
            event => {
                stored += try_join_all(posts.drain(..)).await?.iter().sum::<u64>();
                make(app, operator, event).await?;
            }
        }
    }
    Ok(stored + try_join_all(posts).await?.iter().sum::<u64>())
}

/// Applies one event of the example, such as a set-up of a job, to the database.
async fn make(app: &App, operator: &Caller, event: Event) -> Result<(), FillError> {
    let made = match event {
        Event::SetUp(setup) => {
            let set_up = job_setup::set_up(app, operator, body(setup)?, false);
            set_up.await.map(drop)
        }
        Event::Version(version) => {
            let version = source_version::create(app, operator, body(version)?);
            version.await.map(drop)
        }
        Event::Try(job, version) => shadow::put(app, operator, job, version).await.map(drop),
        Event::Post(posted) => return post(app, operator, posted).await.map(drop),
        Event::Report(job, report) => {
            let report = job_run::report(app, operator, job, body(report)?);
            report.await.map(drop)
        }
    };
    made.map_err(FillError::Refused)
}

/// Posts predictions of a job, and returns the number of those that were stored.
async fn post(app: &App, operator: &Caller, posted: Value) -> Result<u64, FillError> {
    let posted = PostedPredictions::ForJob(body(posted)?);
    let counts = prediction::post(app, operator, posted, Gaps::default()).await;
    Ok(counts.map_err(FillError::Refused)?.counts.stored)
}

/// Returns the post of a run of the mildew risk, whose inputs were read as of `known`.
fn run(job: Uuid, index: &DailyIndex, calendar: Calendar, known: &str) -> Result<Event, time::error::Format> {
    let mut run = catalogue::run(job, index, calendar)?;
    run["run"] = catalogue::about_run(index, calendar, known)?;
    Ok(Event::Post(run))
}

/// Returns the readings and the model's results of each recorded day. `hours` are those of the stations.
fn days(hours: [&[Hour]; 3], calendar: Calendar) -> BTreeMap<Date, Day> {
    let mut days: BTreeMap<Date, Day> = BTreeMap::new();
    for (hours, site) in hours.into_iter().zip(SITES) {
        for hour in hours {
            let date = hour.time.to_offset(SEASON_2013.offset).date();
            let day = days.entry(date).or_default();
            if let Some(time) = calendar.time(hour.time) {
                day.readings.extend(readings(hour, time, site.sensors));
            }
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
    make_all(app, operator, jobs::set_ups()).await.map(drop)
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

fn invalid(error: time::error::Format) -> FillError {
    FillError::Body(error.to_string())
}

/// Parses a request body of the example in the same way as the API does.
fn body<T: DeserializeOwned>(value: Value) -> Result<T, FillError> {
    serde_json::from_value(value).map_err(|error| FillError::Body(error.to_string()))
}

/// Returns the readings of a site's sensors in one hour, in the order of [`catalogue::METRICS`].
fn readings(hour: &Hour, time: OffsetDateTime, sensors: [Uuid; 3]) -> impl Iterator<Item = ReadingCreation> {
    let temperature = hour.temperature.map(|tenths| f64::from(tenths) / 10.0);
    let time = timestamp(time);
    let measured = [temperature, hour.humidity, hour.rain];
    sensors.into_iter().zip(measured).filter_map(move |(sensor_id, value)| {
        value.map(|value| ReadingCreation {
            sensor_id,
            time,
            value: value.into(),
        })
    })
}

fn timestamp(time: OffsetDateTime) -> Timestamp {
    Timestamp::from_micros(time.unix_timestamp() * 1_000_000)
}
