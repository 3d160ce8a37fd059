//! A server with a job that predicts, for the tests of predictions, health and expiry.

use serde_json::{Value, json};

use crate::app::{ADMIN, Answer, TestApp, setup};

/// Window of the days around the field's predictions, as parameters of a query.
pub const WINDOW: &str = "from=2023-10-26T00:00:00Z&to=2023-10-29T00:00:00Z";

/// A server with one organisation, its location and a job there. The clock shows 2023-10-27T00:00:00Z.
pub struct Field {
    pub app: TestApp,
    pub home: String,
    pub there: String,
    pub job: String,
    pub source: String,
}

impl Field {
    pub async fn start() -> Self {
        Self::on(TestApp::start().await).await
    }

    /// Creates the field on a started server.
    pub async fn on(app: TestApp) -> Self {
        let home = app.organisation("Home").await;
        let there = place(&app, &home, "There").await;
        let setup = job_at(&home, &there, "Job A");
        let job = app.ok(ADMIN, "POST /jobs/setup", setup).await;
        let text = |name: &str| job[name].as_str().unwrap().to_owned();
        let (job, source) = (text("id"), text("source_id"));
        Self {
            app,
            home,
            there,
            job,
            source,
        }
    }

    /// Sets up another job at the location.
    pub async fn another(&self, source: &str) -> String {
        let mut body = job_at(&self.home, &self.there, "Job B");
        body["source"]["name"] = json!(source);
        let job = self.app.ok(ADMIN, "POST /jobs/setup", body).await;
        job["id"].as_str().unwrap().to_owned()
    }

    /// Posts points for the job, with more members of the body.
    pub async fn try_post(&self, more: Value, points: &[Value]) -> Answer {
        let mut body = json!({ "job_id": self.job, "predictions": points });
        let more = more.as_object().unwrap().clone();
        body.as_object_mut().unwrap().extend(more);
        self.app.post("/api/v1/predictions", &body).await
    }

    /// Posts points for the job, which must succeed. Returns how many were stored, revised and unchanged.
    pub async fn post(&self, more: Value, points: &[Value]) -> [u64; 3] {
        let counts = self.try_post(more, points).await.expect(200);
        assert_eq!((&counts["withdrawn"], &counts["skipped"]), (&json!(0), &json!(0)));
        ["stored", "revised", "unchanged"].map(|name| counts[name].as_u64().unwrap())
    }

    /// Posts that many points, one a minute, and returns the path of all their rows.
    pub async fn many(&self, points: usize) -> String {
        let values: Vec<_> = (0..points).map(|number| number % 100).collect();
        let series = json!({ "role": "risk", "start": at(0), "step": "PT1M", "values": values });
        let body = json!({ "job_id": self.job, "series": [series] });
        self.app.post("/api/v1/predictions", &body).await.expect(200);
        let there = &self.there;
        format!(
            "/api/v1/predictions?metric=all&location_id={there}&from={}&to=2023-12-01T00:00:00Z&limit=10000",
            at(0)
        )
    }

    /// Returns the predictions for the location.
    pub async fn rows(&self, query: &str) -> Vec<Value> {
        let path = format!("GET /predictions?location_id={}&{query}", self.there);
        let rows = self.app.ok(ADMIN, &path, Value::Null).await;
        rows.as_array().unwrap().clone()
    }

    /// Returns the values of the metric mildew_risk for the location.
    pub async fn values(&self, query: &str) -> Vec<f64> {
        let rows = self.rows(&format!("metric=mildew_risk&{query}")).await;
        let value = |row: &Value| row["value"].as_f64().unwrap();
        rows.iter().map(value).collect()
    }

    pub async fn change_source(&self, change: Value) {
        let path = format!("PUT /sources/{}", self.source);
        self.app.ok(ADMIN, &path, change).await;
    }

    pub async fn health(&self) -> Value {
        let path = format!("GET /jobs/{}", self.job);
        self.app.ok(ADMIN, &path, Value::Null).await["health"].clone()
    }
}

/// Returns the set-up of a job with a location, and the roles `risk` (metric mildew_risk) and `spread` (without a
/// unit).
pub fn job_at(home: &str, there: &str, name: &str) -> Value {
    let site = json!({ "role": "site", "input_kind": "location" });
    let spread = json!({ "role": "spread", "metric": "mildew_spread" });
    let bound = json!({ "role": "site", "input_type": "location", "input_id": there });
    let mut body = setup(home, name);
    let version = &mut body["source_version"];
    version["input_roles"] = json!([site]);
    version["output_roles"].as_array_mut().unwrap().push(spread);
    body["role_bindings"] = json!([bound]);
    body
}

pub async fn place(app: &TestApp, home: &str, name: &str) -> String {
    let body = json!({ "organisation_id": home, "name": name, "latitude": 40.7, "longitude": -74 });
    app.make("/api/v1/locations", &body).await
}

/// Returns a time on 2023-10-27.
pub fn at(hour: u32) -> String {
    format!("2023-10-27T{hour:02}:00:00Z")
}

pub fn point(role: &str, hour: u32, value: f64) -> Value {
    json!({ "role": role, "valid_time": at(hour), "value": value })
}

pub fn risk(hour: u32, value: f64) -> Value {
    point("risk", hour, value)
}

pub fn issued(hour: u32) -> Value {
    json!({ "issue_time": at(hour) })
}
