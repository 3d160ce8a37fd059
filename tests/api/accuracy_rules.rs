//! The rules of accuracy: scores are those of a plain computation, do not depend on the order of posts, and are null where
//! they are undefined; and requests that cannot be compared are refused with the reason.

use std::collections::HashMap;

use serde_json::{Value, json};

use crate::{
    accuracy::{HOUR, Weather, assert_near, forecasts, temperatures},
    app::{ADMIN, TestApp},
};

/// The scores of a bucket, added up plainly.
#[derive(Default)]
struct Plain {
    pairs: u64,
    error: f64,
    absolute: f64,
    square: f64,
    reference: f64,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn scores_of_the_other_stations_are_those_of_a_plain_computation() {
    for station in ["JFK", "LGA"] {
        let weather = Weather::start_at(station).await;
        let rows = weather.days("reference=persistence").await;
        let readings = temperatures(station);
        let mut expected = Vec::new();
        for issues in forecasts(&readings) {
            let mut newest = HashMap::new();
            for (issue, points) in issues {
                for (valid, value) in points {
                    newest.insert(((valid - issue - HOUR) / (24 * HOUR), valid), (issue, value));
                }
            }
            let mut days = [Plain::default(), Plain::default()];
            for ((day, valid), (issue, value)) in newest {
                let last = readings.range(..=issue).next_back();
                let (Some(reading), Some((_, last))) = (readings.get(&valid), last) else {
                    continue;
                };
                let (plain, error) = (&mut days[usize::try_from(day).unwrap()], value - reading);
                plain.pairs += 1;
                plain.error += error;
                plain.absolute += error.abs();
                plain.square += error * error;
                plain.reference += (last - reading).abs();
            }
            expected.extend(days);
        }
        assert_eq!(rows.len(), expected.len());
        for (row, plain) in rows.iter().zip(expected) {
            let count = plain.pairs as f64;
            assert_eq!(row["pairs"], json!(plain.pairs), "{station}");
            assert!(plain.pairs > 3000);
            assert_near(row, "bias", plain.error / count);
            assert_near(row, "mae", plain.absolute / count);
            assert_near(row, "rmse", (plain.square / count).sqrt());
            assert_near(row, "reference_mae", plain.reference / count);
            assert_near(row, "skill_mae", 1.0 - plain.absolute / plain.reference);
        }
    }
}

/// A location with a sensor, and readings of a flow.
struct Weir {
    app: TestApp,
    home: String,
    place: String,
    sensor: String,
}

fn hour(number: i64) -> String {
    format!("2023-09-{:02}T{:02}:00:00Z", 1 + number / 24, number % 24)
}

impl Weir {
    async fn start(readings: &[f64]) -> Self {
        let app = TestApp::start().await;
        let home = app.organisation("Home").await;
        let place = json!({ "organisation_id": home, "name": "Weir", "latitude": 52, "longitude": 13 });
        let place = app.make("/api/v1/locations", &place).await;
        let mut weir = Self {
            app,
            home,
            place,
            sensor: String::new(),
        };
        weir.sensor = weir.sensor("Gauge", json!({ "unit": "l/s" })).await;
        let reading = |(number, value): (usize, &f64)| json!({ "sensor_id": weir.sensor, "time": hour(number as i64), "value": value });
        let readings: Vec<_> = readings.iter().enumerate().map(reading).collect();
        weir.app.post("/api/v1/readings", &json!(readings)).await.expect(200);
        weir
    }

    async fn sensor(&self, name: &str, more: Value) -> String {
        let mut sensor =
            json!({ "organisation_id": self.home, "location_id": self.place, "name": name, "metric": "flow" });
        sensor
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        self.app.make("/api/v1/sensors", &sensor).await
    }

    async fn job(&self, name: &str, source: &str, version: &str, output: Value) -> String {
        let mut role = json!({ "role": "flow", "metric": "flow", "unit": "l/s" });
        role.as_object_mut()
            .unwrap()
            .extend(output.as_object().unwrap().clone());
        let setup = json!({
            "organisation_id": self.home,
            "source": { "name": source },
            "source_version": { "version": version, "input_roles": [], "output_roles": [role] },
            "job": { "name": name, "location_id": self.place },
            "role_bindings": [],
        });
        let job = self.app.ok(ADMIN, "POST /jobs/setup", setup).await;
        job["id"].as_str().unwrap().to_owned()
    }

    /// Posts an issue whose first value is for the hour after it.
    async fn issue(&self, job: &str, issue: i64, values: &[f64]) {
        let series = json!({ "role": "flow", "start": hour(issue + 1), "step": "PT1H", "values": values });
        let body = json!({ "job_id": job, "issue_time": hour(issue), "series": [series] });
        self.app.post("/api/v1/predictions", &body).await.expect(200);
    }

    async fn scores(&self, query: &str) -> Vec<Value> {
        let window = "metric=flow&from=2023-09-01T00:00:00Z&to=2023-09-20T00:00:00Z";
        let found = self
            .app
            .ok(ADMIN, &format!("GET /accuracy?{window}&{query}"), Value::Null)
            .await;
        found.as_array().unwrap().clone()
    }
}

/// Returns a value between 0 and 20 that depends on its arguments only.
fn value(hour: i64, salt: i64) -> f64 {
    ((hour * 7919 + salt * 104_729) % 200) as f64 / 10.0
}

const QUERIES: [&str; 4] = [
    "lead_edges=PT1H,PT7H,PT25H&reference=persistence&threshold=10&revision=true",
    "lead_edges=PT1H,PT25H&issues=all&by=hour&reference=daily",
    "lead_edges=PT1H,PT25H&issues=newest&by=day&tz=Europe/Berlin",
    "reference=climatology&common=true",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn scores_do_not_depend_on_the_order_of_posts_on_repeats_or_on_revisions() {
    let readings: Vec<_> = (0..200).map(|hour| value(hour, 0)).collect();
    let weir = Weir::start(&readings).await;
    let forecast = |issue: i64| (1..=24).map(|ahead| value(issue + ahead, issue)).collect::<Vec<_>>();
    let in_order = weir.job("In order", "model", "1", json!({})).await;
    for issue in (0..150).step_by(3) {
        weir.issue(&in_order, issue, &forecast(issue)).await;
    }
    let backwards = weir.job("Backwards", "model", "1", json!({})).await;
    for issue in (0..50).rev().map(|number| number * 3) {
        weir.issue(&backwards, issue, &forecast(issue)).await;
        weir.issue(&backwards, issue, &forecast(issue)).await;
    }
    let corrected = weir.job("Corrected", "model", "1", json!({})).await;
    for issue in (0..150).step_by(3) {
        weir.issue(&corrected, issue, &[99.0; 24]).await;
        weir.app.advance_seconds(1);
        weir.issue(&corrected, issue, &forecast(issue)).await;
    }
    let now = weir.app.now();
    for query in QUERIES {
        let mut expected = weir.scores(&format!("job_id={in_order}&{query}")).await;
        assert!(expected.iter().any(|row| row["mae"].is_number()), "{query}");
        expected.iter_mut().for_each(|row| row["job_id"] = Value::Null);
        for job in [&in_order, &backwards, &corrected] {
            for as_of in [String::new(), format!("&as_of={now}")] {
                let mut found = weir.scores(&format!("job_id={job}&{query}{as_of}")).await;
                found.iter_mut().for_each(|row| row["job_id"] = Value::Null);
                assert_eq!(found, expected, "{query}{as_of}");
            }
        }
    }
    recomputed(&weir, &corrected).await;
}

/// Recomputes the scores of a row from the table of its pairs.
async fn recomputed(weir: &Weir, job: &str) {
    let query = format!("job_id={job}&lead_edges=PT1H,PT25H&reference=persistence&issues=all");
    let row = &weir.scores(&query).await[0];
    let window = "metric=flow&from=2023-09-01T00:00:00Z&to=2023-09-20T00:00:00Z";
    let pairs = weir
        .app
        .ok(
            ADMIN,
            &format!("GET /accuracy/pairs?{window}&{query}&limit=10000"),
            Value::Null,
        )
        .await;
    let number = |pair: &Value, name: &str| pair[name].as_f64().unwrap();
    let pairs: Vec<_> = pairs
        .as_array()
        .unwrap()
        .iter()
        .map(|pair| ["value", "reading", "reference_value"].map(|name| number(pair, name)))
        .collect();
    let count = pairs.len() as f64;
    let sum = |of: &dyn Fn(f64, f64, f64) -> f64| {
        pairs
            .iter()
            .map(|[value, reading, other]| of(*value, *reading, *other))
            .sum::<f64>()
    };
    let absolute = sum(&|value, reading, _| (value - reading).abs());
    let square = sum(&|value, reading, _| (value - reading).powi(2));
    let mean = sum(&|_, reading, _| reading) / count;
    assert_eq!(row["pairs"], json!(pairs.len()));
    assert_near(row, "bias", sum(&|value, reading, _| value - reading) / count);
    assert_near(row, "mae", absolute / count);
    assert_near(row, "rmse", (square / count).sqrt());
    assert_near(row, "wape", 100.0 * absolute / sum(&|_, reading, _| reading.abs()));
    assert_near(row, "r2", 1.0 - square / sum(&|_, reading, _| (reading - mean).powi(2)));
    let reference = sum(&|_, reading, other| (other - reading).abs());
    assert_near(row, "reference_mae", reference / count);
    assert_near(row, "skill_mae", 1.0 - absolute / reference);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_score_that_is_undefined_is_null() {
    let weir = Weir::start(&[0.0, 0.0, 1.0, 1.0, 1.0]).await;
    let [model, reference, perfect] = [
        ("Model", [0.0, 2.0]),
        ("Reference", [0.0, 3.0]),
        ("Perfect", [0.0, 1.0]),
    ];
    for (source, values) in [model, reference, perfect] {
        let job = weir.job(source, source, "1", json!({})).await;
        weir.issue(&job, 0, &values).await;
    }
    // A published set: the skill is a half, and has no value over a perfect reference.
    let rows = weir
        .scores(&format!(
            "location_id={}&source=Model&reference=Reference@1",
            weir.place
        ))
        .await;
    assert_eq!(rows.len(), 1);
    assert_near(&rows[0], "skill_rmse", 0.5);
    assert_eq!((&rows[0]["better_days"], &rows[0]["days"]), (&json!(1), &json!(1)));
    let rows = weir
        .scores(&format!("location_id={}&source=Model&reference=Perfect", weir.place))
        .await;
    assert_eq!(
        (&rows[0]["reference_mae"], &rows[0]["skill_mae"]),
        (&json!(0.0), &Value::Null)
    );
    // One pair, of which the measurement is 0.
    let one = format!(
        "location_id={}&source=Model&to=2023-09-01T02:00:00Z&threshold=50",
        weir.place
    );
    let path = |format: &str| format!("/api/v1/accuracy?metric=flow&from=2023-09-01T00:00:00Z&{one}{format}");
    let found = weir.app.get(&path("")).await.expect(200);
    let row = &found[0];
    assert_eq!(
        (&row["pairs"], &row["mape_pairs"], &row["mae"]),
        (&json!(1), &json!(0), &json!(0.0))
    );
    for name in [
        "wape",
        "mape",
        "r2",
        "reference_mae",
        "skill_mae",
        "better_days",
        "mean_change",
        "flip_flop",
    ] {
        assert_eq!(row[name], Value::Null, "{name}");
    }
    let event = &row["events"][0];
    assert_eq!(event["correct_negatives"], json!(1));
    for name in ["hit_rate", "false_alarm_ratio", "csi", "frequency_bias", "ets"] {
        assert_eq!(event[name], Value::Null, "{name}");
    }
    let csv = weir.app.get(&path("&format=csv")).await.text;
    let cells: Vec<Vec<_>> = csv.lines().map(|line| line.split(',').collect()).collect();
    let column = |name: &str| cells[0].iter().position(|column| *column == name).unwrap();
    for name in ["wape", "r2", "skill_mae", "ge_50_hit_rate"] {
        assert_eq!(cells[1][column(name)], "", "{name}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn measurements_that_do_not_fit_are_refused_with_the_reason() {
    let weir = Weir::start(&[1.0, 2.0, 3.0, 4.0]).await;
    let job = weir
        .job(
            "Model",
            "model",
            "1",
            json!({ "interval": "PT1H", "label": "ending", "method": "mean" }),
        )
        .await;
    weir.issue(&job, 0, &[2.0, 3.0, 4.0]).await;
    let path = |more: &str| {
        format!("/api/v1/accuracy?metric=flow&job_id={job}&from=2023-09-01T00:00:00Z&to=2023-09-02T00:00:00Z{more}")
    };
    let refused = async |more: &str, words: &[&str]| {
        let answer = weir.app.get(&path(more)).await;
        answer.expect_problem(400, &["sensor_id"]);
        for word in words {
            assert!(answer.text.contains(word), "{word}: {}", answer.text);
        }
    };
    assert_eq!(weir.app.get(&path("")).await.expect(200)[0]["pairs"], json!(3));
    // Both sensors are named, and one of them can be chosen.
    let other = weir.sensor("Other gauge", json!({ "unit": "m³/h" })).await;
    refused("", &["several sensors", "Gauge", "Other gauge", &weir.sensor, &other]).await;
    let chosen = weir.app.get(&path(&format!("&sensor_id={}", weir.sensor))).await;
    assert_eq!(chosen.expect(200)[0]["pairs"], json!(3));
    refused(&format!("&sensor_id={other}"), &["l/s", "m³/h", "never converted"]).await;
    let daily = json!({ "unit": "l/s", "interval": "P1D", "label": "ending", "method": "mean" });
    let daily = weir.sensor("Daily gauge", daily).await;
    refused(&format!("&sensor_id={daily}"), &["longer interval"]).await;
    let foreign = "0b5d6f0e-6d1c-4e0b-9a53-2f4c1d7a9e51";
    weir.app
        .get(&path(&format!("&sensor_id={foreign}")))
        .await
        .expect_problem(404, &[]);
    let path = format!("/api/v1/accuracy?metric=flow&location_id={foreign}");
    weir.app.get(&path).await.expect_problem(404, &[]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn measurements_beside_the_hour_are_found_within_the_tolerance() {
    let weir = Weir::start(&[9.0]).await;
    let job = weir.job("Model", "model", "1", json!({})).await;
    weir.issue(&job, 0, &[1.0, 2.0, 3.0]).await;
    let minutes = ["00:55", "01:05", "02:06", "03:01"];
    let reading = |(number, minute): (usize, &&str)| json!({ "sensor_id": weir.sensor, "time": format!("2023-09-01T{minute}:00Z"), "value": number });
    let readings: Vec<_> = minutes.iter().enumerate().map(reading).collect();
    weir.app.post("/api/v1/readings", &json!(readings)).await.expect(200);
    let exact = weir.scores(&format!("job_id={job}")).await;
    assert_eq!(
        (&exact[0]["pairs"], &exact[0]["without_reading"]),
        (&json!(0), &json!(3))
    );
    let near = weir.scores(&format!("job_id={job}&match=nearest&tolerance=PT5M")).await;
    // Of two equally near readings the earlier one counts; six minutes are too many.
    assert_eq!((&near[0]["pairs"], &near[0]["without_reading"]), (&json!(2), &json!(1)));
    assert_near(&near[0], "bias", 0.5);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_window_that_is_split_into_too_many_rows_is_refused() {
    let weir = Weir::start(&[1.0]).await;
    let job = weir.job("Model", "model", "1", json!({})).await;
    weir.issue(&job, 0, &vec![1.0; 60_000]).await;
    let path = |by: &str| {
        format!(
            "/api/v1/accuracy?metric=flow&job_id={job}&from=2023-09-01T00:00:00Z&to=2033-09-01T00:00:00Z&lead_edges=PT0S,P3000D{by}"
        )
    };
    assert_eq!(
        weir.app
            .get(&path("&by=day&limit=10000"))
            .await
            .expect(200)
            .as_array()
            .unwrap()
            .len(),
        2501
    );
    let refused = weir.app.get(&path("&by=day&by=hour")).await;
    refused.expect_problem(400, &["by"]);
    assert!(refused.text.contains("narrow the window"), "{}", refused.text);
}
