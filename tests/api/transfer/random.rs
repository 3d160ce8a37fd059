//! Random databases, made by the API, are the same after an export and an import.

use proptest::{
    collection::vec,
    prelude::*,
    test_runner::{Config, TestRunner},
};
use serde_json::{Value, json};
use tokio::runtime;

use super::{assert_same, assert_sound, exported, exported_from, imported, world::job_with_sensor};
use crate::{
    app::ADMIN,
    field::{Field, at, issued, point},
    shadows::{begin, release},
};

/// One call of the API.
#[derive(Debug, Clone)]
enum Step {
    /// Posts values of an issue, by role and hour.
    Predict(u32, Vec<(bool, u32, f64)>),
    /// Withdraws an issue.
    Withdraw(u32),
    /// Posts readings, or withdraws what is there.
    Measure(Vec<(u32, Option<f64>)>),
    /// Puts a version on trial, posts for it, and promotes it.
    Promote(u32, f64, bool),
    /// Changes the name and the retention.
    Change(String, u32),
    /// Advances the clock, or sets it back.
    Wait(i64),
    /// Reports a run.
    Report(bool, String),
}

fn value() -> impl Strategy<Value = f64> {
    prop_oneof![
        any::<f64>().prop_filter("finite", |value| value.is_finite()),
        (-1000_i32..1000).prop_map(|tenths| f64::from(tenths) / 10.0),
        Just(0.1 + 0.2),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0..4_u32, vec((any::<bool>(), 0..24_u32, value()), 1..12)).prop_map(|(issue, points)| Step::Predict(issue, points)),
        1 => (0..4_u32).prop_map(Step::Withdraw),
        3 => vec((0..24_u32, proptest::option::weighted(0.8, value())), 1..12).prop_map(Step::Measure),
        1 => (0..4_u32, value(), any::<bool>()).prop_map(|(issue, value, keep)| Step::Promote(issue, value, keep)),
        1 => ("[a-z\u{e9}\u{1f347}\"\\\\ ]{1,20}x", 24..90_000_u32).prop_map(|(name, hours)| Step::Change(name, hours)),
        2 => (-20..40_i64).prop_map(Step::Wait),
        1 => (any::<bool>(), "[ -~\u{2028}\n]{0,30}x").prop_map(|(ok, message)| Step::Report(ok, message)),
    ]
}

const SENSOR: &str = super::world::SENSOR;

async fn run(field: &Field, number: usize, step: &Step) {
    let app = &field.app;
    match step {
        Step::Predict(issue, points) => {
            let mut seen = std::collections::BTreeSet::new();
            let is_first = |(role, hour, _): &&(bool, u32, f64)| seen.insert((*role, *hour));
            let role = |is_risk: bool| if is_risk { "risk" } else { "spread" };
            let points = points.iter().filter(is_first);
            let points: Vec<_> = points
                .map(|(is_risk, hour, value)| point(role(*is_risk), *hour, *value))
                .collect();
            field.try_post(issued(*issue), &points).await.expect(200);
        }
        Step::Withdraw(issue) => {
            let path = format!("DELETE /predictions?job_id={}&issue_time={}", field.job, at(*issue));
            app.ok(ADMIN, &path, Value::Null).await;
        }
        Step::Measure(values) => {
            let mut seen = std::collections::BTreeSet::new();
            let values = values.iter().filter(|(hour, _)| seen.insert(*hour));
            let reading =
                |(hour, value): &(u32, Option<f64>)| json!({ "sensor_id": SENSOR, "time": at(*hour), "value": value });
            let body = values.map(reading).collect();
            // A value that is not there cannot be withdrawn, and is skipped.
            app.ok(ADMIN, "POST /readings?gaps=withdraw", body).await;
        }
        Step::Promote(issue, value, keep) => {
            let version = release(field, &format!("2.{number}"), |_| ()).await;
            begin(field, &version).await;
            let body = json!({
                "job_id": field.job, "source_version_id": version, "issue_time": at(*issue),
                "predictions": [point("risk", 5, *value)]
            });
            app.ok(ADMIN, "POST /predictions", body).await;
            app.tick();
            let body = json!({ "source_version_id": version, "keep_previous": *keep && number.is_multiple_of(5) });
            app.ok(ADMIN, &format!("POST /jobs/{}/promote", field.job), body).await;
        }
        Step::Change(name, hours) => {
            app.ok(ADMIN, &format!("PUT /jobs/{}", field.job), json!({ "name": name }))
                .await;
            field.change_source(json!({ "retention_hours": hours })).await;
        }
        Step::Wait(minutes) => app.jump_minutes(*minutes),
        Step::Report(is_ok, message) => {
            let report = json!({ "status": if *is_ok { "ok" } else { "failed" }, "message": message });
            app.ok(ADMIN, &format!("POST /jobs/{}/runs", field.job), report).await;
        }
    }
}

#[test]
fn random_databases_are_the_same_after_a_round_trip() {
    let runtime = runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let config = Config {
        cases: 12,
        max_shrink_iters: 40,
        failure_persistence: None,
        ..Config::default()
    };
    let tried = TestRunner::new(config).run(&vec(step(), 1..25), |steps| {
        runtime.block_on(async {
            let field = Field::start().await;
            field
                .app
                .ok(ADMIN, "POST /jobs/setup", job_with_sensor(&field.home))
                .await;
            for (number, step) in steps.iter().enumerate() {
                run(&field, number, step).await;
            }
            let text = exported(field.app.service()).await;
            let folder = imported(&text).await;
            assert_same(&text, &exported_from(folder.path()).await);
            assert_sound(folder.path());
        });
        Ok(())
    });
    if let Err(error) = tried {
        panic!("{error}");
    }
}
