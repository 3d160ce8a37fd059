//! The posts of versions on trial: they show in the job's shadows and in lists of runs on request, and count for nothing
//! else.

use serde_json::{Value, json};

use crate::{
    app::ADMIN,
    field::{Field, at, issued, risk},
    shadows::{begin, job, release},
};

/// Posts a value for hour `hour` as the worker of a version on trial.
async fn post_as(field: &Field, version: &str, issue: u32, hour: u32) {
    let mut more = issued(issue);
    more["source_version_id"] = json!(version);
    assert_eq!(field.post(more, &[risk(hour, 9.0)]).await, [1, 0, 0]);
}

/// Returns the only shadow's last issue, and whether it is late.
async fn trial(field: &Field) -> (Value, Value) {
    let one = job(field).await;
    let list = field.app.ok(ADMIN, "GET /jobs", Value::Null).await;
    assert_eq!(list[0], one);
    let shadow = &one["shadows"][0];
    (shadow["last_issue_time"].clone(), shadow["late"].clone())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_posts_of_a_version_on_trial_do_not_count_for_the_job() {
    let field = Field::start().await;
    let app = &field.app;
    field.change_source(json!({ "grace_minutes": 5 })).await;
    let version = release(&field, "1.1.0", |_| ()).await;
    field.post(issued(0), &[risk(0, 1.0)]).await;
    begin(&field, &version).await;
    app.advance_minutes(30);
    let healthy = field.health().await;
    let tag = app.get(&format!("/api/v1/jobs/{}", field.job)).await;
    let tag = tag.header("etag").to_owned();
    post_as(&field, &version, 1, 12).await;
    assert_eq!(field.health().await, healthy);
    assert_eq!(trial(&field).await, (json!(at(1)), json!(false)));
    let counts = app.ok(ADMIN, "GET /health", Value::Null).await;
    assert_eq!(
        (&counts["not_covering_now"], &counts["on_time"]),
        (&json!(1), &json!(1))
    );
    // A post does not change the settings of the job, which the tag guards.
    let guarded = app.request("PUT".parse().unwrap(), &format!("/api/v1/jobs/{}", field.job));
    let guarded = guarded
        .bearer_auth(ADMIN)
        .header("If-Match", tag)
        .json(&json!({ "active": true }));
    app.send(guarded).await.expect(200);

    app.advance_minutes(36);
    assert_eq!(field.health().await["state"], "late");
    assert_eq!(trial(&field).await.1, json!(false));
    app.advance_minutes(30);
    assert_eq!(trial(&field).await, (json!(at(1)), json!(true)));
    post_as(&field, &version, 2, 13).await;
    assert_eq!(trial(&field).await, (json!(at(2)), json!(false)));
    assert_eq!(field.health().await["state"], "late");
    let failed = json!({ "status": "failed" });
    app.ok(ADMIN, &format!("POST /jobs/{}/runs", field.job), failed).await;
    post_as(&field, &version, 3, 13).await;
    assert_eq!(field.health().await["state"], "failed");
    field.post(issued(1), &[risk(2, 1.0)]).await;
    assert_eq!(field.health().await["state"], "on_time");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_runs_of_a_version_on_trial_are_listed_on_request() {
    let field = Field::start().await;
    let app = &field.app;
    let version = release(&field, "1.1.0", |_| ()).await;
    begin(&field, &version).await;
    for issue in 0..3 {
        field.post(issued(issue), &[risk(5, 1.0)]).await;
        post_as(&field, &version, issue, 5).await;
    }
    let path = format!("/api/v1/jobs/{}/runs", field.job);
    let list = async |query: &str| app.get(&format!("{path}?{query}")).await.expect(200);
    let of = |track: Option<&str>, run: &Value| run["track"].as_str() == track && run["predictions"] == 1;
    let main = list("").await;
    assert!(main.as_array().unwrap().iter().all(|run| of(None, run)), "{main}");
    let shadow = list("track=shadow").await;
    assert!(
        shadow.as_array().unwrap().iter().all(|run| of(Some("shadow"), run)),
        "{shadow}"
    );
    assert_eq!([&main, &shadow].map(|runs| runs.as_array().unwrap().len()), [3, 3]);
    let all = list("track=all").await;
    for (index, run) in all.as_array().unwrap().iter().enumerate() {
        let same = if index % 2 == 0 { &main } else { &shadow };
        assert_eq!(*run, same[index / 2], "{index}");
    }
    // Pages have each run once, also between two runs of one issue time.
    let (mut pages, mut next) = (Vec::new(), Some(format!("{path}?track=all&limit=1")));
    while let Some(page) = next {
        let page = app.get(&page).await;
        pages.extend(page.expect(200).as_array().unwrap().clone());
        next = page.header("link").split(['<', '>']).nth(1).map(str::to_owned);
    }
    assert_eq!(Value::Array(pages), all);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_promotion_moves_no_prediction_to_another_track() {
    let field = Field::start().await;
    let app = &field.app;
    let version = release(&field, "1.1.0", |_| ()).await;
    begin(&field, &version).await;
    field.post(issued(0), &[risk(5, 1.0)]).await;
    post_as(&field, &version, 1, 5).await;
    let health = field.health().await;
    let path = format!("POST /jobs/{}/promote", field.job);
    app.ok(ADMIN, &path, json!({ "source_version_id": version })).await;
    // The health still sees what was posted as the model, and the previous version has posted nothing on trial.
    assert_eq!(field.health().await["last_issue_time"], health["last_issue_time"]);
    assert_eq!(trial(&field).await, (Value::Null, json!(false)));
    let runs = |query: &str| format!("GET /jobs/{}/runs?{query}", field.job);
    let count = async |query: &str| {
        let listed = app.ok(ADMIN, &runs(query), Value::Null).await;
        listed.as_array().unwrap().len()
    };
    assert_eq!((count("").await, count("track=shadow").await), (1, 1));
    field.post(issued(2), &[risk(5, 2.0)]).await;
    assert_eq!((count("").await, count("track=shadow").await), (2, 1));
    assert_eq!(field.health().await["last_issue_time"], at(2));
}
