//! Feeds: the messages of devices become readings.

#[cfg(feature = "mqtt")]
mod broker;
mod catalogue;
mod messages;
#[cfg(feature = "mqtt")]
mod mqtt;

use serde_json::{Value, json};

use crate::app::{ADMIN, Answer, TestApp};

/// An organisation with two sensors.
pub struct Farm {
    pub app: TestApp,
    pub home: String,
    pub air: String,
    pub soil: String,
}

impl Farm {
    pub async fn start() -> Self {
        Self::on(TestApp::start().await).await
    }

    pub async fn on(app: TestApp) -> Self {
        let home = app.organisation("Farm").await;
        let sensor = async |name: &str| {
            let body = json!({ "organisation_id": home, "name": name, "metric": "temperature" });
            app.make("/api/v1/sensors", &body).await
        };
        let (air, soil) = (sensor("air").await, sensor("soil").await);
        Self { app, home, air, soil }
    }

    /// Creates a feed of the kind http with the mappings.
    pub async fn feed(&self, name: &str, mappings: Value) -> HttpFeed {
        let body = json!({ "organisation_id": self.home, "name": name, "kind": "http", "mappings": mappings });
        HttpFeed::of(&self.app.ok(ADMIN, "POST /feeds", body).await)
    }

    /// Creates a feed whose mapping of `/t` and `/at` is for the air.
    pub async fn plain_feed(&self) -> HttpFeed {
        let mappings = json!([{ "sensor_id": self.air, "value": "/t", "time": "/at" }]);
        self.feed("plain", mappings).await
    }

    /// Sends a message to a feed.
    pub async fn send(&self, feed: &HttpFeed, message: &Value) -> Answer {
        let path = format!("/api/v1/ingest/{}", feed.id);
        self.app.call_as(&feed.secret, "POST", &path, message).await
    }

    /// Returns the times and values of a sensor's readings.
    pub async fn readings(&self, sensor: &str) -> Vec<(String, f64)> {
        let call = format!("GET /sensors/{sensor}/readings?limit=all");
        let rows = self.app.ok(ADMIN, &call, Value::Null).await;
        let reading = |row: &Value| (row["time"].as_str().unwrap().to_owned(), row["value"].as_f64().unwrap());
        rows.as_array().unwrap().iter().map(reading).collect()
    }

    /// Returns a feed as the API shows it.
    pub async fn shown(&self, id: &str) -> Value {
        self.app.ok(ADMIN, &format!("GET /feeds/{id}"), Value::Null).await
    }
}

/// The id of a feed, and its secret.
pub struct HttpFeed {
    pub id: String,
    pub secret: String,
}

impl HttpFeed {
    pub fn of(made: &Value) -> Self {
        let text = |name: &str| made[name].as_str().unwrap().to_owned();
        Self {
            id: text("id"),
            secret: text("secret"),
        }
    }
}
