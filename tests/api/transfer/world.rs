//! A database with everything: revisions, withdrawals, stages, trials, promotions, history, webhooks, feeds, deleted jobs
//! whose predictions remain, posts without a job, accounts of runs, and a clock that was set back.

use prediction_api::domain::Timestamp;
use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    app::{ADMIN, HAS_WEBHOOKS, TestApp, setup},
    field::{Field, at, issued, risk},
    shadows::{begin, release},
};

/// The sensor of the second organisation's job.
pub const SENSOR: &str = "55555555-5555-5555-5555-555555555555";

/// A server with everything, and what a test asks about.
pub struct World {
    pub field: Field,
    /// The deleted job.
    pub deleted: String,
    /// The job with a sensor.
    pub measured: String,
    pub webhook: Option<String>,
}

impl World {
    pub async fn start() -> Self {
        let field = Field::start().await;
        let app = &field.app;
        let elsewhere = app.organisation("Elsewhere \u{1f347}").await;
        let measured = app.ok(ADMIN, "POST /jobs/setup", job_with_sensor(&elsewhere)).await;
        let measured = measured["id"].as_str().unwrap().to_owned();
        let webhook = webhook(app, &field.home).await;
        readings(app).await;
        predictions(&field).await;
        trials(&field).await;
        let deleted = field.another("another source").await;
        let body = json!({ "job_id": deleted, "issue_time": at(0), "predictions": [risk(3, 0.3)] });
        app.ok(ADMIN, "POST /predictions", body).await;
        app.ok(ADMIN, &format!("DELETE /jobs/{deleted}"), Value::Null).await;
        direct(&field).await;
        details(&field).await;
        alerts(&field, &elsewhere).await;
        feeds(app, &elsewhere).await;
        app.token("worker", "worker", &field.home).await;
        let shared = json!({ "view": "job", "job_id": field.job });
        let link = json!({ "name": "link", "role": "viewer", "organisation_id": field.home, "limited_to": shared });
        app.ok(ADMIN, "POST /tokens", link).await;
        let sensors = app
            .ok(
                ADMIN,
                &format!("GET /sensors?organisation_id={}", field.home),
                Value::Null,
            )
            .await;
        let limit = json!({ "view": "sensor", "sensor_id": sensors[0]["id"] });
        let device = json!({ "name": "device", "role": "worker", "organisation_id": field.home, "limited_to": limit });
        app.ok(ADMIN, "POST /tokens", device).await;
        let report = json!({ "status": "failed", "message": "no \"weather\"\nat all" });
        app.ok(ADMIN, &format!("POST /jobs/{}/runs", field.job), report).await;
        let placeless = json!({ "interval": "PT1H", "label": "beginning", "method": "max", "name": "Placeless", "organisation_id": elsewhere, "metric": "percent", "unit": "%" });
        app.make("/api/v1/sensors", &placeless).await;
        attempted(app, webhook.as_deref()).await;
        // The clock was ahead and is set back.
        app.jump_minutes(-30);
        field.post(issued(2), &[risk(6, 6.25), risk(7, -0.0)]).await;
        attempted(app, webhook.as_deref()).await;
        if let Some(id) = &webhook {
            app.ok(ADMIN, &format!("PUT /webhooks/{id}"), json!({ "active": false }))
                .await;
        }
        Self {
            field,
            deleted,
            measured,
            webhook,
        }
    }

    /// Returns the paths of a long list of GETs below `/api/v1`.
    pub async fn paths(&self) -> Vec<String> {
        let app = &self.field.app;
        let (job, there) = (&self.field.job, &self.field.there);
        let mut paths: Vec<String> = Vec::new();
        for list in
            "organisations tokens locations sensors sources source_versions jobs webhooks alerts feeds audit".split(' ')
        {
            if list == "webhooks" && !HAS_WEBHOOKS {
                continue;
            }
            paths.push(format!("/{list}"));
            let rows = app.ok(ADMIN, &format!("GET /{list}?limit=10000"), Value::Null).await;
            for row in rows.as_array().unwrap() {
                if list == "source_versions" {
                    paths.push(format!("/jobs/service/{}", row["id"].as_str().unwrap()));
                }
                if list == "alerts" {
                    paths.push(format!("/alerts/{}/changes", row["id"].as_str().unwrap()));
                }
                if list != "audit" && list != "tokens" {
                    paths.push(format!("/{list}/{}", row["id"].as_str().unwrap()));
                }
            }
        }
        if let Some(id) = &self.webhook {
            paths.push(format!("/webhooks/{id}/deliveries"));
        }
        paths.extend([
            "/health".to_owned(),
            "/alert_states".to_owned(),
            "/whoami".to_owned(),
            "/jobs?health=failed".to_owned(),
        ]);
        for id in [job, &self.measured, &self.deleted] {
            paths.push(format!("/jobs/{id}/history"));
            for part in [
                "health",
                "runs?track=all",
                "inputs",
                "inputs?as_of=2023-10-27T00:00:30Z",
            ] {
                paths.push(format!("/jobs/{id}/{part}"));
            }
        }
        let window = "metric=all&from=2023-10-26T00:00:00Z&to=2023-10-30T00:00:00Z";
        for scope in [
            format!("location_id={there}"),
            format!("job_id={job}"),
            format!("job_id={}", self.deleted),
        ] {
            for more in [
                "",
                "&limit=3",
                "&issues=all",
                "&track=all&issues=all",
                "&track=shadow",
                "&shape=series",
                "&format=csv",
                "&as_of=2023-10-27T00:00:00.5Z",
                "&as_of=2023-10-27T00:01:30Z",
                "&as_of=2023-10-27T00:02:30Z&track=all",
                "&min_lead=PT3H",
                "&stage=short",
            ] {
                paths.push(format!("/predictions?{scope}&{window}{more}"));
            }
            paths.push(format!("/predictions/latest?metric=all&{scope}"));
        }
        for more in ["", "&as_of=2023-10-27T00:00:30Z"] {
            paths.push(format!(
                "/predictions/lineage?metric=mildew_risk&job_id={job}&valid_time={}{more}",
                at(5)
            ));
        }
        for more in [
            "",
            "?as_of=2023-10-27T00:00:30Z",
            "?format=csv",
            "?shape=series",
            "?limit=2",
        ] {
            paths.push(format!("/sensors/{SENSOR}/readings{more}"));
        }
        paths
    }
}

/// Returns the set-up of a job that reads [`SENSOR`].
pub fn job_with_sensor(organisation: &str) -> Value {
    let mut body = setup(organisation, "Measured");
    body["source"]["name"] = json!("model with a sensor");
    body
}

/// Waits until no message is due, so that no attempt changes the database while it is compared.
async fn attempted(app: &TestApp, webhook: Option<&str>) {
    let Some(id) = webhook else { return };
    let is_due = |message: &Value| {
        let next = message["next_attempt_at"].as_str();
        next.is_some_and(|next| Timestamp::parse(next).unwrap() <= app.now())
    };
    let path = format!("GET /webhooks/{id}/deliveries");
    app.until(async || {
        let messages = app.ok(ADMIN, &path, Value::Null).await;
        !messages.as_array().unwrap().iter().any(is_due)
    })
    .await;
}

/// Creates an alert of a job, whose level rises and falls, one of a source, and one with a probability in another
/// organisation.
async fn alerts(field: &Field, elsewhere: &str) {
    let app = &field.app;
    let levels = json!([{ "name": "moderate", "value": 40 }, { "name": "high", "value": 60 }]);
    let of_job = json!({
        "name": "Mildew", "job_id": field.job, "role": "risk", "when": "ge", "levels": levels, "clear": 30,
        "within": "P2D", "location_id": field.there, "stage": "calibrated"
    });
    app.ok(ADMIN, "POST /alerts", of_job).await;
    let source = app.ok(ADMIN, &format!("GET /jobs/{}", field.job), Value::Null).await["source_id"].clone();
    let of_source = json!({
        "name": "Calm", "source": source, "metric": "mildew_risk", "when": "lt", "value": 1, "within": "P1D",
        "organisation_id": field.home
    });
    app.ok(ADMIN, "POST /alerts", of_source).await;
    let ensemble = json!({
        "organisation_id": elsewhere, "job": { "name": "Ensemble" },
        "source": { "name": "ensemble" },
        "source_version": { "version": "1", "input_roles": [], "output_roles": [
            { "role": "rain", "metric": "rain", "unit": "mm", "members": 3 }
        ] },
        "role_bindings": []
    });
    let ensemble = app.ok(ADMIN, "POST /jobs/setup", ensemble).await["id"].clone();
    let unsure = json!({
        "name": "Rain", "job_id": ensemble, "metric": "rain", "when": "gt", "value": 2, "within": "P1D",
        "probability": 0.1 + 0.2
    });
    app.ok(ADMIN, "POST /alerts", unsure).await;
    let point = json!({ "role": "rain", "valid_time": app.now().plus_hours(2), "members": [0, 1, 2.5] });
    let post = json!({ "job_id": ensemble, "predictions": [point] });
    app.ok(ADMIN, "POST /predictions", post).await;
    for (hour, value) in [(0, 45), (1, 65), (2, 45)] {
        let ahead = app.now().plus_hours(3).to_string();
        let point = json!({
            "role": "risk", "valid_time": ahead, "value": value, "location_id": field.there
        });
        let issue_time = app.now().plus_minutes(hour - 60).to_string();
        let body =
            json!({ "job_id": field.job, "issue_time": issue_time, "stage": "calibrated", "predictions": [point] });
        app.ok(ADMIN, "POST /predictions", body).await;
    }
}

/// Creates a feed that has received a message with a fault and one without, and one of the kind mqtt.
async fn feeds(app: &TestApp, organisation: &str) {
    let device = json!([{ "pointer": "/device", "equals": "a" }]);
    let mappings = json!([
        { "sensor_id": SENSOR, "value": "/t", "time": "/at", "when": device, "factor": 0.1, "offset": -1.25 }
    ]);
    let http = json!({ "name": "Gateway", "organisation_id": organisation, "kind": "http", "mappings": mappings });
    let made = app.ok(ADMIN, "POST /feeds", http).await;
    let call = format!("POST /ingest/{}", made["id"].as_str().unwrap());
    let secret = made["secret"].as_str().unwrap();
    for t in [json!("warm"), json!(215)] {
        let message = json!({ "device": "a", "t": t, "at": "2023-10-26T20:00:00Z" });
        app.ok(secret, &call, message).await;
    }
    let mappings = json!([{ "sensor_id": SENSOR, "value": "", "topic": "farm/+" }]);
    let mqtt = json!({
        "name": "Broker", "organisation_id": organisation, "kind": "mqtt", "topic": "farm/#", "active": false,
        "mappings": mappings
    });
    app.ok(ADMIN, "POST /feeds", mqtt).await;
}

async fn webhook(app: &TestApp, home: &str) -> Option<String> {
    if !HAS_WEBHOOKS {
        return None;
    }
    // Nobody listens there.
    let body = json!({ "name": "nowhere", "url": "http://127.0.0.1:9/", "organisation_id": home });
    let id = app.make("/api/v1/webhooks", &body).await;
    app.ok(ADMIN, &format!("PUT /webhooks/{id}"), json!({ "secret": null }))
        .await;
    for body in [
        json!({ "name": "phone", "format": "ntfy", "url": "http://127.0.0.1:9/topic", "token": "tk_secret" }),
        json!({ "name": "bot", "format": "telegram", "chat_id": "-100", "token": "1:secret" }),
        json!({ "name": "room", "format": "matrix", "url": "http://127.0.0.1:9", "room_id": "!a:b", "token": "x" }),
        json!({ "name": "mail", "format": "slack", "url": "http://127.0.0.1:9/" }),
    ] {
        let mut body = body;
        (body["active"], body["organisation_id"]) = (json!(false), json!(home));
        app.make("/api/v1/webhooks", &body).await;
    }
    // The server under test sends no e-mail, and would refuse this format.
    let to = "UPDATE webhooks SET format = 'email', url = '', recipients = '[\"a@b.example\"]' WHERE name = 'mail'";
    app.database().execute(to, []).unwrap();
    Some(id)
}

async fn readings(app: &TestApp) {
    let post = async |values: &[(u32, Value)]| {
        let reading = |(hour, value): &(u32, Value)| json!({ "sensor_id": SENSOR, "time": at(*hour), "value": value });
        let body = values.iter().map(reading).collect();
        app.ok(ADMIN, "POST /readings", body).await;
        app.advance_minutes(1);
    };
    post(&[
        (0, json!(0.1)),
        (1, json!(1e-300)),
        (2, json!(-0.0)),
        (3, json!(123_456_789.123_456_78)),
    ])
    .await;
    post(&[(0, json!(0.2)), (1, Value::Null)]).await;
    post(&[(1, json!(5)), (4, json!(4))]).await;
    let path = format!("DELETE /sensors/{SENSOR}/readings?from={}&to={}", at(2), at(3));
    app.ok(ADMIN, &path, Value::Null).await;
}

async fn predictions(field: &Field) {
    let app = &field.app;
    let values: Vec<_> = (0..24).map(|hour| f64::from(hour) / 7.0).collect();
    let series = json!({ "role": "risk", "start": at(0), "step": "PT1H", "values": values });
    let spread = json!({ "role": "spread", "start": at(0), "step": "PT1H", "values": [1, 2.5, 3] });
    let run = json!({
        "id": "nightly", "inputs_as_of": at(0), "inputs_from": at(0), "inputs_to": at(1), "code": "4f0c1d2", "parameters": { "z": 1.50, "a": "first\u{2028}", "n": null }
    });
    let body = json!({ "job_id": field.job, "issue_time": at(0), "run": run, "series": [series, spread] });
    app.ok(ADMIN, "POST /predictions", body).await;
    app.advance_minutes(1);
    field.post(issued(0), &[risk(5, 99.5), risk(6, 6.0)]).await;
    // Irregular times, and a stage.
    let mut point = risk(5, 0.123_456_789_012_345_67);
    point["valid_time"] = json!("2023-10-27T05:00:00.000001Z");
    let body = json!({ "job_id": field.job, "issue_time": at(1), "stage": "short", "predictions": [risk(1, 1.0), risk(4, 2.0), point] });
    app.ok(ADMIN, "POST /predictions", body).await;
    app.advance_minutes(1);
    // A whole issue is withdrawn, and one value.
    field.post(issued(1), &[risk(2, 8.0)]).await;
    let path = format!(
        "DELETE /predictions?job_id={}&issue_time={}&stage=short",
        field.job,
        at(1)
    );
    app.ok(ADMIN, &path, Value::Null).await;
    let mut nothing = risk(7, 0.0);
    nothing["value"] = Value::Null;
    let body = json!({ "job_id": field.job, "issue_time": at(0), "predictions": [nothing] });
    app.ok(ADMIN, "POST /predictions", body).await;
    app.advance_minutes(1);
}

async fn trials(field: &Field) {
    let app = &field.app;
    let (first, second) = (
        release(field, "1.1.0", |_| ()).await,
        release(field, "1.2.0", |_| ()).await,
    );
    begin(field, &first).await;
    begin(field, &second).await;
    let body = json!({
        "job_id": field.job, "source_version_id": first, "issue_time": at(2), "predictions": [risk(5, 0.5), risk(6, 0.6)]
    });
    app.ok(ADMIN, "POST /predictions", body).await;
    app.advance_minutes(1);
    let body = json!({ "source_version_id": first, "note": "Better in nine weeks of ten." });
    app.ok(ADMIN, &format!("POST /jobs/{}/promote", field.job), body).await;
    field.post(issued(3), &[risk(5, 0.75)]).await;
}

async fn direct(field: &Field) {
    let app = &field.app;
    let other = json!({ "name": "shared source", "retention_hours": 8760, "description": "two\nlines" });
    let source = app.make("/api/v1/sources", &other).await;
    let version = json!({ "source_id": source, "version": "7", "input_roles": [], "output_roles": [
        { "role": "r", "metric": "mildew_risk", "quantiles": [0.1, 0.9] }, { "role": "e", "metric": "ensemble", "members": 3 }
    ] });
    app.make("/api/v1/source_versions", &version).await;
    let line = json!({
        "source": source, "metric": "mildew_risk", "location_id": field.there, "issue_time": at(0), "valid_time": at(9),
        "value": 0.5, "quantiles": { "0.1": 0.25, "0.9": 0.75 }
    });
    let ensemble = json!([{
        "source": source, "metric": "ensemble", "location_id": field.there, "issue_time": at(0), "valid_time": at(9),
        "members": [0.1, 0.2, 0.4]
    }]);
    app.ok(ADMIN, "POST /predictions", ensemble).await;
    let request = app.request(Method::POST, "/api/v1/predictions").bearer_auth(ADMIN);
    let request = request
        .header("content-type", "application/x-ndjson")
        .body(line.to_string());
    app.send(request).await.expect(200);
}

/// Gives a value to members that are absent elsewhere.
async fn details(field: &Field) {
    let Field {
        app, home, there, job, ..
    } = field;
    let name = "Everything";
    app.ok(ADMIN, &format!("PUT /locations/{there}"), json!({ "elevation": -0.1 }))
        .await;
    app.ok(ADMIN, &format!("PUT /jobs/{job}"), json!({ "location_id": there }))
        .await;
    let sensor = json!({ "name": name, "organisation_id": home, "metric": "celsius", "location_id": there });
    app.make("/api/v1/sensors", &sensor).await;
    let source = json!({
        "name": name, "organisation_id": home, "expected_interval_minutes": 60, "grace_minutes": 15, "direct_track": "shadow"
    });
    let source = app.make("/api/v1/sources", &source).await;
    let version = json!({
        "source_id": source, "version": "1", "description": "first", "input_roles": [],
        "output_roles": [{ "role": "r", "metric": "mildew_risk" }]
    });
    app.make("/api/v1/source_versions", &version).await;
    let token =
        json!({ "name": name, "role": "viewer", "organisation_id": home, "expires_at": "2099-01-01T00:00:00Z" });
    app.ok(ADMIN, "POST /tokens", token).await;
}
