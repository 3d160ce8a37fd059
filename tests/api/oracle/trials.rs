//! Versions on trial, promotions and bindings: what was answered as of a time is answered as of it later, byte for byte.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{Case, HOUR, TRACKS, time};
use crate::app::{ADMIN, TestApp};

/// A job that is bound to a sensor and to the first source, and the responses that are requested again at the end.
pub struct Trials {
    job: String,
    sensors: [String; 2],
    source: Value,
    remembered: Vec<(String, String)>,
}

impl Trials {
    /// Sets up the job for a location of the organisation.
    pub async fn start(app: &TestApp, home: &str, location: &str, source: &Value) -> Self {
        let sensor = async |name: &str| {
            let body = json!({ "organisation_id": home, "name": name, "metric": "celsius", "location_id": location });
            app.make("/api/v1/sensors", &body).await
        };
        let mut trials = Self {
            job: String::new(),
            sensors: [sensor("first").await, sensor("second").await],
            source: source.clone(),
            remembered: Vec::new(),
        };
        let body = json!({
            "organisation_id": home,
            "source": { "name": format!("downstream of {home}") },
            "source_version": { "version": "1", "output_roles": [{ "role": "out", "metric": "out" }], "input_roles": [
                { "role": "air", "input_kind": "sensor", "metric": "celsius" },
                { "role": "upstream", "input_kind": "source", "metric": "temperature" },
            ] },
            "job": { "name": "downstream", "location_id": location },
            "role_bindings": trials.bindings(0),
        });
        let job = app.ok(ADMIN, "POST /jobs/setup", body).await;
        trials.job = job["id"].as_str().unwrap().to_owned();
        trials
    }

    fn bindings(&self, sensor: usize) -> Value {
        json!([
            { "role": "air", "input_type": "sensor", "input_id": self.sensors[sensor] },
            { "role": "upstream", "input_type": "source", "input_id": self.source },
        ])
    }
}

impl Case<'_> {
    pub async fn shadow(&mut self, job: usize, version: usize, is_on: bool) -> Result<(), TestCaseError> {
        self.app.tick();
        let path = format!("/api/v1/jobs/{}/shadows/{}", self.jobs[job], self.versions[version]);
        let method = if is_on { "PUT" } else { "DELETE" };
        let answer = self.app.call_as(ADMIN, method, &path, &Value::Null).await;
        let is_there = self.shadows[job].contains(&version);
        let expected = match (is_on, is_there) {
            (true, _) if self.of_jobs[job].1 == version => 422,
            (true, true) => 200,
            (true, false) => 201,
            (false, true) => 204,
            (false, false) => 404,
        };
        prop_assert_eq!(answer.status, expected, "{} {} {}", method, path, answer.text);
        if expected == 201 {
            self.shadows[job].insert(version);
        } else if expected == 204 {
            self.shadows[job].remove(&version);
        }
        Ok(())
    }

    pub async fn promote(&mut self, job: usize, version: usize, keeps: bool) -> Result<(), TestCaseError> {
        self.app.tick();
        let path = format!("/api/v1/jobs/{}/promote", self.jobs[job]);
        let body = json!({ "source_version_id": self.versions[version], "keep_previous": keeps });
        let answer = self.app.post(&path, &body).await;
        let previous = self.of_jobs[job].1;
        let is_shadow = self.shadows[job].contains(&version);
        let expected = if is_shadow || previous == version { 200 } else { 422 };
        prop_assert_eq!(answer.status, expected, "{} {} {}", path, body, answer.text);
        if is_shadow {
            self.of_jobs[job].1 = version;
            self.shadows[job].remove(&version);
            if keeps {
                self.shadows[job].insert(previous);
            }
        }
        Ok(())
    }

    pub async fn bind(&mut self, sensor: usize) {
        self.app.tick();
        let change = json!({ "role_bindings": self.trials.bindings(sensor) });
        let path = format!("PUT /jobs/{}", self.trials.job);
        self.app.ok(ADMIN, &path, change).await;
    }

    pub async fn reading(&mut self, sensor: usize, hour: i64, value: i32) {
        self.app.tick();
        let time = time(self.at(hour));
        let reading = json!([{ "sensor_id": self.trials.sensors[sensor], "time": time, "value": value }]);
        self.app.ok(ADMIN, "POST /readings", reading).await;
    }

    /// Remembers what is known now of the first source, on each track and as inputs of the job downstream.
    pub async fn remember(&mut self) -> Result<(), TestCaseError> {
        let window = format!("from={}&to={}", time(self.base - 2 * HOUR), time(self.base + 8 * HOUR));
        let now = time(self.app.now().micros());
        let source = self.sources[0].replace(' ', "%20");
        for location in &self.locations {
            for track in TRACKS {
                let path = format!(
                    "/api/v1/predictions?metric=all&location_id={location}&source={source}&track={track}&{window}\
                     &issues=all&limit=10000&spread=all&exceeds=1&as_of={now}"
                );
                let answer = self.app.get(&path).await;
                prop_assert_eq!(answer.status, 200, "{}", answer.text);
                prop_assert!(track != "main" || !answer.text.contains("shadow"), "{}", answer.text);
                self.trials.remembered.push((path, answer.text));
            }
        }
        let path = format!("/api/v1/jobs/{}/inputs?{window}", self.trials.job);
        let answer = self.app.get(&path).await;
        let as_of = answer.json()["as_of"].as_str().unwrap().to_owned();
        prop_assert!(!answer.text.contains("shadow"), "{}", answer.text);
        let path = format!("{path}&as_of={as_of}");
        self.trials.remembered.push((path, answer.text));
        Ok(())
    }

    /// Requests everything again that was remembered.
    pub async fn recall(&self) -> Result<(), TestCaseError> {
        for (path, text) in &self.trials.remembered {
            let answer = self.app.get(path).await;
            prop_assert_eq!(&answer.text, text, "{}", path);
        }
        Ok(())
    }
}
