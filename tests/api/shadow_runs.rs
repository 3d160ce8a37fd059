//! The runs of versions on trial: their reports do not count for the job, and lists have them on request.

use serde_json::{Value, json};

use crate::{
    app::ADMIN,
    field::{Field, issued, risk},
    shadows::{begin, job, release},
};

/// Returns the runs of the field's job, each as its status or the hour of its issue, and its track.
async fn runs(field: &Field, query: &str) -> Vec<(String, Value)> {
    let path = format!("GET /jobs/{}/runs?{query}", field.job);
    let runs = field.app.ok(ADMIN, &path, Value::Null).await;
    let run = |run: &Value| {
        let issue = run["issue_time"].as_str().map(|time| time[11..13].to_owned());
        let text = issue.unwrap_or_else(|| run["status"].as_str().unwrap().to_owned());
        (text, run["track"].clone())
    };
    runs.as_array().unwrap().iter().map(run).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_report_of_a_version_on_trial_is_not_one_of_the_job() {
    let field = Field::start().await;
    let app = &field.app;
    let version = release(&field, "1.1.0", |_| ()).await;
    let stranger = release(&field, "1.2.0", |_| ()).await;
    begin(&field, &version).await;
    field.post(issued(0), &[risk(1, 1.0)]).await;
    let pinned = job(&field).await["source_version_id"].clone();
    let path = format!("POST /jobs/{}/runs", field.job);
    let report = |status: &str, version: &str| json!({ "status": status, "source_version_id": version });
    let healthy = field.health().await;
    let of_trial = app.ok(ADMIN, &path, report("failed", &version)).await;
    assert_eq!((&of_trial["track"], field.health().await), (&json!("shadow"), healthy));
    let refused = json!([[path, report("failed", &stranger), 422, "#/source_version_id"]]);
    app.calls(ADMIN, refused).await;
    app.advance_minutes(1);
    // A report of the job's version fails the job, whether it names the version or not. One of a trial is no success.
    for pinned in [
        report("failed", pinned.as_str().unwrap()),
        json!({ "status": "failed" }),
    ] {
        let own = app.ok(ADMIN, &path, pinned).await;
        assert_eq!(
            (own.get("track"), &field.health().await["state"]),
            (None, &json!("failed"))
        );
        app.ok(ADMIN, &path, report("ok", &version)).await;
        assert_eq!(field.health().await["state"], "failed");
        app.ok(ADMIN, &path, json!({ "status": "ok" })).await;
        assert_eq!(field.health().await["state"], "on_time");
    }
    let of_main = ["ok", "failed", "ok", "failed", "00"].map(|text| (text.to_owned(), Value::Null));
    assert_eq!(runs(&field, "").await, of_main);
    assert_eq!(runs(&field, "track=main").await, of_main);
    let of_trial = ["ok", "ok", "failed"].map(|text| (text.to_owned(), json!("shadow")));
    assert_eq!(runs(&field, "track=shadow").await, of_trial);
    assert_eq!(runs(&field, "track=all").await.len(), 8);
    let path = format!("GET /jobs/{}/runs?track=both", field.job);
    app.calls(ADMIN, json!([[path, null, 400, "track"]])).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_report_that_is_sent_again_is_stored_once() {
    let field = Field::start().await;
    let app = &field.app;
    let version = release(&field, "1.1.0", |_| ()).await;
    begin(&field, &version).await;
    let path = format!("POST /jobs/{}/runs", field.job);
    let id = "12345678-1234-1234-1234-123456789012";
    let report = json!({ "id": id, "status": "ok", "source_version_id": version });
    let first = app.ok(ADMIN, &path, report.clone()).await;
    assert_eq!(app.ok(ADMIN, &path, report.clone()).await, first);
    // Also after the version was promoted meanwhile.
    let promote = format!("POST /jobs/{}/promote", field.job);
    app.ok(ADMIN, &promote, json!({ "source_version_id": version })).await;
    assert_eq!(app.ok(ADMIN, &path, report).await, first);
    assert_eq!(runs(&field, "track=all").await.len(), 1);
}
