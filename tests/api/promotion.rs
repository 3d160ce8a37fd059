//! Promotions: a version on trial becomes the version of the job, and the way back is the same call.

use serde_json::{Value, json};

use crate::{
    app::{ADMIN, Answer, TestApp},
    field::{Field, issued, risk},
    shadows::{audited, begin, job, labels, release, trial},
};

async fn promote(app: &TestApp, job: &str, body: &Value, tag: Option<&str>) -> Answer {
    let path = format!("/api/v1/jobs/{job}/promote");
    let mut request = app
        .request("POST".parse().unwrap(), &path)
        .bearer_auth(ADMIN)
        .json(body);
    if let Some(tag) = tag {
        request = request.header("If-Match", tag);
    }
    app.send(request).await
}

async fn history(field: &Field) -> Vec<Value> {
    let path = format!("GET /jobs/{}/history", field.job);
    let history = field.app.ok(ADMIN, &path, Value::Null).await;
    history.as_array().unwrap().clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_promotion_pins_the_version_and_can_be_taken_back() {
    let field = Field::start().await;
    let app = &field.app;
    let (first, second) = (
        release(&field, "1.1.0", |_| ()).await,
        release(&field, "1.2.0", |_| ()).await,
    );
    begin(&field, &first).await;
    begin(&field, &second).await;
    app.advance_minutes(1);
    let old = job(&field).await["source_version_id"].clone();
    let body = json!({ "source_version_id": first, "note": "Better in nine weeks of ten." });
    let promoted = promote(app, &field.job, &body, None).await;
    let shown = promoted.expect(200);
    assert_eq!(
        (&shown["source_version_id"], labels(&shown)),
        (&json!(first), vec!["1.2.0", "1.0.0"])
    );
    assert_eq!(shown["shadows"][1]["since"], app.now().to_string());
    let get = app.get(&format!("/api/v1/jobs/{}", field.job)).await;
    assert_eq!(
        (get.json(), get.header("etag")),
        (shown.clone(), promoted.header("etag"))
    );
    let changes = json!({
        "source_version_id": first, "added_shadow": old, "ended_shadow": first, "note": "Better in nine weeks of ten."
    });
    assert_eq!(audited(app).await, changes);
    let entries = history(&field).await;
    assert_eq!(
        (
            entries.len(),
            &entries[0]["source_version"],
            &entries[0]["note"],
            &entries[0]["token_name"]
        ),
        (
            2,
            &json!("1.1.0"),
            &json!("Better in nine weeks of ten."),
            &json!("admin")
        )
    );
    // Repeated, it changes nothing.
    app.advance_minutes(1);
    let again = promote(app, &field.job, &body, None).await;
    assert_eq!(
        (again.expect(200), again.header("etag")),
        (shown, promoted.header("etag"))
    );
    assert_eq!(history(&field).await, entries);
    // The list of the worker follows at once.
    for (version, track) in [(&json!(first), Value::Null), (&old, json!("shadow"))] {
        let service = format!("GET /jobs/service/{}", version.as_str().unwrap());
        assert_eq!(app.ok(ADMIN, &service, Value::Null).await[0]["track"], track);
    }
    let back = promote(app, &field.job, &json!({ "source_version_id": old }), None)
        .await
        .expect(200);
    assert_eq!(
        (&back["source_version_id"], labels(&back)),
        (&old, vec!["1.2.0", "1.1.0"])
    );
    assert_eq!(history(&field).await[0].get("note"), None);
    let body = json!({ "source_version_id": second, "keep_previous": false });
    let last = promote(app, &field.job, &body, None).await.expect(200);
    assert_eq!(
        (&last["source_version_id"], labels(&last)),
        (&json!(second), vec!["1.1.0"])
    );
    assert_eq!(
        audited(app).await,
        json!({ "source_version_id": second, "ended_shadow": second })
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_promotion_is_for_the_state_that_it_is_meant_for_unless_it_is_done() {
    let field = Field::start().await;
    let app = &field.app;
    let version = release(&field, "1.1.0", |_| ()).await;
    let path = format!("/api/v1/jobs/{}", field.job);
    let stale = app.get(&path).await.header("etag").to_owned();
    begin(&field, &version).await;
    let fresh = app.get(&path).await.header("etag").to_owned();
    let body = json!({ "source_version_id": version });
    let refused = promote(app, &field.job, &body, Some(&stale)).await;
    refused.expect_problem(412, &[]);
    assert_eq!(app.get(&path).await.header("etag"), fresh);
    let promoted = promote(app, &field.job, &body, Some(&fresh)).await;
    promoted.expect(200);
    // The same request again, whose tag is not current any more: it is done already.
    for tag in [&fresh, &stale] {
        let again = promote(app, &field.job, &body, Some(tag)).await;
        assert_eq!(
            (again.expect(200), again.header("etag")),
            (promoted.json(), promoted.header("etag"))
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_on_trial_is_not_promoted() {
    let field = Field::start().await;
    let app = &field.app;
    let version = release(&field, "1.1.0", |_| ()).await;
    let path = format!("POST /jobs/{}/promote", field.job);
    let unknown = "00000000-0000-0000-0000-000000000001";
    let of = |id: &str| json!({ "source_version_id": id });
    let with = |name: &str, value: Value| {
        let mut body = of(&version);
        body[name] = value;
        body
    };
    let missing = format!("POST /jobs/{unknown}/promote");
    let table = json!([
        [path, of(&version), 422, "#/source_version_id"],
        [path, of(unknown), 422, "#/source_version_id"],
        [missing, of(&version), 404],
        [path, {}, 422, "#/source_version_id"],
        [path, with("note", json!("x".repeat(501))), 422, "#/note"],
        [path, with("note", json!("a\u{0}b")), 422, "#/note"],
        [path, with("note", Value::Null), 422, "#/note"],
        [path, with("keep_previous", json!("no")), 422, "#/keep_previous"],
        [path, with("reason", json!("x")), 422, "#/reason"],
    ]);
    app.calls(ADMIN, table).await;
    begin(&field, &version).await;
    let worker = app.token("worker", "worker", &field.home).await;
    app.calls(&worker, json!([[path, of(&version), 403]])).await;
    let elsewhere = app.organisation("Elsewhere").await;
    let foreign = app.token("foreign", "manager", &elsewhere).await;
    app.calls(&foreign, json!([[path, of(&version), 404]])).await;
    let ended = format!("DELETE {}", trial(&field, &version));
    let longest = with("note", json!("x".repeat(500)));
    let table = json!([[ended, null, 204], [path, longest, 422, "#/source_version_id"]]);
    app.calls(ADMIN, table).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bindings_stay_so_that_the_way_back_works() {
    let field = Field::start().await;
    let app = &field.app;
    let without_inputs = release(&field, "1.1.0", |new| new["input_roles"] = json!([])).await;
    begin(&field, &without_inputs).await;
    let before = job(&field).await;
    let body = json!({ "source_version_id": without_inputs });
    let promoted = promote(app, &field.job, &body, None).await.expect(200);
    assert_eq!(promoted["role_bindings"], before["role_bindings"]);
    assert_eq!(promoted["location_id"], before["location_id"]);
    let inputs = format!("GET /jobs/{}/inputs", field.job);
    assert_eq!(app.ok(ADMIN, &inputs, Value::Null).await["inputs"], json!([]));
    // The old version is on trial and still needs the site.
    let put = format!("PUT /jobs/{}", field.job);
    let none = json!({ "role_bindings": [] });
    app.calls(ADMIN, json!([[put, none, 422, "#/role_bindings"]])).await;
    app.ok(ADMIN, &put, json!({ "role_bindings": before["role_bindings"] }))
        .await;
    let back = json!({ "source_version_id": before["source_version_id"] });
    promote(app, &field.job, &back, None).await.expect(200);
    assert_eq!(app.ok(ADMIN, &inputs, Value::Null).await["inputs"][0]["role"], "site");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_health_is_judged_by_the_targets_of_the_new_version() {
    let field = Field::start().await;
    let app = &field.app;
    field.post(issued(0), &[risk(1, 1.0)]).await;
    let version = release(&field, "1.1.0", |new| {
        let risk = json!({ "role": "danger", "metric": "mildew_risk", "unit": "points" });
        new["output_roles"] = json!([risk, { "role": "new", "metric": "new" }]);
    });
    let version = version.await;
    begin(&field, &version).await;
    assert_eq!(field.health().await["targets"][0]["role"], "risk");
    promote(app, &field.job, &json!({ "source_version_id": version }), None)
        .await
        .expect(200);
    let health = field.health().await;
    let targets = health["targets"].as_array().unwrap().iter();
    let targets: Vec<_> = targets.map(|target| (&target["role"], &target["state"])).collect();
    assert_eq!(
        targets,
        [(&json!("danger"), &json!("on_time")), (&json!("new"), &json!("new"))]
    );
    // Posts are checked against the new version at once.
    field
        .try_post(issued(1), &[risk(2, 1.0)])
        .await
        .expect_problem(422, &["#/predictions/0/role"]);
    let point = json!({ "role": "danger", "valid_time": "2023-10-27T02:00:00Z", "value": 1 });
    field.post(issued(1), &[point]).await;
}

#[cfg(feature = "webhooks")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn webhooks_are_told_of_a_promotion() {
    use crate::receiver::Receiver;

    let field = Field::start().await;
    let app = &field.app;
    let receiver = Receiver::start().await;
    for (path, events) in [("/promoted", json!(["job.promoted"])), ("/late", json!(["job.late"]))] {
        let hook = json!({
            "name": path, "url": receiver.url(path), "organisation_id": field.home, "events": events
        });
        app.make("/api/v1/webhooks", &hook).await;
    }
    let version = release(&field, "1.1.0", |_| ()).await;
    let before = begin(&field, &version).await;
    let body = json!({ "source_version_id": version, "note": "Better." });
    promote(app, &field.job, &body, None).await.expect(200);
    promote(app, &field.job, &body, None).await.expect(200);
    let back = json!({ "source_version_id": before["source_version_id"] });
    promote(app, &field.job, &back, None).await.expect(200);
    let received = receiver.received("/promoted", 2).await;
    let data = |previous: (&Value, &str), new: (&Value, &str)| {
        json!({
            "job_id": field.job, "job_name": "Job A", "organisation_id": field.home, "source_id": field.source,
            "source_name": "mildew-predictor",
            "previous_source_version_id": previous.0, "previous_source_version": previous.1,
            "source_version_id": new.0, "source_version": new.1,
        })
    };
    let (old, new) = ((&before["source_version_id"], "1.0.0"), (&json!(version), "1.1.0"));
    let mut forth = data(old, new);
    forth["note"] = json!("Better.");
    let told: Vec<_> = received.iter().map(crate::receiver::Received::json).collect();
    assert_eq!((&told[0]["type"], &told[0]["data"]), (&json!("job.promoted"), &forth));
    assert_eq!(told[1]["data"], data(new, old));
    assert_eq!(told[0]["timestamp"], app.now().to_string());
    assert_eq!(receiver.received("/late", 0).await.len(), 0);
}
