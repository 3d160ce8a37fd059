//! Predicted temperatures as a worker would post them, in the formats in which they are sent.

use std::f64::consts::TAU;
use std::fmt::Write;

use prediction_api::domain::Timestamp;
use serde_json::{Value, json};

use crate::request::ISSUE_TIME;

/// Output role of every job.
pub const ROLE: &str = "temperature";

/// Metric of that role.
pub const METRIC: &str = "air_temperature";

/// Predictions of one job, one for each hour.
pub struct Run {
    /// First valid time, in hours since 1970.
    pub first_hour: i64,
    /// The values.
    pub values: Vec<f64>,
}

impl Run {
    /// Returns the predictions of `count` hours. `place` distinguishes locations, and `issue` issues: the next issue
    /// predicts almost the same for an hour, with a difference that grows with the lead time.
    pub fn new(place: usize, issue: usize, first_hour: i64, count: usize) -> Self {
        let value = |ahead: usize| {
            let hour = first_hour + ahead as i64;
            let weather = weather(place, hour);
            let uncertain = noise(place ^ (issue << 20), hour) * (ahead as f64).sqrt() * 0.2;
            ((weather + uncertain) * 10.0).round() / 10.0
        };
        Self {
            first_hour,
            values: (0..count).map(value).collect(),
        }
    }

    /// Returns the body as points.
    pub fn as_points(&self, job: &str, issue_time: &str) -> Value {
        let point =
            |(ahead, value): (usize, &f64)| json!({ "role": ROLE, "valid_time": self.time(ahead), "value": value });
        let points: Vec<_> = self.values.iter().enumerate().map(point).collect();
        json!({ "job_id": job, "issue_time": issue_time, "predictions": points })
    }

    /// Returns the body as a whole series.
    pub fn as_series(&self, job: &str, issue_time: &str) -> Value {
        let series = json!({ "role": ROLE, "start": self.time(0), "step": "PT1H", "values": self.values });
        json!({ "job_id": job, "issue_time": issue_time, "series": [series] })
    }

    /// Returns the body as points, with a new issue time in each request.
    pub fn as_points_of_new_issues(&self, job: &str) -> Value {
        self.as_points(job, ISSUE_TIME)
    }

    /// Returns the body as a series, with a new issue time in each request.
    pub fn as_series_of_new_issues(&self, job: &str) -> Value {
        self.as_series(job, ISSUE_TIME)
    }

    /// Returns the same points in InfluxDB's line protocol, as short as possible, with times in seconds.
    pub fn as_lines(&self, job: &str) -> String {
        let mut lines = String::new();
        for (ahead, value) in self.values.iter().enumerate() {
            let second = (self.first_hour + ahead as i64) * 3600;
            let _ = writeln!(lines, "{METRIC},job={job} value={value} {second}");
        }
        lines
    }

    fn time(&self, ahead: usize) -> String {
        time_of_hour(self.first_hour + ahead as i64)
    }
}

/// Returns the hour of a time, counted from 1970.
pub fn hour_of(time: &str) -> i64 {
    let time = Timestamp::parse(time).unwrap_or(Timestamp::from_micros(0));
    time.micros() / 3_600_000_000
}

/// Returns an hour, counted from 1970, in RFC 3339.
pub fn time_of_hour(hour: i64) -> String {
    Timestamp::from_micros(hour * 3_600_000_000).to_string()
}

/// Returns the temperature of an hour: the year, the day, passing fronts, and noise.
pub fn weather(place: usize, hour: i64) -> f64 {
    let (hours, shift) = (hour as f64, place as f64);
    let year = 9.0 * (TAU * (hours / 8766.0 - 0.3)).sin();
    let day = 4.0 * (TAU * (hours / 24.0 - 0.4)).sin();
    let front = 3.0 * (TAU * (hours / 113.0 + shift / 7.0)).sin();
    11.0 + shift % 5.0 + year + day + front + noise(place, hour) * 0.4
}

/// Returns a number from -1 to 1 that depends only on its arguments.
fn noise(place: usize, hour: i64) -> f64 {
    // This is the mixing of SplitMix64.
    let mut bits = (place as u64)
        .wrapping_mul(0x9E37_79B9_7F4A_7C15)
        .wrapping_add(hour as u64);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    bits ^= bits >> 31;
    (bits >> 11) as f64 / (1_u64 << 52) as f64 - 1.0
}
