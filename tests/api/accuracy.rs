//! How far predictions were off: published numbers on real weather, the rules of pairing, and the parameters' errors.

use std::{collections::BTreeMap, io::Read};

use flate2::read::GzDecoder;
use prediction_api::domain::Timestamp;
use serde_json::{Value, json};

use crate::app::{ADMIN, TestApp};

const WEATHER: &[u8] = include_bytes!("../../assets/docs/weather_nyc_2013.csv.gz");
pub const HOUR: i64 = 3_600_000_000;
const ALL: &str = "metric=temperature&from=2013-01-01T00:00:00Z&to=2014-01-01T00:00:00Z";

fn at(text: &str) -> i64 {
    Timestamp::parse(text).unwrap().micros()
}

fn text(micros: i64) -> String {
    Timestamp::from_micros(micros).to_string()
}

/// The temperatures of a station by their time, in microseconds.
pub fn temperatures(station: &str) -> BTreeMap<i64, f64> {
    let mut csv = String::new();
    GzDecoder::new(WEATHER).read_to_string(&mut csv).unwrap();
    let lines = csv.lines().filter(|line| line.starts_with(station));
    let value = |line: &str| {
        let cells: Vec<_> = line.split(',').collect();
        Some((at(cells[1]), cells[2].parse().ok()?))
    };
    lines.filter_map(value).collect()
}

/// Issues of a model: their times, and the values of their valid times.
pub type Issues = Vec<(i64, Vec<(i64, f64)>)>;

/// Returns the issues of two models of the temperature, each with a forecast of 48 hours each day: the day before, and the
/// mean of a week, which leaves out each fifth day.
pub fn forecasts(readings: &BTreeMap<i64, f64>) -> [Issues; 2] {
    let first = at("2013-04-02T04:00:00Z");
    let [mut day_before, mut week_mean] = [Issues::new(), Issues::new()];
    for day in 0..213 {
        let issue = first + day * 24 * HOUR;
        let past = |valid: i64, days: i64| readings.get(&(valid - days * 24 * HOUR)).copied();
        // The last day of which the same hour is known at the issue.
        let known = |valid: i64| (valid - issue + 24 * HOUR - 1) / (24 * HOUR);
        let hours = || (1..=48).map(|hour| issue + hour * HOUR);
        let before = hours().filter_map(|valid| Some((valid, past(valid, known(valid))?)));
        day_before.push((issue, before.collect()));
        if day % 5 != 4 {
            let mean = |valid: i64| {
                let week: Option<Vec<f64>> = (0..7).map(|more| past(valid, known(valid) + more)).collect();
                let mean = week?.iter().sum::<f64>() / 7.0;
                Some((valid, (mean * 100.0).round() / 100.0))
            };
            week_mean.push((issue, hours().filter_map(mean).collect()));
        }
    }
    [day_before, week_mean]
}

/// A server with the temperatures of a station, and the two models of them.
pub struct Weather {
    pub app: TestApp,
    pub sensor: String,
    day_before: String,
    week_mean: String,
}

impl Weather {
    pub async fn start() -> Self {
        Self::start_at("EWR").await
    }

    /// Starts a server with the weather of a station.
    pub async fn start_at(station: &str) -> Self {
        let app = TestApp::start().await;
        let readings = temperatures(station);
        let home = app.organisation("Home").await;
        let station = json!({ "organisation_id": home, "name": "Newark", "latitude": 40.7, "longitude": -74.2 });
        let station = app.make("/api/v1/locations", &station).await;
        let sensor = json!({ "organisation_id": home, "name": "Thermometer", "metric": "temperature", "unit": "°C",
            "location_id": station });
        let sensor = app.make("/api/v1/sensors", &sensor).await;
        let rows: Vec<_> = readings
            .iter()
            .map(|(time, value)| json!({ "sensor_id": sensor, "time": text(*time), "value": value }))
            .collect();
        app.post("/api/v1/readings", &json!(rows)).await.expect(200);
        let mut jobs = Vec::new();
        for (source, version) in [("day-before", "1.0.0"), ("week-mean", "2.0.0")] {
            let output = json!({ "role": "temperature", "metric": "temperature", "unit": "°C",
                "classes": [{ "from": -40, "name": "cool" }, { "from": 25, "name": "warm" }, { "from": 30, "name": "hot" }] });
            let setup = json!({
                "organisation_id": home,
                "source": { "name": source },
                "source_version": {
                    "version": version,
                    "input_roles": [{ "role": "air", "input_kind": "sensor", "metric": "temperature" }],
                    "output_roles": [output],
                },
                "job": { "name": source },
                "role_bindings": [{ "role": "air", "input_type": "sensor", "input_id": sensor }],
            });
            let job = app.ok(ADMIN, "POST /jobs/setup", setup).await;
            jobs.push(job["id"].as_str().unwrap().to_owned());
        }
        let [day_before, week_mean] = jobs.try_into().unwrap();
        let weather = Self {
            app,
            sensor,
            day_before,
            week_mean,
        };
        let jobs = [&weather.day_before, &weather.week_mean];
        for (job, issues) in jobs.into_iter().zip(forecasts(&readings)) {
            for (issue, points) in issues {
                weather.issue(job, issue, points).await;
            }
        }
        weather
    }

    async fn issue(&self, job: &str, issue: i64, points: Vec<(i64, f64)>) {
        let point =
            |(time, value): (i64, f64)| json!({ "role": "temperature", "valid_time": text(time), "value": value });
        let points: Vec<_> = points.into_iter().map(point).collect();
        let body = json!({ "job_id": job, "issue_time": text(issue), "predictions": points });
        self.app.post("/api/v1/predictions", &body).await.expect(200);
    }

    pub async fn scores(&self, query: &str) -> Vec<Value> {
        let found = self.app.ok(ADMIN, &format!("GET /accuracy?{query}"), Value::Null).await;
        found.as_array().unwrap().clone()
    }

    /// Returns the scores of both models for one and two days ahead, with more parameters.
    pub async fn days(&self, more: &str) -> Vec<Value> {
        let jobs = format!("job_id={}&job_id={}", self.day_before, self.week_mean);
        self.scores(&format!("{ALL}&{jobs}&lead_edges=PT1H,PT25H,PT49H&{more}"))
            .await
    }
}

pub fn assert_near(row: &Value, name: &str, expected: f64) {
    let found = row[name]
        .as_f64()
        .unwrap_or_else(|| panic!("{name} is {}: {row}", row[name]));
    assert!(
        (found - expected).abs() <= 1e-6 * expected.abs().max(1.0),
        "{name}: {found}, not {expected}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn scores_on_real_weather_are_those_of_an_independent_program() {
    let weather = Weather::start().await;
    let rows = weather.days("threshold=25&threshold=30").await;
    #[rustfmt::skip]
    let expected = [
        ("day-before", 5079, [-0.032_644, 2.777_909, 3.690_284, 14.064_710, 18.509_230, 0.712_490], 5075, [957, 343, 344, 3435], [197, 112, 112, 4658]),
        ("day-before", 5078, [-0.106_499, 3.709_413, 4.851_037, 18.709_159, 24.380_475, 0.489_908], 5074, [871, 428, 431, 3348], [150, 160, 159, 4609]),
        ("week-mean", 4005, [-0.102_547, 3.259_466, 4.188_076, 16.503_175, 22.311_853, 0.628_216], 4001, [656, 229, 373, 2747], [60, 70, 176, 3699]),
        ("week-mean", 4002, [-0.215_525, 3.459_118, 4.530_799, 17.411_470, 22.293_098, 0.547_810], 3998, [621, 264, 381, 2736], [55, 75, 190, 3682]),
    ];
    assert_eq!(rows.len(), expected.len());
    for (row, (source, pairs, scores, mape_pairs, warm, hot)) in rows.iter().zip(expected) {
        assert_eq!((&row["source"], &row["pairs"]), (&json!(source), &json!(pairs)));
        assert_eq!(
            (&row["mape_pairs"], &row["late_pairs"]),
            (&json!(mape_pairs), &json!(pairs))
        );
        assert_eq!(row["sensor_id"], json!(weather.sensor));
        for (name, expected) in ["bias", "mae", "rmse", "wape", "mape", "r2"].into_iter().zip(scores) {
            assert_near(row, name, expected);
        }
        for (event, counts) in row["events"].as_array().unwrap().iter().zip([warm, hot]) {
            let found =
                ["hits", "false_alarms", "misses", "correct_negatives"].map(|name| event[name].as_i64().unwrap());
            assert_eq!(found, counts);
        }
    }
    let hot = &rows[0]["events"][1];
    assert_near(hot, "csi", 0.467_933);
    assert_near(hot, "ets", 0.443_064);
    assert_near(hot, "hit_rate", 0.637_54);

    // Without the days that one of them lacks, they can be compared.
    let rows = weather.days("common=true&reference=day-before@1.0.0").await;
    let [one, two] = [&rows[2], &rows[3]];
    for (row, pairs, days) in [(one, 4005, [91, 121, 212]), (two, 4002, [122, 90, 212])] {
        assert_eq!(row["pairs"], json!(pairs));
        let found = ["better_days", "worse_days", "days"].map(|name| row[name].as_i64().unwrap());
        assert_eq!(found, days);
    }
    assert_near(&rows[0], "mae", 2.748_639);
    assert_near(&rows[0], "rmse", 3.714_263);
    assert_near(&rows[1], "mae", 3.740_080);
    assert_near(one, "skill_mae", -0.185_847);
    assert_near(one, "skill_rmse", -0.127_566);
    assert_near(two, "skill_mae", 0.075_122);
    assert_near(two, "skill_rmse", 0.078_139);

    // The same time of the last known day is what the first model predicts.
    for row in weather.days("reference=daily&source=day-before").await {
        assert_eq!((&row["skill_mae"], &row["skill_rmse"]), (&json!(0.0), &json!(0.0)));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn references_and_intervals_on_real_weather_are_those_of_an_independent_program() {
    let weather = Weather::start().await;
    let window = "metric=temperature&from=2013-04-02T05:00:00Z&to=2013-11-02T05:00:00Z&lead_edges=PT1H,PT25H,PT49H";
    let of = async |reference: &str| {
        let job = &weather.day_before;
        weather
            .scores(&format!("{window}&job_id={job}&reference={reference}"))
            .await
    };
    let rows = of("persistence").await;
    for (row, without, mae, skill, skill_rmse) in [
        (&rows[0], [16, 40], 3.293_739, 0.156_609, 0.153_585),
        (&rows[1], [17, 41], 4.210_299, 0.118_967, 0.107_786),
    ] {
        let found = ["without_reading", "without_prediction"].map(|name| row[name].as_i64().unwrap());
        assert_eq!(found, without);
        assert_near(row, "reference_mae", mae);
        assert_near(row, "skill_mae", skill);
        assert_near(row, "skill_rmse", skill_rmse);
    }
    let rows = of("climatology").await;
    assert_near(&rows[0], "reference_mae", 5.365_337);
    assert_near(&rows[1], "reference_mae", 5.303_804);
    assert_near(&rows[0], "skill_mae", 0.482_249);
    assert_near(&rows[1], "skill_mae", 0.300_613);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn values_for_an_interval_are_compared_with_the_aggregate_of_its_readings() {
    let weather = Weather::start().await;
    let readings = temperatures("EWR");
    let output = |label: &str| json!({ "role": "mean", "metric": "temperature", "unit": "°C", "interval": "PT3H", "label": label, "method": "mean" });
    let input = json!({ "role": "air", "input_kind": "sensor", "metric": "temperature" });
    let [sensor] = [&weather.sensor];
    let found = weather
        .app
        .ok(ADMIN, &format!("GET /sensors/{sensor}"), Value::Null)
        .await;
    for (label, pairs, without, mae, rmse) in [
        ("ending", 1685, 11, 2.775_786, 3.654_380),
        ("beginning", 1684, 12, 2.903_266, 3.790_084),
    ] {
        let setup = json!({
            "organisation_id": found["organisation_id"],
            "source": { "name": label },
            "source_version": { "version": "1", "input_roles": [input], "output_roles": [output(label)] },
            "job": { "name": label },
            "role_bindings": [{ "role": "air", "input_type": "sensor", "input_id": sensor }],
        });
        let job = weather.app.ok(ADMIN, "POST /jobs/setup", setup).await;
        let job = job["id"].as_str().unwrap();
        for day in 0..213 {
            let issue = at("2013-04-02T04:00:00Z") + day * 24 * HOUR;
            let hours = (1..=8).map(|step| issue + step * 3 * HOUR);
            let point = |valid: i64| {
                let value = readings.get(&(valid - 24 * HOUR))?;
                Some(json!({ "role": "mean", "valid_time": text(valid), "value": value }))
            };
            let points: Vec<_> = hours.filter_map(point).collect();
            let body = json!({ "job_id": job, "issue_time": text(issue), "predictions": points });
            weather.app.post("/api/v1/predictions", &body).await.expect(200);
        }
        let query = format!("{ALL}&job_id={job}&lead_edges=PT1H,PT25H&min_coverage=1");
        let rows = weather.scores(&query).await;
        assert_eq!(
            (&rows[0]["pairs"], &rows[0]["without_reading"]),
            (&json!(pairs), &json!(without)),
            "{label}"
        );
        assert_near(&rows[0], "mae", mae);
        assert_near(&rows[0], "rmse", rmse);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_and_pairs_come_in_pages_and_as_csv() {
    let weather = Weather::start().await;
    let query = format!(
        "{ALL}&job_id={}&job_id={}&lead_edges=PT1H,PT25H,PT49H&by=month&threshold=30&classes=true&reference=daily",
        weather.day_before, weather.week_mean
    );
    let whole = weather.scores(&query).await;
    assert!(whole.len() > 28, "{}", whole.len());
    for limit in [1, 7, 28] {
        let (mut rows, mut path) = (Vec::new(), format!("/api/v1/accuracy?{query}&limit={limit}"));
        loop {
            let page = weather.app.get(&path).await;
            let found = page.expect(200);
            assert!(found.as_array().unwrap().len() <= limit);
            rows.extend(found.as_array().unwrap().clone());
            let link = page.header("link").to_owned();
            let Some(next) = link.strip_prefix('<').and_then(|link| link.split('>').next()) else {
                break;
            };
            path = next.to_owned();
        }
        assert_eq!(rows, whole, "{limit}");
    }
    let csv = weather.app.get(&format!("/api/v1/accuracy?{query}&format=csv")).await;
    let lines: Vec<_> = csv.text.lines().collect();
    assert_eq!(lines.len(), whole.len() + 1);
    let columns: Vec<_> = lines[0].split(',').collect();
    let column = |name: &str| {
        columns
            .iter()
            .position(|column| *column == name)
            .unwrap_or_else(|| panic!("{name}"))
    };
    let first: Vec<_> = lines[1].split(',').collect();
    assert_eq!(first[column("month")], whole[0]["month"]);
    assert_eq!(first[column("ge_30_hits")], whole[0]["events"][0]["hits"].to_string());
    let hot = &whole[0]["classes"]["counts"][2][2];
    assert_eq!(first[column("predicted_hot_measured_hot")], hot.to_string());

    // The same answer is not sent twice.
    let path = format!("/api/v1/accuracy?{query}");
    let tag = weather.app.get(&path).await.header("etag").to_owned();
    assert_ne!(tag, csv.header("etag"));
    let again = weather.app.request("GET".parse().unwrap(), &path).bearer_auth(ADMIN);
    let again = weather.app.send(again.header("If-None-Match", &tag)).await;
    assert_eq!((again.status, again.text.as_str(), tag.len()), (304, "", 34));

    // The pairs of a week, of both models, in pages that end within a time.
    let week = format!(
        "metric=temperature&job_id={}&job_id={}&lead_edges=PT1H,PT25H,PT49H&from=2013-06-01T00:00:00Z&to=2013-06-03T00:00:00Z",
        weather.day_before, weather.week_mean
    );
    let all = weather
        .app
        .get(&format!("/api/v1/accuracy/pairs?{week}&limit=10000"))
        .await
        .expect(200);
    let all = all.as_array().unwrap();
    let scores = weather.scores(&week).await;
    let pairs: u64 = scores.iter().map(|row| row["pairs"].as_u64().unwrap()).sum();
    assert_eq!(all.len() as u64, pairs);
    let sum: f64 = all.iter().map(|pair| pair["error"].as_f64().unwrap().abs()).sum();
    let expected: f64 = scores
        .iter()
        .map(|row| row["mae"].as_f64().unwrap() * row["pairs"].as_f64().unwrap())
        .sum();
    assert!((sum - expected).abs() < 1e-6, "{sum} {expected}");
    let (mut rows, mut path) = (Vec::new(), format!("/api/v1/accuracy/pairs?{week}&limit=33"));
    loop {
        let page = weather.app.get(&path).await;
        rows.extend(page.expect(200).as_array().unwrap().clone());
        let link = page.header("link").to_owned();
        let Some(next) = link.strip_prefix('<').and_then(|link| link.split('>').next()) else {
            break;
        };
        path = next.to_owned();
    }
    assert_eq!(&rows, all);
    let pooled = weather.scores(&format!("{week}&pool=true")).await;
    assert_eq!(pooled.len(), scores.len(), "versions are never added up");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_known_decides_and_bad_requests_say_why() {
    let weather = Weather::start().await;
    let job = &weather.day_before;
    let app = &weather.app;
    let query = format!("{ALL}&job_id={job}&lead_edges=PT1H,PT25H");
    let before = weather.scores(&query).await;
    app.advance_minutes(1);
    let known = app.now();
    app.advance_minutes(1);
    let corrected = json!([{ "sensor_id": weather.sensor, "time": "2013-06-01T12:00:00Z", "value": 99.0 }]);
    app.post("/api/v1/readings", &corrected).await.expect(200);
    assert_ne!(weather.scores(&query).await[0]["mae"], before[0]["mae"]);
    assert_eq!(weather.scores(&format!("{query}&as_of={known}")).await, before);
    assert_eq!(
        weather.scores(&format!("{query}&late=exclude")).await,
        Vec::<Value>::new()
    );
    let few = weather.scores(&format!("{query}&min_pairs=100000")).await;
    assert_eq!((&few[0]["mae"], &few[0]["pairs"]), (&Value::Null, &before[0]["pairs"]));
    let revised = weather
        .scores(&format!("{ALL}&job_id={job}&lead_edges=PT1H,PT49H&revision=true"))
        .await;
    assert!(revised[0]["mean_change"].as_f64().unwrap() > 0.0);
    assert_eq!(revised[0]["flip_flop"], Value::Null);

    let bad = async |more: &str, places: &[&str]| {
        let path = format!("/api/v1/accuracy?metric=temperature&{more}");
        app.get(&path).await.expect_problem(400, places);
    };
    bad("", &["job_id"]).await;
    bad(
        &format!(
            "job_id={job}&lead_edges=PT2H,PT1H&tz=Mars&match=nearest&sensor_id={}&truth=analysis&event=gt",
            weather.sensor
        ),
        &["lead_edges", "tz", "tolerance", "sensor_id", "event"],
    )
    .await;
    bad(
        &format!("job_id={job}&from=2014-01-01T00:00:00Z&to=2013-01-01T00:00:00Z"),
        &["to"],
    )
    .await;
    bad(&format!("job_id={job}&threshold=warm"), &["threshold"]).await;
    bad("source=nothing", &["source"]).await;
    let foreign = "0b5d6f0e-6d1c-4e0b-9a53-2f4c1d7a9e51";
    let path = format!("/api/v1/accuracy?metric=temperature&job_id={foreign}");
    app.get(&path).await.expect_problem(404, &[]);
    assert_eq!(
        weather.scores(&format!("metric=rain&job_id={job}")).await,
        Vec::<Value>::new()
    );

    // Units are never converted.
    let sensor = app
        .ok(ADMIN, &format!("GET /sensors/{}", weather.sensor), Value::Null)
        .await;
    let other =
        json!({ "organisation_id": sensor["organisation_id"], "name": "F", "metric": "temperature", "unit": "°F" });
    let other = app.make("/api/v1/sensors", &other).await;
    bad(&format!("job_id={job}&sensor_id={other}"), &["sensor_id"]).await;
}
