//! Readings: posted as JSON and CSV, read back equal in every format, and corrected without being overwritten.

use std::collections::BTreeMap;

use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::app::{ADMIN, Answer, TestApp};

async fn sensor(app: &TestApp, home: &str, name: &str) -> String {
    let body = json!({ "organisation_id": home, "name": name, "metric": "celsius", "unit": "°C" });
    app.make("/api/v1/sensors", &body).await
}

async fn post_csv(app: &TestApp, csv: &str) -> Answer {
    let request = app.request(Method::POST, "/api/v1/readings");
    let request = request.bearer_auth(ADMIN).header("content-type", "text/csv");
    app.send(request.body(csv.to_owned())).await
}

async fn post(app: &TestApp, readings: &[(&str, &str, f64)]) -> Value {
    let reading =
        |(sensor, time, value): &(&str, &str, f64)| json!({ "sensor_id": sensor, "time": time, "value": value });
    let body: Vec<_> = readings.iter().map(reading).collect();
    app.post("/api/v1/readings", &json!(body)).await.expect(200)
}

fn counts(stored: u64, revised: u64, unchanged: u64) -> Value {
    json!({ "stored": stored, "revised": revised, "unchanged": unchanged, "withdrawn": 0, "skipped": 0 })
}

/// Returns all pages of a list of rows, and checks that each but the last is full.
async fn pages(app: &TestApp, first: &str, limit: usize) -> Vec<Answer> {
    let mut path = first.to_owned();
    let mut pages = Vec::new();
    loop {
        let answer = app.get(&path).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        let link = answer.header("link").to_owned();
        pages.push(answer);
        let Some((next, _)) = link.split_once('>') else {
            break;
        };
        path = next.trim_start_matches('<').to_owned();
    }
    let rows = |page: &Answer| page.json().as_array().map_or(limit, Vec::len);
    let full = pages.len() - 1;
    assert!(pages[..full].iter().all(|page| rows(page) == limit));
    pages
}

async fn values(app: &TestApp, sensor: &str, query: &str) -> Vec<f64> {
    let path = format!("/api/v1/sensors/{sensor}/readings?{query}");
    let rows = app.get(&path).await.expect(200);
    let rows = rows.as_array().unwrap().iter();
    rows.map(|row| row["value"].as_f64().unwrap()).collect()
}

/// Returns the columns of the real weather by station: times and values.
fn weather(column: usize) -> BTreeMap<String, Vec<(String, f64)>> {
    let text = prediction_api::http::weather_csv().unwrap();
    let mut stations: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for line in text.lines().skip(1) {
        let fields: Vec<_> = line.split(',').collect();
        if let Ok(value) = fields[column].parse() {
            let station = stations.entry(fields[0].to_owned()).or_default();
            station.push((fields[1].to_owned(), value));
        }
    }
    stations
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_year_of_real_weather_is_read_back_equal() {
    let app = TestApp::start().await;
    let home = app.organisation("Home").await;
    for (column, name) in [(2, "temperature"), (3, "humidity")] {
        for (station, expected) in weather(column) {
            let id = sensor(&app, &home, &format!("{station} {name}")).await;
            for part in expected.chunks(5000) {
                let stored = if name == "temperature" {
                    let part: Vec<_> = part.iter().map(|(t, v)| (&*id, &**t, *v)).collect();
                    post(&app, &part).await
                } else {
                    let line = |(time, value): &(String, f64)| format!("{time},{id},{value}\n");
                    let lines: String = part.iter().map(line).collect();
                    let csv = format!("time,sensor_id,value\n{lines}");
                    post_csv(&app, &csv).await.expect(200)
                };
                assert_eq!(stored, counts(part.len() as u64, 0, 0));
            }
            let path = format!("/api/v1/sensors/{id}/readings?limit=4000");
            let mut rows = Vec::new();
            for page in pages(&app, &path, 4000).await {
                rows.extend(page.json().as_array().unwrap().clone());
            }
            let read: Vec<_> = rows
                .iter()
                .map(|row| (row["time"].as_str().unwrap().to_owned(), row["value"].as_f64().unwrap()))
                .collect();
            assert_eq!(read, expected, "{station} {name}");

            let mut lines = Vec::new();
            for page in pages(&app, &format!("{path}&format=csv"), 4000).await {
                assert!(page.header("content-type").starts_with("text/csv;"));
                let text = page.text.clone();
                let (header, body) = text.split_once('\n').unwrap();
                assert_eq!(header, "sensor_id,time,value,available_at");
                lines.extend(body.lines().map(str::to_owned));
            }
            assert_eq!(lines.len(), expected.len());
            for (line, (time, value)) in lines.iter().zip(&expected) {
                // Each part arrived a microsecond after the one before.
                let known = format!("{id},{time},{value:?},2023-10-27T00:00:00");
                assert!(line.starts_with(&known), "{line}");
            }

            let mut series = Vec::new();
            for page in pages(&app, &format!("{path}&shape=series"), 4000).await {
                let page = page.json();
                assert_eq!((&page["metric"], &page["unit"]), (&json!("celsius"), &json!("°C")));
                series.extend(page["values"].as_array().unwrap().iter().map(|v| v.as_f64().unwrap()));
            }
            assert_eq!(series, expected.iter().map(|(_, value)| *value).collect::<Vec<_>>());
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_correction_is_a_revision_and_what_was_known_before_stays() {
    let app = TestApp::start().await;
    let home = app.organisation("Home").await;
    let id = &sensor(&app, &home, "s").await;
    let (one, two, three) = ("2023-10-26T01:00:00Z", "2023-10-26T02:00:00Z", "2023-10-26T03:00:00Z");
    assert_eq!(post(&app, &[(id, one, 1.0), (id, two, 2.0)]).await, counts(2, 0, 0));
    app.advance_minutes(10);
    let again = [(&**id, two, 2.5), (id, three, 3.0), (id, one, 1.0)];
    assert_eq!(post(&app, &again).await, counts(1, 1, 1));
    assert_eq!(post(&app, &again).await, counts(0, 0, 3));
    assert_eq!(values(&app, id, "").await, [1.0, 2.5, 3.0]);
    assert_eq!(values(&app, id, "as_of=2023-10-27T00:10:00Z").await, [1.0, 2.5, 3.0]);
    assert_eq!(values(&app, id, "as_of=2023-10-27T00:09:59Z").await, [1.0, 2.0]);
    assert_eq!(values(&app, id, "as_of=2023-10-26T23:59:59Z").await, [0.0; 0]);
    // Nought is nought, whatever its sign.
    assert_eq!(post(&app, &[(id, one, -0.0)]).await, counts(0, 1, 0));
    assert_eq!(post(&app, &[(id, one, -0.0)]).await, counts(0, 0, 1));
    assert_eq!(post(&app, &[(id, one, 0.0)]).await, counts(0, 0, 1));
    // The window is half open.
    assert_eq!(values(&app, id, &format!("from={two}&to={three}")).await, [2.5]);
    // A revision at the end of a page is not another row.
    let path = format!("/api/v1/sensors/{id}/readings?limit=2");
    assert_eq!(pages(&app, &path, 2).await.len(), 2);
    let path = format!("/api/v1/sensors/{id}/readings?limit=3");
    assert_eq!(pages(&app, &path, 3).await.len(), 1);
    let rows = app.get(&path).await.expect(200);
    let expected = json!({ "sensor_id": id, "time": two, "value": 2.5, "available_at": "2023-10-27T00:10:00Z" });
    assert_eq!(rows[1], expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_batch_is_stored_whole_or_not_at_all() {
    let app = TestApp::start().await;
    let home = app.organisation("Home").await;
    let id = &sensor(&app, &home, "s").await;
    let nobody = Uuid::nil().to_string();
    let good = json!({ "sensor_id": id, "time": "2023-10-26T01:00:00Z", "value": 1 });
    let with = |name: &str, value: Value| {
        let mut reading = good.clone();
        reading["time"] = json!("2023-10-26T05:00:00Z");
        reading[name] = value;
        reading
    };
    for (bad, place) in [
        (good.clone(), "#/1/time"),
        (with("sensor_id", json!(nobody)), "#/1/sensor_id"),
        (with("time", json!("2023-10-28T00:00:00.000001Z")), "#/1/time"),
        (with("time", json!("2023-10-26T05:00:00")), "#/1/time"),
        (with("time", json!("10000-01-01T00:00:00Z")), "#/1/time"),
        (with("value", json!("1")), "#/1/value"),
        (with("value", json!(null)), "#/1/value"),
        (with("unit", json!("°C")), "#/1/unit"),
        (json!(1), "#/1"),
    ] {
        let body = json!([good, bad]);
        app.post("/api/v1/readings", &body).await.expect_problem(422, &[place]);
    }
    let t = "2023-10-26T05:00:00Z";
    let good = format!("{id},2023-10-26T01:00:00Z,1");
    for (csv, places) in [
        (
            format!("sensor_id,time,value\n{good}\nx,now,y"),
            &["#/1/sensor_id", "#/1/time", "#/1/value"][..],
        ),
        (format!("sensor_id,time,value\n{good}\n{id},{t}"), &["#/1"]),
        (format!("sensor_id,time,value\n{good}\n{id},{t},1,2"), &["#/1"]),
        (format!("sensor_id,time,value\n{good}\n{id},{t},NaN"), &["#/1/value"]),
        (format!("sensor_id,time,value\n{good}\n{id},{t},-inf"), &["#/1/value"]),
        (format!("sensor_id,time,value\n{good}\n{id},{t},1e400"), &["#/1/value"]),
        (format!("sensor_id,time,value\n{good}\n{good}"), &["#/1/time"]),
        (format!("sensor_id,time\n{id},{t}"), &["#"]),
        (format!("sensor_id,time,value,unit\n{good},C"), &["#"]),
        (format!("{good}\n"), &["#"]),
        ("sensor_id,time,value\n".to_owned(), &["#"]),
        (String::new(), &["#"]),
    ] {
        post_csv(&app, &csv).await.expect_problem(422, places);
    }
    app.post("/api/v1/readings", &json!([]))
        .await
        .expect_problem(422, &["#"]);
    app.post("/api/v1/readings", &json!({}))
        .await
        .expect_problem(422, &["#"]);
    assert_eq!(values(&app, id, "").await, [0.0; 0]);
    // Quoted, with white space and another order of columns, and a byte that is no UTF-8.
    let odd = format!("value, time ,\"sensor_id\"\r\n 1.5,\"{t}\",{id}\r\n");
    assert_eq!(post_csv(&app, &odd).await.expect(200), counts(1, 0, 0));
    let request = app.request(Method::POST, "/api/v1/readings").bearer_auth(ADMIN);
    let mut bytes = format!("sensor_id,time,value\n{id},{t},1").into_bytes();
    bytes[30] = 0xff;
    let answer = app.send(request.header("content-type", "text/csv").body(bytes)).await;
    answer.expect_problem(422, &["#/0/sensor_id"]);
    let request = app.request(Method::POST, "/api/v1/readings").bearer_auth(ADMIN);
    let refused = app.send(request.header("content-type", "text/plain").body("x")).await;
    refused.expect_problem(415, &[]);
    assert!(
        refused.text.contains("application/json or text/csv"),
        "{}",
        refused.text
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readings_end_at_the_border_of_an_organisation() {
    let app = TestApp::start().await;
    let (home, elsewhere) = (app.organisation("Home").await, app.organisation("Elsewhere").await);
    let id = sensor(&app, &home, "s").await;
    let worker = app.token("worker", "worker", &home).await;
    let viewer = app.token("viewer", "viewer", &home).await;
    let foreign = app.token("worker", "worker", &elsewhere).await;
    let reading = json!([{ "sensor_id": id, "time": "2023-10-26T01:00:00Z", "value": 1 }]);
    let path = format!("GET /sensors/{id}/readings");
    for (secret, post, place, get) in [
        (&viewer, 403, None, 200),
        (&foreign, 422, Some("#/0/sensor_id"), 404),
        (&worker, 200, None, 200),
    ] {
        let mut row = json!(["POST /readings", reading, post]);
        row.as_array_mut().unwrap().extend(place.map(|place| json!(place)));
        app.calls(secret, json!([row, [path, null, get]])).await;
    }
    let table = json!([
        [
            format!("{path}?from=2023-10-27T00:00:00Z&to=2023-10-26T00:00:00Z"),
            null,
            400,
            "to"
        ],
        [
            format!("{path}?from=x&to=y&as_of=z&limit=0&shape=a&format=b&cursor=c&stage=d"),
            null,
            400,
            "from",
            "to",
            "as_of",
            "limit",
            "shape",
            "format",
            "stage"
        ],
        [format!("{path}?cursor=c"), null, 400, "cursor"],
        [format!("{path}?format=csv&shape=series"), null, 400, "shape"]
    ]);
    app.calls(&worker, table).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_give_every_reading_once_and_in_order_while_others_post() {
    let app = TestApp::start().await;
    let home = app.organisation("Home").await;
    let id = &sensor(&app, &home, "s").await;
    let at = |minute: usize| format!("2023-10-26T{:02}:{:02}:00Z", minute / 60, minute % 60);
    for minute in (0..100).step_by(2) {
        post(&app, &[(id, &at(minute), 1.0)]).await;
    }
    let mut path = format!("/api/v1/sensors/{id}/readings?limit=7");
    let (mut times, mut posted) = (Vec::new(), 0);
    loop {
        let answer = app.get(&path).await;
        let rows = answer.expect(200);
        let own = rows
            .as_array()
            .unwrap()
            .iter()
            .map(|row| row["time"].as_str().unwrap().to_owned());
        times.extend(own);
        // Corrections of readings that were returned, and new readings before and after them.
        post(
            &app,
            &[
                (id, &at(0), f64::from(posted)),
                (id, &at(1 + 2 * usize::from(posted as u8)), 5.0),
            ],
        )
        .await;
        posted += 1;
        match answer.header("link").split_once('>') {
            Some((next, _)) => path = next.trim_start_matches('<').to_owned(),
            None => break,
        }
    }
    assert!(times.is_sorted(), "{times:?}");
    let before = times.len();
    times.dedup();
    assert_eq!(times.len(), before);
    for minute in (0..100).step_by(2) {
        assert!(times.contains(&at(minute)), "{minute}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sensor_takes_its_readings_with_it() {
    let app = TestApp::start().await;
    let home = app.organisation("Home").await;
    let id = &sensor(&app, &home, "s").await;
    post(&app, &[(id, "2023-10-26T01:00:00Z", 1.0)]).await;
    let path = format!("/api/v1/sensors/{id}");
    assert_eq!(app.delete(&path).await.status, 204);
    app.get(&format!("{path}/readings")).await.expect_problem(404, &[]);
    let body = json!({ "id": id, "organisation_id": home, "name": "another", "metric": "celsius" });
    app.make("/api/v1/sensors", &body).await;
    assert_eq!(values(&app, id, "").await, [0.0; 0]);
    let kept = |app: &TestApp| -> i64 {
        let sql = "SELECT count(*) + (SELECT count(*) FROM reading_series) FROM readings";
        app.database().query_row(sql, [], |row| row.get(0)).unwrap()
    };
    assert_eq!(kept(&app), 2);
    assert_eq!(app.sweep().await.readings, 1);
    assert_eq!(kept(&app), 0);
    assert_eq!(post(&app, &[(id, "2023-10-26T01:00:00Z", 1.0)]).await, counts(1, 0, 0));
}
