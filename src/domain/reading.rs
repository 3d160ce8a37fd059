//! Readings: values that a sensor measured, each at a time.

use std::collections::HashMap;

use poem_openapi::Object;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    columns::Times,
    duration::Duration,
    error::{Error, Result},
    object::objects,
    sensor::Sensor,
    text::Name,
    thinning::MaxPoints,
    time::Timestamp,
    value::PostedValue,
    violations::Violations,
};

objects!(ReadingCreation);

/// Maximum number of readings in one request.
pub const MAX_READINGS: usize = 100_000;

/// Maximum time by which a reading may be ahead of the server's clock, in hours. A day is long enough to accept times
/// with the offset of a wrong time zone.
pub const MAX_AHEAD_HOURS: i64 = 24;

/// A reading as posted.
#[derive(Debug, Clone, Deserialize, Object)]
#[serde(remote = "Self", deny_unknown_fields)]
pub struct ReadingCreation {
    /// Id of the sensor.
    pub sensor_id: Uuid,
    /// Time of the measurement, at most a day ahead of the server's clock.
    pub time: Timestamp,
    /// Measured value, a finite number; `null` withdraws the stored value of that time.
    pub value: PostedValue,
}

/// A value that a sensor measured.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Object)]
pub struct Reading {
    /// Id of the sensor.
    pub sensor_id: Uuid,
    /// Time of the measurement.
    pub time: Timestamp,
    /// Measured value, in the sensor's unit.
    pub value: f64,
    /// Time since which this server can return the value.
    pub available_at: Timestamp,
}

/// Readings of one sensor, with their values in a column. Their times are given by `start` and `step`, or by `times`.
#[derive(Debug, Clone, PartialEq, Serialize, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct ReadingSeries {
    /// Id of the sensor.
    pub sensor_id: Uuid,
    /// Metric that the sensor measures.
    pub metric: Name,
    /// Unit of the values.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<Name>,
    /// Location of the sensor.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location_id: Option<Uuid>,
    /// Time of the first value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start: Option<Timestamp>,
    /// Difference between two successive times, as an ISO 8601 duration.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step: Option<Duration>,
    /// Time of each value, if there is no regular step.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub times: Option<Vec<Timestamp>>,
    /// Measured values.
    pub values: Vec<f64>,
    /// Number of values before thinning to `max_points`; absent if they were not thinned.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thinned_from: Option<u64>,
}

impl ReadingSeries {
    /// Returns the readings of a sensor, which are sorted by time, in columns.
    pub fn of(sensor: Sensor, readings: &[Reading]) -> Self {
        let times: Vec<_> = readings.iter().map(|reading| reading.time).collect();
        let (start, step, times) = Times::of(&times).split();
        Self {
            sensor_id: sensor.id,
            metric: sensor.metric,
            unit: sensor.unit,
            location_id: sensor.location_id,
            start,
            step,
            times,
            values: readings.iter().map(|reading| reading.value).collect(),
            thinned_from: None,
        }
    }

    /// Returns the readings of a sensor, which are sorted by time, in columns that are thinned to at most `max` points.
    pub fn thinned(sensor: Sensor, readings: &[Reading], max: MaxPoints) -> Self {
        let points: Vec<_> = readings.iter().map(|reading| (reading.time, reading.value)).collect();
        let kept = max.kept(&points);
        let is_thinned = kept.len() < readings.len();
        let left: Vec<_> = kept.into_iter().map(|index| readings[index]).collect();
        Self {
            thinned_from: is_thinned.then_some(readings.len() as u64),
            ..Self::of(sensor, &left)
        }
    }
}

/// Query for the readings of a sensor.
#[derive(Debug, Clone, Copy)]
pub struct ReadingQuery {
    /// Start of the window (inclusive). `None` for no start.
    pub from: Option<Timestamp>,
    /// End of the window (exclusive). `None` for no end.
    pub to: Option<Timestamp>,
    /// Time in the past: only values that the server had received by then are returned. `None` returns the current
    /// values.
    pub as_of: Option<Timestamp>,
    /// Maximum number of readings.
    pub limit: usize,
}

/// Posted readings of one sensor, sorted by time.
#[derive(Debug, Clone)]
pub struct SensorPost {
    /// Id of the sensor.
    pub sensor_id: Uuid,
    /// Times and values. Each time occurs once. The value `None` withdraws the stored value of this time.
    pub values: Vec<(Timestamp, Option<f64>)>,
    /// Index of each of the `values` in the request, for the JSON pointers of violations.
    indices: Vec<usize>,
}

impl SensorPost {
    /// Adds one violation for every posted reading of the sensor, about its JSON member `member`.
    pub fn refuse(&self, member: &str, detail: &str, violations: &mut Violations) {
        for index in &self.indices {
            violations.add(format!("/{index}/{member}"), detail);
        }
    }

    /// Adds a violation about the value of each of some readings. `readings` contains indices of `values`.
    pub fn refuse_values(&self, readings: &[usize], detail: &str, violations: &mut Violations) {
        for index in readings.iter().filter_map(|at| self.indices.get(*at)) {
            if violations.is_full() {
                break;
            }
            violations.add(format!("/{index}/value"), detail);
        }
    }

    /// Adds a violation for each reading whose time is later than `latest`.
    pub fn check_times(&self, latest: Timestamp, violations: &mut Violations) {
        for ((time, _), index) in self.values.iter().zip(&self.indices) {
            if *time > latest {
                let detail = format!("is in the future: the latest accepted time is {latest}");
                violations.add(format!("/{index}/time"), detail);
            }
        }
    }
}

/// Groups the readings of one request by sensor.
///
/// # Errors
/// As [`grouped`]; also if the request has no readings or more than [`MAX_READINGS`].
pub fn by_sensor(posted: Vec<ReadingCreation>) -> Result<Vec<SensorPost>> {
    if posted.is_empty() {
        return Err(Error::invalid("", "has no readings"));
    }
    if posted.len() > MAX_READINGS {
        let detail = format!("has more than {MAX_READINGS} readings: split the request");
        return Err(Error::invalid("", detail));
    }
    grouped(posted)
}

/// Groups any number of readings by sensor.
///
/// # Errors
/// `Error::Invalid`, with every violation: a value is not finite, or a time occurs twice for the same sensor.
pub fn grouped(posted: Vec<ReadingCreation>) -> Result<Vec<SensorPost>> {
    let mut violations = Violations::default();
    let mut known = HashMap::new();
    let mut posts: Vec<(Uuid, Vec<_>)> = Vec::new();
    for (index, reading) in posted.into_iter().enumerate() {
        if reading.value.0.is_some_and(|value| !value.is_finite()) {
            violations.add(format!("/{index}/value"), "must be a finite number");
        }
        let at = *known.entry(reading.sensor_id).or_insert_with(|| {
            posts.push((reading.sensor_id, Vec::new()));
            posts.len() - 1
        });
        posts[at].1.push((reading.time, reading.value.0, index));
    }
    let mut sorted = Vec::with_capacity(posts.len());
    for (sensor_id, mut readings) in posts {
        readings.sort_by_key(|(time, _, _)| *time);
        for pair in readings.windows(2) {
            if let [(first, _, of), (second, _, index)] = pair
                && first == second
            {
                let detail = format!("is repeated for the sensor: see /{of}/time");
                violations.add(format!("/{index}/time"), detail);
            }
        }
        let values = readings.iter().map(|(time, value, _)| (*time, *value));
        sorted.push(SensorPost {
            sensor_id,
            values: values.collect(),
            indices: readings.iter().map(|(_, _, index)| *index).collect(),
        });
    }
    violations.into_result()?;
    Ok(sorted)
}
