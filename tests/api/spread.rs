//! Quantiles and members: what is posted with the values, and what reads return of it.

use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    app::{ADMIN, Answer},
    field::{Field, WINDOW, at, issued},
};

/// A field with a job of its own, whose version predicts a temperature with quantiles and a rain with members.
pub struct Spread {
    pub field: Field,
    pub job: String,
}

impl Spread {
    pub async fn start() -> Self {
        let field = Field::start().await;
        let body = json!({
            "organisation_id": field.home, "job": { "name": "Spread", "location_id": field.there },
            "source": { "name": "spread" },
            "source_version": { "version": "1", "input_roles": [], "output_roles": [
                { "role": "temperature", "metric": "temperature", "unit": "°C", "quantiles": [0.1, 0.5, 0.9] },
                { "role": "rain", "metric": "rain", "unit": "mm", "members": 4 },
                { "role": "plain", "metric": "plain" }
            ] },
            "role_bindings": []
        });
        let job = field.app.ok(ADMIN, "POST /jobs/setup", body).await;
        let job = job["id"].as_str().unwrap().to_owned();
        Self { field, job }
    }

    pub async fn try_post(&self, mut body: Value) -> Answer {
        body["job_id"] = json!(self.job);
        self.field.app.post("/api/v1/predictions", &body).await
    }

    pub async fn post(&self, body: Value) -> Value {
        self.try_post(body).await.expect(200)
    }

    pub async fn read(&self, query: &str) -> Value {
        let path = format!("GET /predictions?job_id={}&{WINDOW}&{query}", self.job);
        self.field.app.ok(ADMIN, &path, Value::Null).await
    }

    pub async fn text(&self, query: &str) -> String {
        let path = format!("/api/v1/predictions?job_id={}&{WINDOW}&{query}", self.job);
        self.field.app.get(&path).await.text
    }
}

fn temperature(hour: u32, quantiles: [f64; 3]) -> Value {
    let [low, median, high] = quantiles;
    json!({ "role": "temperature", "valid_time": at(hour), "quantiles": { "0.1": low, "0.5": median, "0.9": high } })
}

fn rain(hour: u32, members: &[f64]) -> Value {
    json!({ "role": "rain", "valid_time": at(hour), "members": members })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn quantiles_and_members_are_returned_if_a_request_asks_for_them() {
    let spread = Spread::start().await;
    let points = json!([
        temperature(1, [10.5, 12.0, 14.0]),
        rain(1, &[0.0, 0.0, 3.0]),
        { "role": "plain", "valid_time": at(1), "value": 7 },
    ]);
    let counts = spread.post(json!({ "issue_time": at(0), "predictions": points })).await;
    assert_eq!(counts["stored"], 3);
    let rows = spread.read("metric=all").await;
    let of = |rows: &Value, member: &str| -> Vec<Value> {
        rows.as_array().unwrap().iter().map(|row| row[member].clone()).collect()
    };
    // Without a value it is the median, or the mean of the members.
    assert_eq!(of(&rows, "metric"), ["plain", "rain", "temperature"]);
    assert_eq!(of(&rows, "value"), [json!(7.0), json!(1.0), json!(12.0)]);
    assert_eq!(of(&rows, "quantiles"), [Value::Null, Value::Null, Value::Null]);
    let rows = spread.read("metric=all&spread=all").await;
    let quantiles = json!({ "0.1": 10.5, "0.5": 12.0, "0.9": 14.0 });
    assert_eq!(of(&rows, "quantiles"), [Value::Null, Value::Null, quantiles]);
    assert_eq!(of(&rows, "members"), [Value::Null, json!([0.0, 0.0, 3.0]), Value::Null]);
    let rows = spread.read("metric=all&spread=0.9,0.25").await;
    assert_eq!(
        of(&rows, "quantiles"),
        [Value::Null, Value::Null, json!({ "0.9": 14.0 })]
    );
    assert_eq!(of(&rows, "members"), [Value::Null, Value::Null, Value::Null]);
    let rows = spread.read("metric=all&spread=members&exceeds=0.5").await;
    assert_eq!(of(&rows, "quantiles"), [Value::Null, Value::Null, Value::Null]);
    let third = 1.0 / 3.0;
    assert_eq!(of(&rows, "probability"), [Value::Null, json!(third), json!(0.9)]);
    let path = format!(
        "GET /predictions/latest?job_id={}&metric=temperature&spread=all&exceeds=14",
        spread.job
    );
    let latest = spread.field.app.ok(ADMIN, &path, Value::Null).await;
    assert_eq!(
        latest[0]["quantiles"],
        json!({ "0.1": [10.5], "0.5": [12.0], "0.9": [14.0] })
    );
    assert_eq!(latest[0]["probability"], json!([1.0 - 0.9]));
    let rows = spread.read("metric=temperature&below=13").await;
    assert_eq!(of(&rows, "probability"), [json!(0.7)]);
    assert_eq!(of(&rows, "quantiles"), [Value::Null]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn series_and_csv_are_posted_back_as_they_were_read() {
    let spread = Spread::start().await;
    let series = json!([
        { "role": "temperature", "start": at(1), "step": "PT1H", "values": [12.5, 13, 15],
          "quantiles": { "0.1": [10, 11.25, 12], "0.5": [12, 13, 15], "0.9": [14, 14, 20] } },
        { "role": "rain", "start": at(1), "step": "PT1H", "members": [[0, 1, 2], [0, 4, 2.5]] },
    ]);
    let counts = spread.post(json!({ "issue_time": at(0), "series": series })).await;
    assert_eq!(counts["stored"], 6);
    let read = spread.read("metric=all&shape=series&spread=all&exceeds=12").await;
    assert_eq!(read[1]["quantiles"]["0.1"], json!([10.0, 11.25, 12.0]));
    assert_eq!(read[1]["values"], json!([12.5, 13.0, 15.0]));
    assert_eq!(read[1]["probability"][0], 0.5);
    assert_eq!(read[0]["members"], json!([[0.0, 1.0, 2.0], [0.0, 4.0, 2.5]]));
    assert_eq!(read[0]["values"], json!([0.0, 2.5, 2.25]));
    let counts = spread.post(json!({ "series": read })).await;
    assert_eq!((&counts["unchanged"], &counts["revised"]), (&json!(6), &json!(0)));
    let csv = spread.text("metric=all&format=csv&spread=all&below=12").await;
    let mut lines = csv.lines();
    let header = lines.next().unwrap();
    assert!(
        header.ends_with(",location_id,q0.1,q0.5,q0.9,m1,m2,m3,m4,probability"),
        "{header}"
    );
    assert!(lines.next().unwrap().ends_with(",,,,0.0,0.0,,,1.0"), "{csv}");
    let request = spread
        .field
        .app
        .request(Method::POST, "/api/v1/predictions")
        .bearer_auth(ADMIN);
    let request = request.header("content-type", "text/csv").body(csv);
    let counts = spread.field.app.send(request).await.expect(200);
    assert_eq!((&counts["unchanged"], &counts["revised"]), (&json!(6), &json!(0)));
    // Thinning keeps the numbers of the values that it keeps.
    let thinned = spread
        .read("metric=temperature&shape=series&max_points=10&spread=0.9")
        .await;
    assert_eq!(thinned[0]["quantiles"], json!({ "0.9": [14.0, 14.0, 20.0] }));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_changed_quantile_is_a_revision_of_the_whole_point() {
    let spread = Spread::start().await;
    let first = json!([temperature(1, [10.0, 12.0, 14.0]), temperature(2, [11.0, 13.0, 15.0])]);
    spread.post(json!({ "issue_time": at(0), "predictions": first })).await;
    let before = spread.field.app.now().to_string();
    spread.field.app.advance_minutes(1);
    let changed = json!([temperature(1, [10.0, 12.0, 14.5]), temperature(2, [11.0, 13.0, 15.0])]);
    let counts = spread
        .post(json!({ "issue_time": at(0), "predictions": changed }))
        .await;
    assert_eq!((&counts["revised"], &counts["unchanged"]), (&json!(1), &json!(1)));
    let high = |rows: &Value| -> Vec<f64> {
        let of = |row: &Value| row["quantiles"]["0.9"].as_f64().unwrap();
        rows.as_array().unwrap().iter().map(of).collect()
    };
    assert_eq!(high(&spread.read("metric=temperature&spread=all").await), [14.5, 15.0]);
    let then = spread
        .read(&format!("metric=temperature&spread=all&as_of={before}"))
        .await;
    assert_eq!(high(&then), [14.0, 15.0]);
    // A withdrawal takes the numbers with the value, which can come back.
    let gone = json!([{ "role": "temperature", "valid_time": at(1), "value": null }]);
    let counts = spread.post(json!({ "issue_time": at(0), "predictions": gone })).await;
    assert_eq!(counts["withdrawn"], 1);
    assert_eq!(high(&spread.read("metric=temperature&spread=all").await), [15.0]);
    let back = json!([temperature(1, [10.0, 12.0, 14.5])]);
    let counts = spread.post(json!({ "issue_time": at(0), "predictions": back })).await;
    assert_eq!(counts["revised"], 1);
    assert_eq!(high(&spread.read("metric=temperature&spread=all").await), [14.5, 15.0]);
    // A newer issue has numbers of its own.
    let newer = json!([temperature(2, [1.0, 2.0, 3.0])]);
    spread
        .post(json!({ "issue_time": "2023-10-26T23:00:00Z", "predictions": newer }))
        .await;
    let all = spread.read("metric=temperature&spread=all&issues=all").await;
    assert_eq!(high(&all), [14.5, 3.0, 15.0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_fault_of_a_spread_is_named_with_its_place() {
    let spread = Spread::start().await;
    let crossing = temperature(1, [10.0, 9.0, 14.0]);
    let mut few = temperature(1, [1.0, 2.0, 3.0]);
    few["quantiles"].as_object_mut().unwrap().remove("0.9");
    let mut null = temperature(1, [1.0, 2.0, 3.0]);
    null["value"] = Value::Null;
    let mut both = temperature(1, [1.0, 2.0, 3.0]);
    both["members"] = json!([1, 2]);
    let plain = |role: &str| json!({ "role": role, "valid_time": at(1), "value": 1 });
    let mut undeclared = plain("plain");
    undeclared["members"] = json!([1, 2]);
    let unvalued = json!({ "role": "plain", "valid_time": at(1) });
    for (point, pointer, detail) in [
        (crossing, "/quantiles/0.5", "less than the quantile of the level below"),
        (few, "/quantiles", "exactly the levels of the role: 0.1, 0.5, 0.9"),
        (null, "/value", "leave out its quantiles"),
        (both, "/members", "cannot be combined"),
        (
            plain("temperature"),
            "/quantiles",
            "is missing: the role declares quantiles",
        ),
        (plain("rain"), "/members", "is missing: the role declares members"),
        (rain(1, &[1.0; 5]), "/members", "are 5, and the role declares at most 4"),
        (rain(1, &[]), "/members", "is empty"),
        (undeclared, "/members", "the role declares no members"),
        (unvalued, "/value", "is missing"),
    ] {
        let text = point.to_string();
        let fault = spread.try_post(json!({ "predictions": [point] })).await.expect(422);
        let found = &fault["errors"][0];
        assert_eq!(
            found["pointer"],
            json!(format!("#/predictions/0{pointer}")),
            "{text}: {fault}"
        );
        assert!(found["detail"].as_str().unwrap().contains(detail), "{text}: {fault}");
    }
    let series = |more: Value| {
        let mut series = json!({ "role": "temperature", "start": at(1), "step": "PT1H", "values": [1, 2] });
        series
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        json!({ "series": [series] })
    };
    let quantiles = |low: Value| json!({ "quantiles": { "0.1": low, "0.5": [1, 2], "0.9": [3, 3] } });
    for (more, pointer, detail) in [
        (
            quantiles(json!([1])),
            "/quantiles/0.1",
            "has 1 entries, and there are 2 values",
        ),
        (quantiles(json!([0, 2.5])), "/quantiles/0.5/1", "less than"),
        (
            quantiles(json!([0, null])),
            "/quantiles/0.1/1",
            "is null, and other numbers",
        ),
        (json!({}), "/quantiles", "is missing"),
        (json!({ "members": [] }), "/members", "is empty"),
    ] {
        let fault = spread.try_post(series(more)).await.expect(422);
        let found = &fault["errors"][0];
        assert_eq!(found["pointer"], json!(format!("#/series/0{pointer}")), "{fault}");
        assert!(found["detail"].as_str().unwrap().contains(detail), "{fault}");
    }
    // Numbers count against the limit of a request, and nothing of what was refused is stored.
    let many = json!({ "role": "rain", "start": at(1), "step": "PT1S", "members": vec![vec![1; 33_400]; 3] });
    let fault = spread.try_post(json!({ "series": [many] })).await.expect(422);
    let detail = fault["errors"][0]["detail"].as_str().unwrap();
    assert!(
        detail.contains("has more than 100000 numbers (values, quantiles and members)"),
        "{fault}"
    );
    let many = json!({ "role": "plain", "start": at(1), "step": "PT1S", "values": vec![1; 100_001] });
    let fault = spread.try_post(json!({ "series": [many] })).await.expect(422);
    assert!(!fault.to_string().contains("quantiles"), "{fault}");
    assert_eq!(spread.read("metric=all").await, json!([]));
    for (query, name) in [
        ("spread=2", "spread"),
        ("spread=", "spread"),
        ("exceeds=NaN", "exceeds"),
        ("exceeds=1&below=2", "below"),
    ] {
        let path = format!("/api/v1/predictions?job_id={}&metric=all&{query}", spread.job);
        let fault = spread.field.app.get(&path).await.expect(400);
        assert_eq!(fault["errors"][0]["parameter"], name, "{fault}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn versions_declare_levels_or_members_within_bounds() {
    let field = Field::start().await;
    let path = "/api/v1/source_versions";
    for (more, pointer) in [
        (json!({ "quantiles": [0.5] }), "/quantiles"),
        (json!({ "quantiles": [0.5, 0.1] }), "/quantiles/1"),
        (json!({ "quantiles": [0.0, 1.0] }), "/quantiles/0"),
        (json!({ "members": 1 }), "/members"),
        (json!({ "members": 201 }), "/members"),
        (json!({ "members": 5, "quantiles": [0.1, 0.9] }), "/members"),
    ] {
        let mut role = json!({ "role": "risk", "metric": "mildew_risk" });
        role.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let body = json!({ "source_id": field.source, "version": "9", "input_roles": [], "output_roles": [role] });
        let fault = field.app.post(path, &body).await.expect(422);
        assert_eq!(
            fault["errors"][0]["pointer"],
            json!(format!("#/output_roles/0{pointer}")),
            "{fault}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn points_without_a_job_have_quantiles_too() {
    let spread = Spread::start().await;
    let point = |hour: u32, low: f64| {
        let mut point = temperature(hour, [low, 12.0, 14.0]);
        point.as_object_mut().unwrap().remove("role");
        let more = json!({ "source": "spread", "metric": "temperature", "location_id": spread.field.there });
        point.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        point
            .as_object_mut()
            .unwrap()
            .extend(issued(0).as_object().unwrap().clone());
        point
    };
    let app = &spread.field.app;
    let counts = app
        .post("/api/v1/predictions", &json!([point(1, 10.0), point(2, 11.0)]))
        .await
        .expect(200);
    assert_eq!(counts["stored"], 2);
    let fault = app
        .post("/api/v1/predictions", &json!([point(3, 13.0)]))
        .await
        .expect(422);
    assert_eq!(fault["errors"][0]["pointer"], "#/0/quantiles/0.5", "{fault}");
    let rows = spread.field.rows("metric=temperature&spread=0.1").await;
    let lows: Vec<_> = rows.iter().map(|row| row["quantiles"]["0.1"].clone()).collect();
    assert_eq!(lows, [10.0, 11.0]);
}

/// Returns the bytes of a number in the payloads of a year's forecasts of 48 hours, with nine quantiles or with members:
/// the readings of the days before at the same hour.
#[cfg(feature = "demo")]
async fn bytes_of_a_number(spread: &Spread, role: &str, decimals: i32) -> f64 {
    let csv = prediction_api::http::weather_csv().unwrap();
    let temperature = |line: &str| -> Option<f64> { line.strip_prefix("EWR,")?.split(',').nth(1)?.parse().ok() };
    let scale = 10_f64.powi(decimals);
    // A little noise has the second decimal.
    let noise = |index: usize| if decimals > 1 { (index % 7) as f64 / 100.0 } else { 0.0 };
    let readings: Vec<_> = csv.lines().filter_map(temperature).enumerate().collect();
    let readings: Vec<_> = readings
        .into_iter()
        .map(|(index, t)| ((t + noise(index)) * scale).round() / scale)
        .collect();
    let mut posted = 0;
    for (number, start) in (300..8000).step_by(700).enumerate() {
        let row = |hour: usize| -> Vec<f64> { (2..=10).map(|day| readings[start + hour - 24 * day]).collect() };
        let mut columns = vec![Vec::new(); 9];
        for hour in 0..48 {
            let mut row = row(hour);
            if role == "nine" {
                row.sort_by(f64::total_cmp);
            }
            columns
                .iter_mut()
                .zip(row)
                .for_each(|(column, number)| column.push(number));
        }
        let mut series = json!({ "role": role, "start": at(0), "step": "PT1H" });
        if role == "nine" {
            let level = |(index, column): (usize, &Vec<f64>)| (format!("0.{}", index + 1), json!(column));
            series["quantiles"] = columns
                .iter()
                .enumerate()
                .map(level)
                .collect::<serde_json::Map<_, _>>()
                .into();
        } else {
            series["members"] = json!(columns);
        }
        let issue = format!("2023-10-26T{number:02}:00:00Z");
        spread.post(json!({ "issue_time": issue, "series": [series] })).await;
        posted += 9 * 48;
    }
    let sql = "SELECT sum(length(r.payload)) FROM runs r JOIN series s ON s.id = r.series_id WHERE s.metric = ?1";
    let bytes: i64 = spread
        .field
        .app
        .database()
        .query_row(sql, [role], |row| row.get(0))
        .unwrap();
    bytes as f64 / f64::from(posted)
}

#[cfg(feature = "demo")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn numbers_of_real_weather_take_little_more_than_a_byte() {
    for (decimals, quantiles, members) in [(1, 1.1, 1.3), (2, 1.5, 1.7)] {
        let mut spread = Spread::start().await;
        let levels: Vec<_> = (1..10).map(|tenths| f64::from(tenths) / 10.0).collect();
        let body = json!({
            "organisation_id": spread.field.home, "job": { "name": "Size", "location_id": spread.field.there },
            "source": { "name": "size" },
            "source_version": { "version": "1", "input_roles": [], "output_roles": [
                { "role": "nine", "metric": "nine", "quantiles": levels }, { "role": "ensemble", "metric": "ensemble", "members": 9 }
            ] },
            "role_bindings": []
        });
        let job = spread.field.app.ok(ADMIN, "POST /jobs/setup", body).await;
        spread.job = job["id"].as_str().unwrap().to_owned();
        let found = bytes_of_a_number(&spread, "nine", decimals).await;
        assert!(
            found <= quantiles,
            "{found} bytes for quantiles with {decimals} decimals"
        );
        let found = bytes_of_a_number(&spread, "ensemble", decimals).await;
        assert!(found <= members, "{found} bytes for members with {decimals} decimals");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn numbers_stay_with_their_points_in_any_order() {
    let spread = Spread::start().await;
    let of = |hour: u32| temperature(hour, [f64::from(hour), f64::from(hour) + 0.5, f64::from(hour) + 1.0]);
    // Points in disorder, and a series that belongs to the same run.
    let points: Vec<_> = [9, 2, 14, 5].map(of).into();
    let series = json!([{ "metric": "temperature", "valid_times": [at(11), at(3)],
        "quantiles": { "0.1": [11, 3], "0.5": [11.5, 3.5], "0.9": [12, 4] } }]);
    let body = json!({ "issue_time": at(0), "predictions": points, "series": series });
    assert_eq!(spread.post(body).await["stored"], 6);
    let rows = spread.read("metric=temperature&spread=all").await;
    let hours = [2, 3, 5, 9, 11, 14];
    for (row, hour) in rows.as_array().unwrap().iter().zip(hours) {
        assert_eq!(row["valid_time"], at(hour));
        assert_eq!(row["quantiles"], of(hour)["quantiles"], "{row}");
    }
    // A chart of fewer points than there are has the numbers of those that it shows.
    let many = json!({ "role": "temperature", "start": at(0), "step": "PT1M", "quantiles": {
        "0.1": (0..600).collect::<Vec<_>>(), "0.5": (1..601).collect::<Vec<_>>(), "0.9": (2..602).collect::<Vec<_>>()
    } });
    spread.post(json!({ "issue_time": at(1), "series": [many] })).await;
    let thinned = spread
        .read("metric=temperature&shape=series&max_points=10&spread=0.9")
        .await;
    let (values, high) = (&thinned[0]["values"], &thinned[0]["quantiles"]["0.9"]);
    assert!(values.as_array().unwrap().len() < 600, "{thinned}");
    for (value, high) in values.as_array().unwrap().iter().zip(high.as_array().unwrap()) {
        let (value, high) = (value.as_f64().unwrap(), high.as_f64().unwrap());
        // The last hours are those of the first post.
        assert!(high - value == 1.0 || high - value == 0.5, "{thinned}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn issues_of_several_numbers_of_members_are_posted_back_as_they_were_read() {
    let spread = Spread::start().await;
    spread
        .post(json!({ "issue_time": at(0), "predictions": [rain(1, &[1.0, 2.0, 3.0]), rain(2, &[1.0, 2.0, 3.0])] }))
        .await;
    spread
        .post(json!({ "issue_time": "2023-10-26T23:00:00Z", "predictions": [rain(3, &[4.0, 6.0])] }))
        .await;
    let read = spread.read("metric=rain&shape=series&spread=members").await;
    assert_eq!(
        read[0]["members"],
        json!([[1.0, 1.0, 4.0], [2.0, 2.0, 6.0], [3.0, 3.0, null]])
    );
    let counts = spread.post(json!({ "series": read })).await;
    assert_eq!((&counts["unchanged"], &counts["revised"]), (&json!(3), &json!(0)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tables_may_leave_values_out_and_no_member_between_others() {
    let spread = Spread::start().await;
    let post = async |csv: String| {
        let request = spread
            .field
            .app
            .request(Method::POST, "/api/v1/predictions")
            .bearer_auth(ADMIN);
        spread
            .field
            .app
            .send(request.header("content-type", "text/csv").body(csv))
            .await
    };
    let head = format!(
        "job_id,role,issue_time,valid_time,m1,m2,m3\n{},rain,{},{}",
        spread.job,
        at(0),
        at(1)
    );
    assert_eq!(post(format!("{head},1,2,6")).await.expect(200)["stored"], 1);
    let rows = spread.read("metric=rain&spread=all").await;
    assert_eq!(
        (&rows[0]["value"], &rows[0]["members"]),
        (&json!(3.0), &json!([1.0, 2.0, 6.0]))
    );
    for cells in ["1,,6", "1,NaN,6", ",2,6"] {
        let fault = post(format!("{head},{cells}")).await.expect(422);
        let faults = fault["errors"].as_array().unwrap();
        let detail = faults[0]["detail"].as_str().unwrap();
        assert!(
            faults.len() == 1 && detail.contains("is missing, and later members are not"),
            "{fault}"
        );
    }
    // Every fault refers to a column of the table.
    let temperature = |columns: &str, cells: &str| {
        let of = format!("{},temperature,{},{}", spread.job, at(0), at(1));
        format!("job_id,role,issue_time,valid_time,{columns}\n{of},{cells}")
    };
    for (csv, pointer, detail) in [
        (temperature("q0.9,q0.5,q0.1", "3,1,2"), "#/0/q0.5", "is less than"),
        (
            temperature("value,q0.1,q0.9", "2,1,3"),
            "#/0/q0.1",
            "exactly the levels of the role",
        ),
        (
            temperature("value,q0.1", "2,"),
            "#/0/q0.1",
            "is missing: the role declares quantiles",
        ),
        (
            temperature("value", "2"),
            "#/0",
            "is missing: the role declares quantiles",
        ),
        (temperature("q0.1,q0.5,q0.9", "1,x,3"), "#/0/q0.5", "must be a number"),
        (temperature("q0.1,q0.9", "1,3"), "#/0/value", "have no level 0.5"),
        (
            temperature("q0.1,q0.5,q0.9,m1", "1,2,3,4"),
            "#/0/m1",
            "cannot be combined with quantiles",
        ),
        (temperature("q0.1,q0.5,q0.9", "1,2,1e999"), "#/0/q0.9", ""),
        (
            format!("{head},1,2,3\n{},rain,{},{},1,2,", spread.job, at(0), at(2)),
            "#/1/m1",
            "differ in kind or number",
        ),
    ] {
        let fault = post(csv.clone()).await.expect(422);
        let found = &fault["errors"][0];
        assert_eq!(found["pointer"], pointer, "{csv}: {fault}");
        let text = found["detail"].as_str().unwrap();
        let line = if pointer.starts_with("#/1") {
            "(line 3)"
        } else {
            "(line 2)"
        };
        assert!(text.contains(detail) && text.ends_with(line), "{csv}: {fault}");
    }
    let direct = format!(
        "source,metric,location_id,valid_time,q0.1,q0.5,q0.9\nspread,temperature,{},{},2,1,3",
        spread.field.there,
        at(1)
    );
    let fault = post(direct).await.expect(422);
    assert_eq!(fault["errors"][0]["pointer"], "#/0/q0.5", "{fault}");
    // Without both there is nothing to store.
    let fault = post(format!("job_id,role,valid_time\n{},rain,{}", spread.job, at(1)))
        .await
        .expect(422);
    assert!(
        fault["detail"].as_str().unwrap().contains("value is missing"),
        "{fault}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn streams_of_any_number_of_quantiles_are_stored_part_by_part() {
    let spread = Spread::start().await;
    let source = "spread";
    let line = |minute: u32| {
        let time = format!("2023-10-27T{:02}:{:02}:00Z", minute / 60 % 24, minute % 60);
        let stage = format!("s{}", minute / 1440);
        json!({ "source": source, "metric": "temperature", "location_id": spread.field.there, "issue_time": at(0), "stage": stage,
            "valid_time": time, "quantiles": { "0.1": 1, "0.5": 2, "0.9": 3 } })
    };
    // 30,000 points with four numbers each.
    let lines: Vec<_> = (0..30_000).map(|minute| line(minute).to_string()).collect();
    let request = spread
        .field
        .app
        .request(Method::POST, "/api/v1/predictions")
        .bearer_auth(ADMIN);
    let request = request
        .header("content-type", "application/x-ndjson")
        .body(lines.join("\n"));
    let counts = spread.field.app.send(request).await.expect(200);
    assert_eq!(counts["stored"], 30_000);
}
