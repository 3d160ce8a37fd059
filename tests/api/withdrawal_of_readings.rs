//! Withdrawal of readings: by null and by window, and random posts, withdrawals and reads compared with a plain list.

use std::collections::BTreeMap;

use proptest::{
    collection::vec,
    option,
    prelude::*,
    test_runner::{Config, TestRunner},
};
use serde_json::{Value, json};
use tokio::runtime;

use crate::{
    app::{ADMIN, TestApp},
    command_line::{run, text},
    withdrawal::counts,
};

async fn sensor(app: &TestApp, home: &str, name: &str) -> String {
    let body = json!({ "organisation_id": home, "name": name, "metric": "celsius" });
    app.make("/api/v1/sensors", &body).await
}

async fn post(app: &TestApp, query: &str, readings: &[(&str, &str, Option<f64>)]) -> [u64; 5] {
    let reading = |(sensor, time, value): &(&str, &str, Option<f64>)| json!({ "sensor_id": sensor, "time": time, "value": value });
    let body: Vec<_> = readings.iter().map(reading).collect();
    let path = format!("/api/v1/readings{query}");
    counts(&app.post(&path, &json!(body)).await.expect(200))
}

async fn delete(app: &TestApp, sensor: &str, from: &str, to: &str) -> [u64; 5] {
    let path = format!("/api/v1/sensors/{sensor}/readings?from={from}&to={to}");
    counts(&app.delete(&path).await.expect(200))
}

async fn values(app: &TestApp, sensor: &str, query: &str) -> Vec<f64> {
    let path = format!("/api/v1/sensors/{sensor}/readings?{query}");
    let rows = app.get(&path).await.expect(200);
    let rows = rows.as_array().unwrap().iter();
    rows.map(|row| row["value"].as_f64().unwrap()).collect()
}

/// Returns the changes in the audit trail's entries about withdrawals, newest first, all of this sensor.
async fn noted(app: &TestApp, sensor: &str) -> Vec<Value> {
    let path = format!("GET /audit?id={sensor}");
    let entries = app.ok(ADMIN, &path, Value::Null).await;
    let entries = entries.as_array().unwrap().iter();
    entries
        .filter(|entry| entry["action"] == "withdrawn" && entry["kind"] == "sensor")
        .map(|entry| entry["changes"].clone())
        .collect()
}

const TIMES: [&str; 4] = [
    "1970-01-01T00:00:00Z",
    "2023-10-26T01:00:00Z",
    "2023-10-26T02:00:00Z",
    "2023-10-26T03:00:00Z",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_reading_is_withdrawn_by_null_or_by_its_window() {
    let app = TestApp::start().await;
    let home = app.organisation("Home").await;
    let id = &*sensor(&app, &home, "s").await;
    let [logger, one, two, three] = TIMES;
    let all = [
        (id, logger, Some(5.0)),
        (id, one, Some(1.0)),
        (id, two, Some(9999.0)),
        (id, three, Some(2.0)),
    ];
    assert_eq!(post(&app, "", &all).await, [4, 0, 0, 0, 0]);
    let before = app
        .get(&format!("/api/v1/sensors/{id}/readings?as_of={}", app.now()))
        .await
        .text;
    app.advance_minutes(10);
    assert_eq!(post(&app, "", &[(id, two, None)]).await, [0, 0, 0, 1, 0]);
    assert_eq!(values(&app, id, "").await, [5.0, 1.0, 2.0]);
    assert_eq!(post(&app, "", &[(id, two, None)]).await, [0, 0, 1, 0, 0]);
    // A window is half open.
    assert_eq!(delete(&app, id, logger, one).await, [0, 0, 0, 1, 0]);
    assert_eq!(delete(&app, id, logger, three).await, [0, 0, 2, 1, 0]);
    assert_eq!(delete(&app, id, logger, three).await, [0, 0, 3, 0, 0]);
    assert_eq!(delete(&app, id, three, three).await, [0; 5]);
    assert_eq!(values(&app, id, "").await, [2.0]);
    let path = format!("/api/v1/sensors/{id}/readings?as_of=2023-10-27T00:00:00Z");
    assert_eq!(app.get(&path).await.text, before);
    for (more, expected) in [
        ("shape=series", json!({ "times": [three], "values": [2.0] })),
        (
            "shape=series&max_points=10",
            json!({ "times": [three], "values": [2.0] }),
        ),
    ] {
        let found = app.get(&format!("/api/v1/sensors/{id}/readings?{more}")).await;
        let found = found.expect(200);
        assert_eq!(found["times"], expected["times"], "{more}");
        assert_eq!(found["values"], expected["values"], "{more}");
    }
    let csv = app.get(&format!("/api/v1/sensors/{id}/readings?format=csv")).await;
    assert_eq!(csv.text.lines().count(), 2, "{}", csv.text);
    // A reading that is posted again is a revision.
    assert_eq!(post(&app, "", &[(id, two, Some(1.5))]).await, [0, 1, 0, 0, 0]);
    assert_eq!(values(&app, id, "").await, [1.5, 2.0]);
    let window = |from, to, n: u64| json!({ "withdrawn": n, "from": from, "to": to });
    let expected = [
        window(logger, three, 1),
        window(logger, one, 1),
        json!({ "withdrawn": 1 }),
    ];
    assert_eq!(noted(&app, id).await, expected);
    // A gap without a stored value is refused.
    let path = "/api/v1/readings";
    let body = json!([{ "sensor_id": id, "time": "2023-10-26T04:00:00Z", "value": null }]);
    let refused = app.post(path, &body).await;
    refused.expect_problem(422, &["#/0/value"]);
    assert!(refused.text.contains("gaps=skip"), "{}", refused.text);
    let missing = json!([{ "sensor_id": id, "time": two }]);
    app.post(path, &missing).await.expect_problem(422, &["#/0/value"]);
    let checked = run(app.folder.path(), &["check", "--data-dir", "."]);
    assert!(checked.status.success(), "{}", text(&checked.stdout));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_withdrawal_notes_each_sensor_once_and_leaves_the_others() {
    let app = TestApp::start().await;
    let home = app.organisation("Home").await;
    let (a, b) = (&*sensor(&app, &home, "a").await, &*sensor(&app, &home, "b").await);
    let [_, one, two, three] = TIMES;
    for id in [a, b] {
        let all = [(id, one, Some(1.0)), (id, two, Some(2.0)), (id, three, Some(3.0))];
        post(&app, "", &all).await;
    }
    let some = [(a, one, None), (a, two, None), (b, three, None), (b, one, Some(1.5))];
    assert_eq!(post(&app, "", &some).await, [0, 1, 0, 3, 0]);
    assert_eq!(values(&app, a, "").await, [3.0]);
    assert_eq!(values(&app, b, "").await, [1.5, 2.0]);
    assert_eq!(noted(&app, a).await, [json!({ "withdrawn": 2 })]);
    assert_eq!(noted(&app, b).await, [json!({ "withdrawn": 1 })]);
    // A sensor that never had a reading.
    let c = &*sensor(&app, &home, "c").await;
    assert_eq!(delete(&app, c, one, three).await, [0; 5]);
    assert!(noted(&app, c).await.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_large_window_is_withdrawn_in_steps_and_noted_once() {
    let app = TestApp::start().await;
    let home = app.organisation("Home").await;
    let id = &*sensor(&app, &home, "s").await;
    let start = app.now().plus_minutes(-25_000);
    let minute = |n: i64| start.plus_minutes(n).to_string();
    let readings: Vec<_> = (0..25_000)
        .map(|n| json!({ "sensor_id": id, "time": minute(n), "value": 1 }))
        .collect();
    for part in readings.chunks(5000) {
        app.post("/api/v1/readings", &json!(part)).await.expect(200);
    }
    app.advance_minutes(1);
    assert_eq!(
        delete(&app, id, &minute(100), &minute(24_900)).await,
        [0, 0, 0, 24_800, 0]
    );
    assert_eq!(values(&app, id, "limit=1000").await.len(), 200);
    assert_eq!(values(&app, id, "limit=150").await.len(), 150);
    let expected = json!({ "withdrawn": 24_800, "from": minute(100), "to": minute(24_900) });
    assert_eq!(noted(&app, id).await, [expected]);
    // Each step has a time of its own: as of the first one, 1,000 readings are withdrawn.
    let first = format!(
        "from={}&to={}&limit=10000&as_of={}",
        minute(100),
        minute(3_100),
        app.now()
    );
    assert_eq!(values(&app, id, &first).await.len(), 2_000);
    assert_eq!(
        delete(&app, id, &minute(0), &minute(25_000)).await,
        [0, 0, 24_800, 200, 0]
    );
    assert_eq!(values(&app, id, "").await, [0.0; 0]);
}

#[derive(Debug, Clone)]
enum Step {
    /// Values of a sensor at those minutes; no value is null.
    Post(usize, BTreeMap<i64, Option<i32>>, Option<&'static str>),
    Delete(usize, i64, i64),
    Wait(i64),
    Read {
        sensor: usize,
        from: i64,
        to: i64,
        as_of: Option<i64>,
        limit: usize,
    },
}

fn step() -> impl Strategy<Value = Step> {
    let values = || prop::collection::btree_map(0..8_i64, option::weighted(0.8, 0..3_i32), 1..6);
    let gaps = || prop_oneof![2 => Just(None), 1 => Just(Some("skip")), 1 => Just(Some("withdraw"))];
    prop_oneof![
        5 => (0..2_usize, values(), gaps()).prop_map(|(s, values, gaps)| Step::Post(s, values, gaps)),
        2 => (0..2_usize, 0..8_i64, 0..5_i64).prop_map(|(s, from, more)| Step::Delete(s, from, from + more)),
        2 => (0..20_i64).prop_map(Step::Wait),
        5 => (0..2_usize, -1..8_i64, 0..9_i64, option::of(0..60_i64), 1..5_usize).prop_map(
            |(sensor, from, more, as_of, limit)| Step::Read { sensor, from, to: from + more, as_of, limit }
        ),
    ]
}

/// Revisions of a reading in their order: the time of arrival, and the value unless it is withdrawn.
type Revisions = Vec<(i64, Option<i32>)>;

async fn case(app: &TestApp, home: &str, steps: &[Step]) -> Result<(), TestCaseError> {
    let name = uuid::Uuid::new_v4();
    let sensors = [
        sensor(app, home, &format!("{name} a")).await,
        sensor(app, home, &format!("{name} b")).await,
    ];
    let begin = app.now();
    let at = |minute: i64| begin.plus_minutes(minute).to_string();
    let mut kept: BTreeMap<(usize, i64), Revisions> = BTreeMap::new();
    for step in steps {
        app.tick();
        let now = app.now().micros();
        match step {
            Step::Wait(minutes) => app.advance_minutes(*minutes),
            Step::Post(sensor, values, gaps) => {
                let mut expected = [0; 5];
                let mut new = kept.clone();
                let mut is_refused = false;
                for (minute, value) in values {
                    let before = kept.get(&(*sensor, *minute)).and_then(|all| all.last());
                    let outcome = match (before, value) {
                        (_, None) if *gaps == Some("skip") => 4,
                        (None, None) if *gaps == Some("withdraw") => 4,
                        (None, None) => {
                            is_refused = true;
                            continue;
                        }
                        (Some((_, held)), value) if held == value => 2,
                        (None, Some(_)) => 0,
                        (Some(_), Some(_)) => 1,
                        (Some(_), None) => 3,
                    };
                    expected[outcome] += 1;
                    if outcome != 2 && outcome != 4 {
                        let all = new.entry((*sensor, *minute)).or_default();
                        all.push((now, *value));
                    }
                }
                let reading = |(minute, value): (&i64, &Option<i32>)| json!({ "sensor_id": sensors[*sensor], "time": at(*minute), "value": value });
                let body: Vec<_> = values.iter().map(reading).collect();
                let query = gaps.map_or(String::new(), |gaps| format!("?gaps={gaps}"));
                let path = format!("/api/v1/readings{query}");
                let answer = app.post(&path, &json!(body)).await;
                if is_refused {
                    prop_assert_eq!(answer.status, 422, "{:?}", step);
                } else {
                    prop_assert_eq!(counts(&answer.expect(200)), expected, "{:?}", step);
                    kept = new;
                }
            }
            Step::Delete(sensor, from, to) => {
                let mut expected = [0; 5];
                for (_, all) in kept.range_mut((*sensor, *from)..(*sensor, *to)) {
                    match all.last() {
                        Some((_, Some(_))) => {
                            expected[3] += 1;
                            all.push((now, None));
                        }
                        _ => expected[2] += 1,
                    }
                }
                let found = delete(app, &sensors[*sensor], &at(*from), &at(*to)).await;
                prop_assert_eq!(found, expected, "{:?}", step);
            }
            Step::Read {
                sensor,
                from,
                to,
                as_of,
                limit,
            } => {
                let mut expected = Vec::new();
                for ((_, minute), all) in kept.range((*sensor, *from)..(*sensor, *to)) {
                    let mut known = all
                        .iter()
                        .filter(|(came, _)| as_of.is_none_or(|as_of| *came <= begin.plus_minutes(as_of).micros()));
                    if let Some((_, Some(value))) = known.next_back() {
                        expected.push((at(*minute), f64::from(*value)));
                    }
                }
                let mut path = format!(
                    "/api/v1/sensors/{}/readings?from={}&to={}&limit={limit}",
                    sensors[*sensor],
                    at(*from),
                    at(*to)
                );
                if let Some(as_of) = as_of {
                    path += &format!("&as_of={}", at(*as_of));
                }
                let mut found = Vec::new();
                loop {
                    let answer = app.get(&path).await;
                    let rows = answer.expect(200);
                    for row in rows.as_array().unwrap() {
                        let time = row["time"].as_str().unwrap().to_owned();
                        found.push((time, row["value"].as_f64().unwrap()));
                    }
                    let Some((next, _)) = answer.header("link").split_once('>') else {
                        break;
                    };
                    prop_assert_eq!(rows.as_array().unwrap().len(), *limit);
                    path = next.trim_start_matches('<').to_owned();
                }
                prop_assert_eq!(found, expected, "{:?}", step);
            }
        }
    }
    Ok(())
}

#[test]
fn readings_agree_with_a_list_of_all_revisions() {
    let runtime = runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let (app, home) = runtime.block_on(async {
        let app = TestApp::start().await;
        let home = app.organisation("Home").await;
        (app, home)
    });
    let cases = std::env::var("PROPTEST_CASES")
        .ok()
        .and_then(|cases| cases.parse().ok());
    let config = Config {
        cases: cases.unwrap_or(40),
        max_shrink_iters: 200,
        failure_persistence: None,
        ..Config::default()
    };
    TestRunner::new(config)
        .run(&vec(step(), 1..24), |steps| runtime.block_on(case(&app, &home, &steps)))
        .unwrap();
}
