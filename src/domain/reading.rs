//! Readings: what a sensor measured at a time.

use std::collections::HashMap;

use poem_openapi::Object;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    columns::Times, duration::Duration, error::Result, object::objects, sensor::Sensor, text::Name,
    thinning::MaxPoints, time::Timestamp, value::PostedValue, violations::Violations,
};

objects!(NewReading);

/// The most readings that one request may post.
pub const MAX_READINGS: usize = 100_000;

/// How far a reading may be ahead of the server's clock, in hours: enough for a mistaken time zone.
pub const MAX_AHEAD_HOURS: i64 = 24;

/// What a sensor measured, as it is posted.
#[derive(Debug, Clone, Deserialize, Object)]
#[serde(remote = "Self", deny_unknown_fields)]
pub struct NewReading {
    /// The sensor.
    pub sensor_id: Uuid,
    /// When it was measured. At most a day ahead of the server's clock.
    pub time: Timestamp,
    /// The value, a finite number; `null` withdraws what the sensor has at that time.
    pub value: PostedValue,
}

/// What a sensor measured, as it is answered.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Object)]
pub struct Reading {
    /// The sensor.
    pub sensor_id: Uuid,
    /// When it was measured.
    pub time: Timestamp,
    /// The value, in the sensor's unit.
    pub value: f64,
    /// When this server could first serve it.
    pub available_at: Timestamp,
}

/// A sensor's readings, their values in a column. The times are `start` and `step`, or `times`.
#[derive(Debug, Clone, PartialEq, Serialize, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct ReadingSeries {
    /// The sensor.
    pub sensor_id: Uuid,
    /// What it measures.
    pub metric: Name,
    /// The unit of the values.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<Name>,
    /// Where the sensor stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location_id: Option<Uuid>,
    /// When the first value was measured.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start: Option<Timestamp>,
    /// What lies between one time and the next, as an ISO 8601 duration.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step: Option<Duration>,
    /// When each value was measured, if there is no regular step.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub times: Option<Vec<Timestamp>>,
    /// The values.
    pub values: Vec<f64>,
    /// How many values there are, if they were thinned to `max_points`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thinned_from: Option<u64>,
}

impl ReadingSeries {
    /// A sensor's readings in columns.
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

    /// The same, thinned to so many points.
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

/// Which readings of a sensor are asked for.
#[derive(Debug, Clone, Copy)]
pub struct ReadingQuery {
    /// The window's start (inclusive).
    pub from: Option<Timestamp>,
    /// The window's end (exclusive).
    pub to: Option<Timestamp>,
    /// Only what was available then.
    pub as_of: Option<Timestamp>,
    /// How many at most.
    pub limit: usize,
}

/// What is posted for one sensor, in the order of its times.
#[derive(Debug, Clone)]
pub struct SensorPost {
    /// The sensor.
    pub sensor_id: Uuid,
    /// The times and values, each time once; without a value, what is there is withdrawn.
    pub values: Vec<(Timestamp, Option<f64>)>,
    /// The number of each in the request.
    indices: Vec<usize>,
}

impl SensorPost {
    /// Notes for every reading of the sensor that a member of it is wrong.
    pub fn refuse(&self, member: &str, detail: &str, violations: &mut Violations) {
        for index in &self.indices {
            violations.add(format!("/{index}/{member}"), detail);
        }
    }

    /// Notes what is wrong with the values of some of the readings.
    pub fn refuse_values(&self, readings: &[usize], detail: &str, violations: &mut Violations) {
        for index in readings.iter().filter_map(|at| self.indices.get(*at)) {
            if violations.is_full() {
                break;
            }
            violations.add(format!("/{index}/value"), detail);
        }
    }

    /// Notes the readings that are later than `latest`.
    pub fn check_times(&self, latest: Timestamp, violations: &mut Violations) {
        for ((time, _), index) in self.values.iter().zip(&self.indices) {
            if *time > latest {
                let detail = format!("is in the future: at most {latest} is taken now");
                violations.add(format!("/{index}/time"), detail);
            }
        }
    }
}

/// Posted readings by their sensors.
///
/// # Errors
/// Invalid: none or too many, a value that is not finite, a sensor and time twice; each named.
pub fn by_sensor(posted: Vec<NewReading>) -> Result<Vec<SensorPost>> {
    let mut violations = Violations::default();
    if posted.is_empty() {
        violations.add("", "has no readings");
    }
    if posted.len() > MAX_READINGS {
        let detail = format!("has more than {MAX_READINGS} readings: post them in parts");
        violations.add("", detail);
        return violations.into_result().map(|()| Vec::new());
    }
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
                let detail = format!("is there twice for the sensor: see /{of}/time");
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
