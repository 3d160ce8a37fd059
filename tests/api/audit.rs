//! The audit trail: it contains every change of the catalogue, and nothing else.

use serde_json::{Value, json};

use crate::{
    app::{ADMIN, TestApp, setup},
    command_line::{assert_refused, run, text},
    field::{Field, risk},
};

/// Returns the entries, newest first, as `action kind name by whom`.
async fn told(app: &TestApp, secret: &str, query: &str) -> Vec<String> {
    let entries = app.ok(secret, &format!("GET /audit?{query}"), Value::Null).await;
    let entry = |entry: &Value| {
        let text = |name: &str| entry[name].as_str().unwrap().to_owned();
        format!(
            "{} {} {} by {}",
            text("action"),
            text("kind"),
            text("name"),
            text("token_name")
        )
    };
    entries.as_array().unwrap().iter().map(entry).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_that_a_set_up_makes_is_noted_once_and_a_dry_run_not_at_all() {
    let app = TestApp::start().await;
    let body = setup("11111111-1111-1111-1111-111111111111", "Job A");
    app.ok(ADMIN, "POST /jobs/setup?dry_run=true", body.clone()).await;
    assert_eq!(told(&app, ADMIN, "").await, ["created token admin by command line"]);
    app.ok(ADMIN, "POST /jobs/setup", body.clone()).await;
    let whole = [
        "created job Job A by admin",
        "created sensor 55555555-5555-5555-5555-555555555555 by admin",
        "created source_version 1.0.0 by admin",
        "created source mildew-predictor by admin",
        "created organisation 11111111-1111-1111-1111-111111111111 by admin",
        "created token admin by command line",
    ];
    assert_eq!(told(&app, ADMIN, "").await, whole);
    // Neither a repeated nor a refused set-up creates entries.
    app.ok(ADMIN, "POST /jobs/setup", body.clone()).await;
    let mut refused = body;
    refused["job"] = json!({ "name": "Job B" });
    refused["role_bindings"] = json!([]);
    app.calls(ADMIN, json!([["POST /jobs/setup", refused, 422, "#/role_bindings"]]))
        .await;
    assert_eq!(told(&app, ADMIN, "").await, whole);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_entry_about_a_change_has_the_fields_and_their_new_values() {
    let field = Field::start().await;
    let app = &field.app;
    let changes = async |path: &str, change: Value| {
        let path = format!("PUT /{path}");
        app.ok(ADMIN, &path, change).await;
        let entries = app.ok(ADMIN, "GET /audit?limit=1", Value::Null).await;
        assert_eq!(entries[0]["action"], "changed");
        entries[0]["changes"].clone()
    };
    let location = format!("locations/{}", field.there);
    let moved = json!({ "latitude": 1.5, "longitude": -74, "elevation": 3 });
    assert_eq!(
        changes(&location, moved).await,
        json!({ "elevation": 3.0, "latitude": 1.5 })
    );
    let cleared = json!({ "elevation": null });
    assert_eq!(changes(&location, cleared.clone()).await, cleared);
    let job = format!("jobs/{}", field.job);
    let paused = json!({ "active": false, "name": "Job Z" });
    assert_eq!(changes(&job, paused.clone()).await, paused);
    let source = format!("sources/{}", field.source);
    let kept = json!({ "retention_hours": 5 });
    assert_eq!(changes(&source, kept.clone()).await, kept);
    let home = format!("organisations/{}", field.home);
    let named = json!({ "name": "Elsewhere" });
    assert_eq!(changes(&home, named.clone()).await, named);
    // A PUT that changes no value creates no entry.
    let before = told(app, ADMIN, "").await;
    app.ok(ADMIN, &format!("PUT /{home}"), named).await;
    assert_eq!(told(app, ADMIN, "").await, before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deletion_is_noted_and_so_is_what_goes_with_an_organisation() {
    let app = TestApp::start().await;
    let home = app.organisation("Home").await;
    let of = |name: &str, more: Value| {
        let mut body = json!({ "organisation_id": home, "name": name });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    };
    let point = json!({ "latitude": 0, "longitude": 0 });
    let first = app.make("/api/v1/locations", &of("First", point.clone())).await;
    app.make("/api/v1/locations", &of("Second", point)).await;
    app.make("/api/v1/sensors", &of("Sensor", json!({ "metric": "celsius" })))
        .await;
    app.make("/api/v1/sources", &of("Source", json!({}))).await;
    app.token("Manager", "manager", &home).await;
    app.ok(ADMIN, &format!("DELETE /locations/{first}"), Value::Null).await;
    app.advance_minutes(1);
    app.ok(ADMIN, &format!("DELETE /organisations/{home}"), Value::Null)
        .await;
    let mut found = told(&app, ADMIN, "limit=6").await;
    assert_eq!(found.remove(0), "deleted organisation Home by admin");
    assert_eq!(found.pop().unwrap(), "deleted location First by admin");
    found.sort();
    assert_eq!(
        found,
        [
            "deleted location Second by admin",
            "deleted sensor Sensor by admin",
            "deleted source Source by admin",
            "deleted token Manager by admin",
        ]
    );
    // Another organisation that gets the id does not see earlier entries.
    app.advance_minutes(1);
    let again = json!({ "id": home, "name": "Another" });
    app.ok(ADMIN, "POST /organisations", again).await;
    let manager = app.token("New", "manager", &home).await;
    assert_eq!(
        told(&app, &manager, "").await,
        ["created token New by admin", "created organisation Another by admin"]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readings_predictions_and_the_use_of_tokens_are_not_noted_and_secrets_nowhere() {
    let field = Field::start().await;
    let worker = field.app.token("Worker", "worker", &field.home).await;
    let before = told(&field.app, ADMIN, "").await;
    field.post(json!({}), &[risk(0, 1.0)]).await;
    field.app.ok(&worker, "GET /whoami", Value::Null).await;
    assert_eq!(told(&field.app, ADMIN, "").await, before);
    let all = field.app.get("/api/v1/audit").await;
    assert!(
        !all.text.contains(&worker) && !all.text.contains("hash"),
        "{}",
        all.text
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_trail_is_filtered_and_paged() {
    let app = TestApp::start().await;
    let (home, elsewhere) = (app.organisation("Home").await, app.organisation("Elsewhere").await);
    let manager = app.token("Manager", "manager", &home).await;
    let who = app.ok(&manager, "GET /whoami", Value::Null).await;
    let token = who["id"].as_str().unwrap();
    let begin = app.now();
    let mut sensors = Vec::new();
    for number in 0..3 {
        app.advance_minutes(1);
        let body = json!({ "name": format!("Sensor {number}"), "metric": "celsius" });
        let made = app.ok(&manager, "POST /sensors", body).await;
        sensors.push(made["id"].as_str().unwrap().to_owned());
    }
    let by = |number: usize| format!("created sensor Sensor {number} by Manager");
    assert_eq!(told(&app, ADMIN, "kind=sensor").await, [by(2), by(1), by(0)]);
    assert_eq!(told(&app, ADMIN, &format!("id={}", sensors[1])).await, [by(1)]);
    assert_eq!(
        told(&app, ADMIN, &format!("token={token}&limit=2")).await,
        [by(2), by(1)]
    );
    let (from, to) = (begin.plus_minutes(1), begin.plus_minutes(3));
    assert_eq!(told(&app, ADMIN, &format!("from={from}&to={to}")).await, [by(1), by(0)]);
    assert_eq!(
        told(&app, ADMIN, &format!("organisation_id={elsewhere}")).await,
        ["created organisation Elsewhere by admin"]
    );
    let own = told(&app, &manager, "").await;
    assert_eq!(own.len(), 5);
    // Page by page it is the same.
    let mut paged = Vec::new();
    let mut next = Some("/api/v1/audit?limit=2".to_owned());
    while let Some(path) = next {
        let page = app.call_as(&manager, "GET", &path, &Value::Null).await;
        paged.extend(page.expect(200).as_array().unwrap().clone());
        let link = page.header("link");
        next = link.split(['<', '>']).nth(1).map(str::to_owned);
    }
    let whole = app.ok(&manager, "GET /audit", Value::Null).await;
    assert_eq!(Value::Array(paged), whole);
    app.calls(
        ADMIN,
        json!([
            ["GET /audit?kind=cat", null, 400, "kind"],
            ["GET /audit?from=today", null, 400, "from"],
            ["GET /audit?cursor=x", null, 400, "cursor"],
            ["GET /audit?who=me", null, 400, "who"],
        ]),
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_trail_has_its_own_retention_and_knows_the_command_line() {
    // The tests' clock shows 2023. By the executable's clock, the entries are old.
    let app = TestApp::start().await;
    for number in 0..700 {
        app.organisation(&format!("Organisation {number}")).await;
    }
    let folder = app.folder.path();
    let command = |arguments: &[&str]| run(folder, &[arguments, &["--data-dir", "."]].concat());
    let made = command(&["token", "create", "operator", "--role", "admin"]);
    assert!(made.status.success(), "{}", text(&made.stderr));
    let counted = text(&command(&["retention", "--dry-run"]).stdout);
    assert!(counted.contains("runs, 701 entries of the audit trail\n"), "{counted}");
    let kept = ["created token operator by command line"];
    let swept = text(&command(&["retention"]).stdout);
    assert!(swept.contains("701 entries of the audit trail"), "{swept}");
    assert_eq!(told(&app, ADMIN, "").await, kept);
    let swept = text(&command(&["retention"]).stdout);
    assert!(!swept.contains("entries"), "{swept}");
    let mut none = crate::command_line::command(folder, &["config"]);
    let output = none.env("PREDICTION_API_RETENTION__AUDIT_DAYS", "0").output().unwrap();
    assert_refused(&output, &["retention.audit_days", "from 1 to 36500"]);
}

#[cfg(feature = "webhooks")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn webhooks_are_noted_and_their_secrets_are_not() {
    let app = TestApp::start().await;
    let new = json!({ "name": "on call", "url": "https://hooks.example/a" });
    let made = app.ok(ADMIN, "POST /webhooks", new).await;
    let id = made["id"].as_str().unwrap();
    let put = format!("PUT /webhooks/{id}");
    app.ok(ADMIN, &put, json!({ "secret": null })).await;
    app.ok(ADMIN, &put, json!({ "active": false })).await;
    app.calls(ADMIN, json!([[format!("DELETE /webhooks/{id}"), null, 204]]))
        .await;
    let entries = app.ok(ADMIN, "GET /audit?kind=webhook", Value::Null).await;
    let seen = |entry: &Value| (entry["action"].clone(), entry["changes"].clone());
    let found: Vec<_> = entries.as_array().unwrap().iter().map(seen).collect();
    let expected = [
        (json!("deleted"), Value::Null),
        (json!("changed"), json!({ "active": false })),
        (json!("changed"), json!({ "secret": "(not kept)" })),
        (json!("created"), Value::Null),
    ];
    assert_eq!(found, expected);
}
