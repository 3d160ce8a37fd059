//! Withdrawal: a wrong prediction is hidden from then on, still returned as of an earlier time, counted and audited.

use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    app::{ADMIN, TestApp},
    command_line::{run, text},
    field::{Field, WINDOW, at, issued, risk},
};

/// Returns the counts of a response: stored, revised, unchanged, withdrawn and skipped.
pub fn counts(answer: &Value) -> [u64; 5] {
    let members = answer.as_object().unwrap().keys();
    assert_eq!(members.filter(|name| *name != "fresh").count(), 5, "{answer}");
    ["stored", "revised", "unchanged", "withdrawn", "skipped"].map(|name| answer[name].as_u64().unwrap())
}

/// Returns a point without a value.
pub fn gap(hour: u32) -> Value {
    json!({ "role": "risk", "valid_time": at(hour), "value": null })
}

impl Field {
    async fn delete(&self, query: &str) -> [u64; 5] {
        let path = format!("/api/v1/predictions?{query}");
        counts(&self.app.delete(&path).await.expect(200))
    }

    async fn latest(&self, query: &str) -> Vec<Value> {
        let path = format!("GET /predictions/latest?job_id={}{query}", self.job);
        let found = self.app.ok(ADMIN, &path, Value::Null).await;
        found.as_array().unwrap().clone()
    }

    /// Returns the audit trail's entries about withdrawals, newest first: kind, id, name and changes.
    async fn withdrawals(&self) -> Vec<Value> {
        let entries = self.app.ok(ADMIN, "GET /audit", Value::Null).await;
        let entries = entries.as_array().unwrap().iter();
        entries
            .filter(|entry| entry["action"] == "withdrawn")
            .map(|entry| json!([entry["kind"], entry["id"], entry["name"], entry["changes"]]))
            .collect()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn null_withdraws_a_value_that_is_still_there_as_of_a_time_before() {
    let field = Field::start().await;
    field.post(issued(0), &[risk(5, 1.0), risk(6, 1.5)]).await;
    field.app.advance_minutes(10);
    field.post(issued(1), &[risk(5, 2.0), risk(6, 2.5), risk(7, 3.5)]).await;
    let paths = ["", "&issues=all", "&shape=series", "&format=csv", "&limit=2"].map(|more| {
        format!(
            "/api/v1/predictions?metric=all&job_id={}&{WINDOW}&as_of=2023-10-27T00:10:00Z{more}",
            field.job
        )
    });
    let mut before = Vec::new();
    for path in &paths {
        before.push(field.app.get(path).await.text);
    }
    field.app.advance_minutes(10);
    let withdrawn = field.try_post(issued(1), &[gap(6), gap(7)]).await;
    assert_eq!(counts(&withdrawn.expect(200)), [0, 0, 0, 2, 0]);
    // The previous issue fills the times that it predicts; other times have no value.
    assert_eq!(field.values(WINDOW).await, [2.0, 1.5]);
    let all = field.values(&format!("{WINDOW}&issues=all")).await;
    assert_eq!(all, [1.0, 2.0, 1.5]);
    for (query, expected) in [
        (format!("{WINDOW}&issue_time={}", at(1)), vec![2.0]),
        (format!("{WINDOW}&min_lead=PT6H"), vec![1.5]),
        (format!("{WINDOW}&as_of=2023-10-27T00:19:59Z"), vec![2.0, 2.5, 3.5]),
        (format!("{WINDOW}&as_of=2023-10-27T00:20:00Z"), vec![2.0, 1.5]),
    ] {
        assert_eq!(field.values(&query).await, expected, "{query}");
    }
    for (path, before) in paths.iter().zip(before) {
        assert_eq!(field.app.get(path).await.text, before, "{path}");
    }
    // A repeated withdrawal changes nothing, and a value that is posted again is a revision.
    let again = field.try_post(issued(1), &[gap(7)]).await;
    assert_eq!(counts(&again.expect(200)), [0, 0, 1, 0, 0]);
    field.app.advance_minutes(10);
    assert_eq!(field.post(issued(1), &[risk(7, 4.0)]).await, [0, 1, 0]);
    assert_eq!(field.values(WINDOW).await, [2.0, 1.5, 4.0]);
    assert_eq!(
        field.values(&format!("{WINDOW}&as_of=2023-10-27T00:25:00Z")).await,
        [2.0, 1.5]
    );
    let expected = json!(["job", field.job, "Job A", { "withdrawn": 2 }]);
    assert_eq!(field.withdrawals().await, [expected]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_form_of_a_post_withdraws_by_null() {
    let field = Field::start().await;
    let series = |values: Value| {
        json!({ "job_id": field.job, "issue_time": at(0),
        "series": [{ "role": "risk", "start": at(1), "step": "PT1H", "values": values }] })
    };
    let post = async |body: &Value| {
        let answer = field.app.post("/api/v1/predictions", body).await;
        counts(&answer.expect(200))
    };
    assert_eq!(post(&series(json!([1, 2, 3]))).await, [3, 0, 0, 0, 0]);
    assert_eq!(post(&series(json!([1, null, 3.5]))).await, [0, 1, 1, 1, 0]);
    assert_eq!(field.values(WINDOW).await, [1.0, 3.5]);
    let direct = |hour: u32, value: Value| {
        json!({ "source": "mildew-predictor", "metric": "mildew_risk",
        "location_id": field.there, "issue_time": at(1), "valid_time": at(hour), "value": value })
    };
    let body = json!([direct(10, json!(1)), direct(11, json!(2))]);
    assert_eq!(post(&body).await, [2, 0, 0, 0, 0]);
    assert_eq!(post(&json!([direct(10, Value::Null)])).await, [0, 0, 0, 1, 0]);
    let lines = format!("{}\n{}\n", direct(10, Value::Null), direct(11, Value::Null));
    let request = field.app.request(Method::POST, "/api/v1/predictions");
    let request = request
        .bearer_auth(ADMIN)
        .header("content-type", "application/x-ndjson");
    let answer = field.app.send(request.body(lines)).await;
    assert_eq!(counts(&answer.expect(200)), [0, 0, 1, 1, 0]);
    assert_eq!(field.values(WINDOW).await, [1.0, 3.5]);
    let noted = |n: u64| json!(["location", field.there, "There", { "withdrawn": n }]);
    let of_job = json!(["job", field.job, "Job A", { "withdrawn": 1 }]);
    assert_eq!(field.withdrawals().await, [noted(1), noted(1), of_job]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn null_where_nothing_is_to_withdraw_is_refused_with_advice() {
    let field = Field::start().await;
    let fresh = field
        .try_post(issued(0), &[risk(1, 1.0), gap(2), risk(3, 3.0), gap(4)])
        .await;
    fresh.expect_problem(422, &["#/predictions/1/value", "#/predictions/3/value"]);
    assert!(fresh.text.contains("gaps=skip"), "{}", fresh.text);
    assert!(fresh.text.contains("gaps=withdraw"), "{}", fresh.text);
    assert_eq!(field.values(WINDOW).await, [0.0; 0], "all or nothing");
    field.post(issued(0), &[risk(1, 1.0)]).await;
    field.app.advance_minutes(1);
    // Another issue, or none, which is issued at its arrival.
    for more in [issued(1), json!({})] {
        let refused = field.try_post(more, &[gap(1)]).await;
        refused.expect_problem(422, &["#/predictions/0/value"]);
    }
    let series = json!({ "role": "risk", "start": at(1), "step": "PT1H", "values": [null, null, 3] });
    let body = json!({ "job_id": field.job, "issue_time": at(0), "series": [series] });
    let refused = field.app.post("/api/v1/predictions", &body).await;
    refused.expect_problem(422, &["#/series/0/values/1"]);
    assert_eq!(field.values(WINDOW).await, [1.0]);
    // A member that is missing is no null.
    let missing = json!({ "role": "risk", "valid_time": at(1) });
    let refused = field.try_post(issued(0), &[missing]).await;
    refused.expect_problem(422, &["#/predictions/0/value"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn delete_withdraws_an_issue_of_a_job() {
    let field = Field::start().await;
    let job = &field.job;
    let spread = |hour, value: f64| json!({ "role": "spread", "valid_time": at(hour), "value": value });
    field.post(issued(0), &[risk(5, 1.0), risk(6, 1.5)]).await;
    field
        .post(issued(1), &[risk(5, 2.0), risk(6, 2.5), spread(5, 7.0)])
        .await;
    let raw = json!({ "issue_time": at(1), "stage": "raw" });
    field.post(raw, &[risk(5, 9.0)]).await;
    field.app.advance_minutes(10);
    let issue = format!("job_id={job}&issue_time={}", at(1));
    for (query, expected) in [
        ("&metric=unknown", [0, 0, 0, 0, 0]),
        ("&stage=raw", [0, 0, 0, 1, 0]),
        ("&metric=mildew_risk", [0, 0, 1, 2, 0]),
        ("&metric=all", [0, 0, 3, 1, 0]),
        ("", [0, 0, 4, 0, 0]),
    ] {
        assert_eq!(field.delete(&format!("{issue}{query}")).await, expected, "{query}");
    }
    assert_eq!(field.values(WINDOW).await, [1.0, 1.5]);
    let before = format!("{WINDOW}&as_of=2023-10-27T00:09:00Z");
    assert_eq!(field.values(&before).await, [2.0, 2.5, 9.0]);
    assert_eq!(
        field.delete(&format!("job_id={job}&issue_time={}", at(9))).await,
        [0; 5]
    );
    let noted = |n: u64, more: Value| {
        let mut what = json!({ "withdrawn": n, "issue_time": at(1) });
        what.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!(["job", job, "Job A", what])
    };
    let expected = [
        noted(1, json!({})),
        noted(2, json!({ "metric": "mildew_risk" })),
        noted(1, json!({ "stage": "raw" })),
    ];
    assert_eq!(field.withdrawals().await, expected);

    // A deleted job's predictions can be withdrawn as long as they are there.
    field.app.ok(ADMIN, &format!("DELETE /jobs/{job}"), Value::Null).await;
    let gone = format!("job_id={job}&issue_time={}", at(0));
    assert_eq!(field.delete(&gone).await, [0, 0, 0, 2, 0]);
    assert_eq!(field.delete(&gone).await, [0, 0, 2, 0, 0]);
    assert_eq!(field.withdrawals().await[0][2], json!(job));
    let checked = run(field.app.folder.path(), &["check", "--data-dir", "."]);
    assert!(checked.status.success(), "{}", text(&checked.stdout));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_large_issue_is_withdrawn_in_steps_and_noted_once() {
    const STAGES: u64 = 8;
    const POINTS: u64 = 1_000;
    let field = Field::start().await;
    field.post(issued(0), &[risk(5, 1.0), risk(6, 1.5)]).await;
    field.app.advance_minutes(50);
    let series = |stage| {
        let values = vec![2; usize::try_from(POINTS).unwrap()];
        json!({ "role": "risk", "stage": format!("stage {stage}"), "start": at(5), "step": "PT1M", "values": values })
    };
    let all: Vec<_> = (0..STAGES).map(series).collect();
    let body = json!({ "job_id": field.job, "issue_time": "2023-10-27T00:50:00Z", "series": all });
    let posted = field.app.post("/api/v1/predictions", &body).await;
    assert_eq!(counts(&posted.expect(200))[0], STAGES * POINTS);
    assert_eq!(field.health().await["state"], "on_time");
    field.app.advance_minutes(30);
    let issue = format!("job_id={}&issue_time=2023-10-27T00:50:00Z", field.job);
    let withdrawn = STAGES * POINTS;
    assert_eq!(field.delete(&issue).await, [0, 0, 0, withdrawn, 0]);
    assert_eq!(field.delete(&issue).await, [0, 0, withdrawn, 0, 0]);
    assert_eq!(field.values(WINDOW).await, [1.0, 1.5]);
    let what = json!({ "withdrawn": withdrawn, "issue_time": "2023-10-27T00:50:00Z" });
    let expected = json!(["job", field.job, "Job A", what]);
    assert_eq!(field.withdrawals().await, [expected]);
    // Each step has a time of its own; as of the first steps, the other values are still returned.
    let mut last = STAGES;
    let mut steps = 0;
    for micros in 0..u32::try_from(STAGES).unwrap() {
        let moment = format!("2023-10-27T01:20:00.{micros:06}Z");
        let window = format!("from={}&to=2023-10-27T05:01:00Z&as_of={moment}", at(5));
        let rows = field.rows(&format!("metric=mildew_risk&{window}")).await;
        let left = rows.iter().filter(|row| row["value"] == 2.0).count() as u64;
        assert!(left <= last, "as of {moment}");
        assert!(last - left <= 2, "as of {moment}: {left} after {last}");
        steps += u64::from(left < last);
        last = left;
    }
    assert_eq!((last, steps), (0, STAGES / 2), "two series of 1,000 values a step");
    let health = field.health().await;
    assert_eq!(health["state"], "late");
    assert_eq!(health["since"], "2023-10-27T01:20:00Z");
    assert_eq!(health["last_arrival"], at(0));
    let path = format!("GET /jobs/{}/health", field.job);
    let changes = field.app.ok(ADMIN, &path, Value::Null).await["changes"].clone();
    let of_job = changes.as_array().unwrap().iter();
    let of_job: Vec<_> = of_job.filter(|change| change.get("role").is_none()).collect();
    assert_eq!(of_job[0]["state"], "late", "{changes}");
    assert_eq!(of_job[1]["state"], "on_time", "{changes}");
    let checked = run(field.app.folder.path(), &["check", "--data-dir", "."]);
    assert!(checked.status.success(), "{}", text(&checked.stdout));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn withdrawals_are_refused_to_whom_they_are_not_for() {
    let field = Field::start().await;
    let elsewhere = field.app.organisation("Elsewhere").await;
    let foreign = field.app.token("foreign", "manager", &elsewhere).await;
    let viewer = field.app.token("viewer", "viewer", &field.home).await;
    let worker = field.app.token("worker", "worker", &field.home).await;
    let (job, nobody) = (&field.job, "11111111-1111-4111-8111-111111111111");
    let sensor = json!({ "organisation_id": field.home, "name": "s", "metric": "celsius" });
    let sensor = field.app.make("/api/v1/sensors", &sensor).await;
    field.post(issued(0), &[risk(5, 1.0)]).await;
    let issue = format!("DELETE /predictions?job_id={job}&issue_time={}", at(0));
    let window = format!("DELETE /sensors/{sensor}/readings?from={}&to={}", at(0), at(1));
    for (secret, status) in [(&viewer, 403), (&foreign, 404)] {
        let table = json!([[issue, null, status], [window, null, status]]);
        field.app.calls(secret, table).await;
    }
    let table = json!([
        [
            format!("DELETE /predictions?job_id={nobody}&issue_time={}", at(0)),
            null,
            404
        ],
        [
            format!("DELETE /sensors/{nobody}/readings?from={}&to={}", at(0), at(1)),
            null,
            404
        ],
        ["DELETE /predictions", null, 400, "job_id", "issue_time"],
        [format!("DELETE /predictions?job_id={job}"), null, 400, "issue_time"],
        [format!("{issue}&metrics=x"), null, 400, "metrics"],
        [format!("{issue}&source=x"), null, 400, "source"],
        [format!("DELETE /sensors/{sensor}/readings"), null, 400, "from", "to"],
        [format!("{window}&as_of={}", at(0)), null, 400, "as_of"],
        [
            format!("DELETE /sensors/{sensor}/readings?from={}&to={}", at(1), at(0)),
            null,
            400,
            "to"
        ],
        [
            format!("DELETE /sensors/{sensor}/readings?from=x&to={}", at(0)),
            null,
            400,
            "from"
        ],
        ["POST /predictions?gaps=keep", {}, 400, "gaps"],
        ["POST /readings?gap=skip", [], 400, "gap"],
        [issue, null, 200],
        [window, null, 200]
    ]);
    field.app.calls(&worker, table).await;
    assert_eq!(field.values(WINDOW).await, [0.0; 0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_latest_predictions_and_health_go_back_to_what_is_left() {
    let field = Field::start().await;
    field.post(issued(0), &[risk(5, 1.0), risk(6, 1.5)]).await;
    field.app.advance_minutes(50);
    // A worker whose clock is ahead.
    let ahead = json!({ "issue_time": "2023-10-27T00:54:00Z" });
    field.post(ahead, &[risk(6, 9.0), risk(20, 9.5)]).await;
    let latest = &field.latest("").await[0];
    assert_eq!(latest["last_issue_time"], "2023-10-27T00:54:00Z");
    assert_eq!(latest["covers_until"], at(20));
    let arrival = "2023-10-27T00:50:00Z";
    assert_eq!(field.health().await["last_arrival"], arrival);
    field.app.advance_minutes(30);
    let issue = format!("job_id={}&issue_time=2023-10-27T00:54:00Z", field.job);
    assert_eq!(field.delete(&issue).await, [0, 0, 0, 2, 0]);
    let latest = &field.latest("").await[0];
    assert_eq!(latest["last_issue_time"], at(0));
    assert_eq!(latest["covers_until"], at(6));
    assert_eq!(latest["values"], json!([1.0, 1.5]));
    let valid = field.latest(&format!("&at={}", at(10))).await;
    assert!(valid.is_empty(), "{valid:?}");
    let valid = &field.latest(&format!("&at={}", at(6))).await[0];
    assert_eq!(valid["values"], json!([1.5]));
    // As if it had never been posted: the last sign of life is the post before.
    let health = field.health().await;
    assert_eq!(health["last_arrival"], at(0));
    assert_eq!(health["covers_until"], at(6));
    assert_eq!(health["state"], "late");
    // An earlier issue than the withdrawn one is the newest again.
    field
        .post(json!({ "issue_time": "2023-10-27T00:53:00Z" }), &[risk(6, 2.0)])
        .await;
    assert_eq!(field.health().await["state"], "on_time");
    let latest = &field.latest("").await[0];
    assert_eq!(latest["last_issue_time"], "2023-10-27T00:53:00Z");
    assert_eq!(latest["covers_until"], at(6));
    // As of an earlier time, the predictions reach further than the rest does now.
    let before = format!("{WINDOW}&as_of=2023-10-27T01:00:00Z");
    assert_eq!(field.values(&before).await, [1.0, 9.0, 9.5]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_series_of_which_nothing_is_left_is_as_if_it_was_never_posted() {
    let field = Field::start().await;
    field.post(issued(0), &[risk(5, 1.0)]).await;
    field.app.advance_minutes(1);
    let issue = format!("job_id={}&issue_time={}", field.job, at(0));
    assert_eq!(field.delete(&issue).await, [0, 0, 0, 1, 0]);
    assert!(field.latest("").await.is_empty());
    assert!(field.latest(&format!("&at={}", at(5))).await.is_empty());
    let health = field.health().await;
    assert_eq!(health["state"], "new");
    assert!(health.get("covers_until").is_none(), "{health}");
    assert_eq!(field.values(WINDOW).await, [0.0; 0]);
    assert_eq!(field.values(&format!("{WINDOW}&as_of={}", at(0))).await, [1.0]);
    assert_eq!(field.post(issued(0), &[risk(5, 1.0)]).await, [0, 1, 0]);
    assert_eq!(field.latest("").await[0]["covers_until"], at(5));
    assert_eq!(field.health().await["state"], "on_time");
    // So it is after a restart, and the file is whole.
    let Field { app, .. } = field;
    let folder = app.stop().await;
    let checked = run(folder.path(), &["check", "--data-dir", "."]);
    assert!(checked.status.success(), "{}", text(&checked.stdout));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_withdrawal_hides_no_other_job_and_no_other_stage() {
    let field = Field::start().await;
    let another = field.another("mildew-predictor").await;
    field.post(issued(0), &[risk(5, 1.0)]).await;
    let body = json!({ "job_id": another, "issue_time": at(0), "predictions": [risk(5, 2.0)] });
    field.app.post("/api/v1/predictions", &body).await.expect(200);
    field.app.advance_minutes(1);
    let raw = json!({ "issue_time": at(0), "stage": "raw" });
    field.post(raw, &[risk(5, 3.0)]).await;
    let mut values = field.values(WINDOW).await;
    values.sort_by(f64::total_cmp);
    assert_eq!(values, [1.0, 2.0, 3.0]);
    let withdrawn = field
        .try_post(json!({ "issue_time": at(0), "job_id": another }), &[gap(5)])
        .await;
    assert_eq!(counts(&withdrawn.expect(200)), [0, 0, 0, 1, 0]);
    assert_eq!(field.values(WINDOW).await, [1.0, 3.0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_withdrawn_value_does_not_return_when_its_withdrawal_expires() {
    let field = Field::start().await;
    field.change_source(json!({ "retention_hours": 1 })).await;
    field.post(issued(0), &[risk(0, -99.0), risk(10, 7.0)]).await;
    let withdrawn = field.try_post(issued(0), &[gap(0)]).await;
    assert_eq!(counts(&withdrawn.expect(200)), [0, 0, 0, 1, 0]);
    field.app.advance_minutes(61);
    field.app.sweep().await;
    assert_eq!(field.values(WINDOW).await, [7.0]);
    // A longer retention does not undo the withdrawal.
    field.change_source(json!({ "retention_hours": 1000 })).await;
    assert_eq!(field.values(WINDOW).await, [7.0]);
    field.change_source(json!({ "retention_hours": 1 })).await;
    field.app.advance_minutes(11 * 60);
    assert_eq!(field.app.sweep().await.runs, 2);
    let runs = "SELECT count(*) FROM runs";
    let runs: i64 = field.app.database().query_row(runs, [], |row| row.get(0)).unwrap();
    assert_eq!(runs, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_withdrawn_input_is_none_and_charts_leave_it_out() {
    let field = Field::start().await;
    let app = &field.app;
    let series = json!({ "role": "risk", "start": at(0), "step": "PT1M", "values": vec![1.0; 600] });
    let body = json!({ "job_id": field.job, "issue_time": at(0), "series": [series] });
    app.post("/api/v1/predictions", &body).await.expect(200);
    let peak = json!({ "role": "risk", "valid_time": at(3), "value": 1000 });
    field.post(issued(0), std::slice::from_ref(&peak)).await;
    let path = format!(
        "/api/v1/predictions?metric=all&job_id={}&{WINDOW}&shape=series&max_points=10",
        field.job
    );
    let has_peak = async || app.get(&path).await.expect(200)[0].to_string().contains("1000");
    assert!(has_peak().await);
    let withdrawn = field.try_post(issued(0), &[gap(3)]).await;
    assert_eq!(counts(&withdrawn.expect(200)), [0, 0, 0, 1, 0]);
    assert!(!has_peak().await);
    assert_eq!(app.get(&path).await.expect(200)[0]["thinned_from"], 599);
    // Backups have it too.
    let folder: &TestApp = app;
    let backup = run(folder.folder.path(), &["check", "--data-dir", "."]);
    assert!(backup.status.success(), "{}", text(&backup.stdout));
}
