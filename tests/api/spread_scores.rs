//! Scores of quantiles and members: published numbers on real weather.

use serde_json::{Map, Value, json};

use crate::{
    accuracy::{HOUR, Weather, assert_near, temperatures},
    app::ADMIN,
    field::{WINDOW as DAYS, at},
    spread::Spread,
};

const DAY: i64 = 24 * HOUR;
const WINDOW: &str = "metric=temperature&from=2013-01-01T00:00:00Z&to=2014-01-01T00:00:00Z&lead_edges=PT1H,PT25H,PT49H";

/// The nine readings of the days before at the same hour, for each valid time that has all of them.
fn ensembles(issue: i64, readings: &std::collections::BTreeMap<i64, f64>) -> Vec<(i64, Vec<f64>)> {
    let members = |valid: i64| {
        let known = (valid - issue + DAY - 1) / DAY;
        let member = |more: i64| readings.get(&(valid - (known + more) * DAY)).copied();
        Some((valid, (0..9).map(member).collect::<Option<Vec<_>>>()?))
    };
    (1..=48).filter_map(|hour| members(issue + hour * HOUR)).collect()
}

/// Posts the ensembles of the season for a new job, whose role has more members. `numbers` returns those of an ensemble.
async fn post(weather: &Weather, source: &str, role: Value, member: &str, numbers: impl Fn(&[f64]) -> Value) -> String {
    let sensor = weather
        .app
        .ok(ADMIN, &format!("GET /sensors/{}", weather.sensor), Value::Null)
        .await;
    let mut output = json!({ "role": "temperature", "metric": "temperature", "unit": "°C" });
    output
        .as_object_mut()
        .unwrap()
        .extend(role.as_object().unwrap().clone());
    let setup = json!({
        "organisation_id": sensor["organisation_id"], "source": { "name": source },
        "source_version": {
            "version": "1", "output_roles": [output],
            "input_roles": [{ "role": "air", "input_kind": "sensor", "metric": "temperature" }],
        },
        "job": { "name": source },
        "role_bindings": [{ "role": "air", "input_type": "sensor", "input_id": weather.sensor }],
    });
    let job = weather.app.ok(ADMIN, "POST /jobs/setup", setup).await["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let readings = temperatures("EWR");
    let first = prediction_api::domain::Timestamp::parse("2013-04-02T04:00:00Z")
        .unwrap()
        .micros();
    let text = |micros: i64| prediction_api::domain::Timestamp::from_micros(micros).to_string();
    for day in 0..213 {
        let issue = first + day * DAY;
        let point = |(valid, ensemble): (i64, Vec<f64>)| {
            let mut point = Map::from_iter([("role".to_owned(), json!("temperature"))]);
            point.insert("valid_time".to_owned(), json!(text(valid)));
            point.insert(member.to_owned(), numbers(&ensemble));
            Value::from(point)
        };
        let points: Vec<_> = ensembles(issue, &readings).into_iter().map(point).collect();
        let body = json!({ "job_id": job, "issue_time": text(issue), "predictions": points });
        weather.app.post("/api/v1/predictions", &body).await.expect(200);
    }
    job
}

/// The pairs, the scores of members, of the quantiles of 10, 50 and 90 %, and the Brier score, of each day ahead.
type Expected = (u64, [f64; 2], [f64; 3], [f64; 4], [f64; 3], f64);

const EXPECTED: [Expected; 2] = [
    (
        4969,
        [2.357_284, 2.143_486],
        [0.689_926, 1.652_184, 0.733_785],
        [0.775_609, 9.717_086, 14.237_110, 2.050_596],
        [0.134_433, 0.520_829, 0.873_415],
        0.048_083,
    ),
    (
        4968,
        [2.518_255, 2.304_398],
        [0.755_087, 1.732_438, 0.829_585],
        [0.739_936, 9.718_498, 15.846_719, 2.211_406],
        [f64::NAN; 3],
        0.052_099,
    ),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn scores_of_ensembles_on_real_weather_are_those_of_an_independent_program() {
    let weather = Weather::start().await;
    let members = post(&weather, "ensemble", json!({ "members": 9 }), "members", |ensemble| {
        json!(ensemble)
    })
    .await;
    let levels = json!({ "quantiles": [0.1, 0.5, 0.9] });
    let quantiles = post(&weather, "quantiles", levels, "quantiles", |ensemble| {
        let mut sorted = ensemble.to_vec();
        sorted.sort_by(f64::total_cmp);
        json!({ "0.1": sorted[0], "0.5": sorted[4], "0.9": sorted[8] })
    })
    .await;
    let of_members = weather
        .scores(&format!("{WINDOW}&job_id={members}&threshold=30&reference=persistence"))
        .await;
    let of_quantiles = weather
        .scores(&format!("{WINDOW}&job_id={quantiles}&threshold=30"))
        .await;
    for (index, (pairs, crps, pinball, interval, below, brier)) in EXPECTED.into_iter().enumerate() {
        let (row, quantiles) = (&of_members[index], &of_quantiles[index]);
        assert_eq!((&row["pairs"], &quantiles["pairs"]), (&json!(pairs), &json!(pairs)));
        assert_near(row, "crps", crps[0]);
        assert_near(row, "crps_fair", crps[1]);
        assert_near(&row["events"][0], "brier", brier);
        // The mean of the members differs from the median in its own scores only.
        assert_near(quantiles, "wis", interval[3]);
        let band = &quantiles["intervals"][0];
        assert_near(band, "coverage", interval[0]);
        assert_near(band, "width", interval[1]);
        assert_near(band, "interval_score", interval[2]);
        for (level, score) in quantiles["quantiles"].as_array().unwrap().iter().enumerate() {
            assert_near(score, "pinball", pinball[level]);
            if !below[level].is_nan() {
                assert_near(score, "share_below", below[level]);
            }
        }
        let ranks: Vec<_> = row["rank_histogram"]
            .as_array()
            .unwrap()
            .iter()
            .map(|rank| rank.as_f64().unwrap())
            .collect();
        assert_eq!(ranks.len(), 10);
        assert_near(&json!({ "sum": ranks.iter().sum::<f64>() }), "sum", pairs as f64);
        // The event of the reference is that of its value: its Brier score is the part of the pairs that it has wrong.
        assert!(row["events"][0]["brier_reference"].as_f64().unwrap() > brier);
        assert!(row["spread"].as_f64().unwrap() > 1.0);
        // Rows without a spread have none of these.
        assert!(row.get("wis").is_none() && quantiles.get("crps").is_none(), "{row}");
    }
    let plain = weather.days("").await;
    assert!(
        plain[0].get("wis").is_none() && plain[0].get("quantiles").is_none(),
        "{}",
        plain[0]
    );
    // As CSV, with a column for each score.
    let path = format!("/api/v1/accuracy?{WINDOW}&job_id={quantiles}&threshold=30&format=csv");
    let csv = weather.app.get(&path).await.text;
    let (header, row) = (csv.lines().next().unwrap(), csv.lines().nth(1).unwrap());
    let cells: Map<String, Value> = header
        .split(',')
        .map(str::to_owned)
        .zip(row.split(',').map(Value::from))
        .collect();
    for (name, score) in [
        ("wis", &of_quantiles[0]["wis"]),
        ("q0.9_pinball", &of_quantiles[0]["quantiles"][2]["pinball"]),
        ("q0.1_q0.9_coverage", &of_quantiles[0]["intervals"][0]["coverage"]),
        ("ge_30_brier", &of_quantiles[0]["events"][0]["brier"]),
        ("crps", &Value::from("")),
    ] {
        let expected = score.as_str().map_or_else(|| score.to_string(), str::to_owned);
        assert_eq!(cells[name], expected, "{name} in {csv}");
    }
    // Late predictions and other filters choose the pairs as they do for values.
    let none = weather.scores(&format!("{WINDOW}&job_id={members}&late=exclude")).await;
    assert_eq!(none.iter().filter(|row| row.get("crps").is_some()).count(), 0);
}

/// Makes a sensor of the temperature at the location, with these readings of the first hours.
async fn measure(spread: &Spread, readings: &[f64]) {
    let app = &spread.field.app;
    app.advance_minutes(24 * 60);
    let sensor = json!({ "organisation_id": spread.field.home, "name": "Air", "metric": "temperature",
        "unit": "°C", "location_id": spread.field.there });
    let sensor = app.make("/api/v1/sensors", &sensor).await;
    let reading = |(hour, value): (u32, &f64)| json!({ "sensor_id": sensor, "time": at(hour), "value": value });
    let readings: Vec<_> = (1..).zip(readings).map(reading).collect();
    app.ok(ADMIN, "POST /readings", json!(readings)).await;
}

/// Returns the scores of the temperature at the location.
async fn scores(spread: &Spread, more: &str) -> Vec<Value> {
    let path = format!(
        "GET /accuracy?location_id={}&metric=temperature&{DAYS}&lead_edges=PT0H,P2D&{more}",
        spread.field.there
    );
    let rows = spread.field.app.ok(ADMIN, &path, Value::Null).await;
    rows.as_array().unwrap().clone()
}

/// Deletes the job with its version, and sets both up again with other levels.
async fn with_levels(spread: &mut Spread, levels: Value) {
    let app = &spread.field.app;
    let job = app.ok(ADMIN, &format!("GET /jobs/{}", spread.job), Value::Null).await;
    for path in [
        format!("/api/v1/jobs/{}", spread.job),
        format!("/api/v1/source_versions/{}", job["source_version_id"].as_str().unwrap()),
    ] {
        app.delete(&path).await.expect(204);
    }
    let setup = json!({
        "organisation_id": spread.field.home, "job": { "name": "Spread", "location_id": spread.field.there },
        "source": { "name": "spread" },
        "source_version": { "version": "1", "input_roles": [], "output_roles": [
            { "role": "temperature", "metric": "temperature", "unit": "°C", "quantiles": levels },
        ] },
    });
    let job = app.ok(ADMIN, "POST /jobs/setup", setup).await;
    spread.job = job["id"].as_str().unwrap().to_owned();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_of_several_sets_of_levels_have_scores_of_the_common_ones() {
    let mut spread = Spread::start().await;
    let post = async |spread: &Spread, hour: u32, quantiles: Value| {
        let point = json!({ "role": "temperature", "valid_time": at(hour), "value": 2, "quantiles": quantiles });
        spread
            .post(json!({ "issue_time": at(0), "predictions": [point] }))
            .await;
    };
    post(&spread, 1, json!({ "0.1": 0, "0.5": 2, "0.9": 4 })).await;
    with_levels(&mut spread, json!([0.25, 0.5, 0.75, 0.9])).await;
    post(&spread, 2, json!({ "0.25": 0, "0.5": 1, "0.75": 2, "0.9": 3 })).await;
    measure(&spread, &[3.0, 3.0, 3.0]).await;
    // The rows of each job have all their levels.
    let own = scores(&spread, "").await;
    let levels = |row: &Value| row["quantiles"].as_array().map(Vec::len);
    let mut counts: Vec<_> = own.iter().map(levels).collect();
    // The ids of the jobs, which order the rows, are of one moment.
    counts.sort_unstable();
    assert_eq!(counts, [Some(3), Some(4)], "{own:?}");
    let [row] = scores(&spread, "pool=true&threshold=3").await.try_into().unwrap();
    assert_eq!(row["pairs"], 2);
    let expected = [(0.5, 0.75, 0.0), (0.9, 0.05, 1.0)];
    assert_eq!(levels(&row), Some(2), "{row}");
    for (score, (level, pinball, below)) in row["quantiles"].as_array().unwrap().iter().zip(expected) {
        assert_eq!(score["level"], level);
        assert_near(score, "pinball", pinball);
        assert_near(score, "share_below", below);
    }
    assert_near(&row, "wis", 0.8);
    assert_eq!(row.get("intervals"), None);
    // A probability needs no common levels: 1 - 0.7 of the first, and 1 - 0.9 of the second.
    assert_near(&row["events"][0], "brier", f64::midpoint(0.7 * 0.7, 0.9 * 0.9));
    // Without a common level there are no scores of quantiles.
    with_levels(&mut spread, json!([0.2, 0.8])).await;
    post(&spread, 3, json!({ "0.2": 0, "0.8": 3 })).await;
    let [row] = scores(&spread, "pool=true").await.try_into().unwrap();
    assert_eq!(
        (&row["pairs"], row.get("quantiles"), row.get("wis")),
        (&json!(3), None, None)
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn scores_that_are_too_large_for_a_number_are_null_and_shares_are_right() {
    let spread = Spread::start().await;
    let point = |hour: u32, value: f64, quantiles: Value| json!({ "role": "temperature", "valid_time": at(hour), "value": value, "quantiles": quantiles });
    let points = [
        point(1, -1e308, json!({ "0.1": -1e308, "0.5": 0, "0.9": 1e308 })),
        point(2, 1.0, json!({ "0.1": 0, "0.5": 1, "0.9": 2 })),
    ];
    spread.post(json!({ "issue_time": at(0), "predictions": points })).await;
    measure(&spread, &[1e308, 3.0]).await;
    let [row] = scores(&spread, "threshold=2").await.try_into().unwrap();
    for name in ["bias", "mae", "rmse", "mape", "r2"] {
        assert_eq!(row.get(name), Some(&Value::Null), "{name} in {row}");
    }
    assert_eq!((&row["pairs"], row.get("wis")), (&json!(2), None));
    let all = |member: &str, name: &str| -> Vec<Value> {
        row[member]
            .as_array()
            .unwrap()
            .iter()
            .map(|score| score[name].clone())
            .collect()
    };
    assert_eq!(all("quantiles", "share_below"), [0.0, 0.0, 0.5]);
    // 0.1 * 2e308, 0.5 * 1e308 and nothing, of which 0.1 * 2e308 is computed from a difference that is too large.
    let pinball = all("quantiles", "pinball");
    assert_eq!(pinball[0], Value::Null);
    assert!(
        pinball[1].as_f64().unwrap() > 2e307 && pinball[2].as_f64().unwrap() < 1.0,
        "{row}"
    );
    assert_eq!(all("intervals", "coverage"), [0.5]);
    assert_eq!(
        (all("intervals", "width"), all("intervals", "interval_score")),
        (vec![Value::Null], vec![Value::Null])
    );
    // The probabilities of 2 or more are almost 0.5, and 0.1.
    assert_near(&row["events"][0], "brier", f64::midpoint(0.25, 0.81));
    let path = format!(
        "GET /accuracy/pairs?location_id={}&metric=temperature&{DAYS}&lead_edges=PT0H,P2D",
        spread.field.there
    );
    let pairs = spread.field.app.ok(ADMIN, &path, Value::Null).await;
    assert_eq!((&pairs[0]["error"], &pairs[1]["error"]), (&Value::Null, &json!(-2.0)));
    let path = format!(
        "/api/v1{}&format=csv",
        path.trim_start_matches("GET ").replace("/pairs", "")
    );
    let csv = spread.field.app.get(&path).await.text;
    assert!(
        !csv.contains("inf") && !csv.contains("NaN") && !csv.contains("null"),
        "{csv}"
    );
}
