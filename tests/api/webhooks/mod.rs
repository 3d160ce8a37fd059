//! Webhooks: creation, changes, permissions and refusals; the secret is shown once.

mod chats;
mod delivery;
mod formats;
mod killed;
mod told;
mod vendor;

use std::{fs, time::Duration};

use prediction_api::service::webhook::Rules;
use serde_json::{Value, json};
use tokio::time::{sleep, timeout};
use uuid::Uuid;

use crate::{
    app::{ADMIN, TestApp, setup},
    receiver::{Received, Receiver},
};

/// Address of this machine where nobody listens.
const NOWHERE: &str = "http://127.0.0.1:9/";

/// Sets up a job without an expected interval, so that only its worker's reports change its state.
async fn job(app: &TestApp, home: &str, name: &str) -> String {
    let mut body = setup(home, name);
    body["source"] = json!({ "name": "unwatched" });
    body["role_bindings"][0]["input_id"] = json!(Uuid::new_v4());
    let made = app.ok(ADMIN, "POST /jobs/setup", body).await;
    made["id"].as_str().unwrap().to_owned()
}

/// Reports the end of a run: `failed` makes the job fail, `ok` makes it recover.
async fn ended(app: &TestApp, job: &str, status: &str) {
    let report = json!({ "status": status, "message": format!("it is {status}") });
    app.ok(ADMIN, &format!("POST /jobs/{job}/runs"), report).await;
}

/// Returns a webhook's messages, newest first, once they satisfy `fits`.
async fn messages(app: &TestApp, webhook: &str, fits: impl Fn(&[Value]) -> bool) -> Vec<Value> {
    let path = format!("GET /webhooks/{webhook}/deliveries?limit=10000");
    let found = async {
        loop {
            let list = app.ok(ADMIN, &path, Value::Null).await;
            let list = list.as_array().unwrap().clone();
            if fits(&list) {
                return list;
            }
            sleep(Duration::from_millis(10)).await;
        }
    };
    let waited = timeout(Duration::from_secs(30), found).await;
    match waited {
        Ok(list) => list,
        Err(_) => panic!("{}", app.ok(ADMIN, &path, Value::Null).await),
    }
}

/// Starts a server with an organisation, and a receiver.
async fn start() -> (TestApp, String, Receiver) {
    let app = TestApp::start().await;
    let home = app.organisation("Home").await;
    (app, home, Receiver::start().await)
}

/// Creates a webhook of the organisation that posts to the receiver's path; its name is the path.
async fn hook(app: &TestApp, home: &str, receiver: &Receiver, path: &str) -> String {
    let body = json!({ "name": path, "url": receiver.url(path), "organisation_id": home });
    app.make("/api/v1/webhooks", &body).await
}

/// Returns the events of the messages.
fn types(received: &[Received]) -> Vec<String> {
    let kind = |one: &Received| one.json()["type"].as_str().unwrap().to_owned();
    received.iter().map(kind).collect()
}

fn is_over(message: &Value) -> bool {
    message["state"] != "pending"
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_webhook_is_made_shown_changed_and_deleted() {
    let app = TestApp::start().await;
    let home = app.organisation("Home").await;
    let manager = app.token("manager", "manager", &home).await;
    let body = json!({ "name": " on call ", "url": NOWHERE });
    let made = app.ok(&manager, "POST /webhooks", body.clone()).await;
    let secret = made["secret"].as_str().unwrap();
    assert!(secret.starts_with("whsec_") && secret.len() == 50, "{made}");
    let id = made["id"].as_str().unwrap();
    let mut shown = made.clone();
    shown.as_object_mut().unwrap().remove("secret");
    let now = app.now().to_string();
    assert_eq!(
        shown,
        json!({
            "id": id, "organisation_id": home, "name": "on call", "format": "standard", "url": NOWHERE,
            "events": [
                "job.late", "job.down", "job.recovered", "job.failed", "job.promoted", "alert.raised", "alert.changed",
                "alert.cleared"
            ], "active": true,
            "created_at": now, "updated_at": now
        })
    );
    let one = format!("GET /webhooks/{id}");
    assert_eq!(app.ok(&manager, &one, Value::Null).await, shown);
    let taken = app.calls(&manager, json!([["POST /webhooks", body, 409]]));
    assert_eq!(taken.await["existing_id"], id);
    let mut same_id = body.clone();
    (same_id["id"], same_id["name"]) = (json!(id), json!("of the same id"));
    let taken = app.calls(&manager, json!([["POST /webhooks", same_id, 409]]));
    assert_eq!(taken.await["existing_id"], id);

    let put = format!("PUT /webhooks/{id}");
    let change = json!({ "events": ["job.down"], "active": false });
    let changed = app.ok(&manager, &put, change).await;
    assert_eq!(
        [&changed["events"], &changed["active"], &changed["name"]],
        [&json!(["job.down"]), &json!(false), &json!("on call")]
    );
    assert_eq!(app.ok(&manager, &one, Value::Null).await, changed);
    let list = format!("GET /webhooks/{id}/deliveries");
    let table = json!([
        [list, null, 200],
        [format!("{list}?limit=0"), null, 400, "limit"],
        [format!("{list}?cursor=x"), null, 400, "cursor"],
        [format!("DELETE /webhooks/{id}"), null, 204],
        [one, null, 404],
        [list, null, 404],
        [format!("POST /webhooks/{id}/test"), null, 404],
        [put, { "active": true }, 404],
        [format!("DELETE /webhooks/{id}"), null, 404],
    ]);
    app.calls(&manager, table).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn faults_of_a_webhook_are_named() {
    let app = TestApp::start().await;
    let home = app.organisation("Home").await;
    let id = app
        .make("/api/v1/webhooks", &json!({ "name": "x", "url": NOWHERE }))
        .await;
    let put = format!("PUT /webhooks/{id}");
    let new = |member: &str, value: Value| {
        let mut body = json!({ "name": "y", "url": NOWHERE, "organisation_id": home });
        body[member] = value;
        body
    };
    let post = "POST /webhooks";
    let table = json!([
        [post, {}, 422, "#/name"],
        [post, { "name": "y" }, 422, "#/url"],
        [post, new("url", json!(null)), 422, "#/url"],
        [post, new("url", json!("ftp://127.0.0.1/")), 422, "#/url"],
        [post, new("url", json!("http://me:pw@127.0.0.1/")), 422, "#/url"],
        [post, new("url", json!(format!("{NOWHERE}{}", "x".repeat(2048)))), 422, "#/url"],
        [post, new("events", json!([])), 422, "#/events"],
        [post, new("events", json!(["job.late", "job.late"])), 422, "#/events/1"],
        [post, new("events", json!(["job.early"])), 422, "#/events/0"],
        [post, new("events", json!(["webhook.test"])), 422, "#/events/0"],
        [post, new("secret", json!("whsec_c2hvcnQ=")), 422, "#/secret"],
        [post, new("secret", json!("x".repeat(50))), 422, "#/secret"],
        [post, new("organisation_id", json!(Uuid::new_v4())), 422, "#/organisation_id"],
        [post, new("colour", json!("red")), 422, "#/colour"],
        [put, { "url": "http://" }, 422, "#/url"],
        [put, { "url": null }, 422, "#/url"],
        [put, { "events": [] }, 422, "#/events"],
        [put, { "secret": "x" }, 422, "#/secret"],
        [put, { "organisation_id": home }, 422, "#/organisation_id"],
        [post, new("events", json!(null)), 201],
    ]);
    app.calls(ADMIN, table).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_webhook_belongs_to_its_organisation_or_to_the_admins() {
    let app = TestApp::start().await;
    let [home, elsewhere] = ["Home", "Elsewhere"].map(|name| app.organisation(name));
    let (home, elsewhere) = (home.await, elsewhere.await);
    let hook = |owner: &Value| json!({ "name": "hook", "url": NOWHERE, "organisation_id": owner });
    let mut ids = Vec::new();
    for owner in [json!(home), json!(elsewhere), Value::Null] {
        ids.push(app.make("/api/v1/webhooks", &hook(&owner)).await);
        let again = app.calls(ADMIN, json!([["POST /webhooks", hook(&owner), 409]]));
        assert_eq!(again.await["existing_id"], json!(ids.last().unwrap()));
    }
    let manager = app.token("manager", "manager", &home).await;
    let own = app.ok(&manager, "GET /webhooks", Value::Null).await;
    assert_eq!((own.as_array().unwrap().len(), &own[0]["id"]), (1, &json!(ids[0])));
    for hidden in &ids[1..] {
        let at = format!("/webhooks/{hidden}");
        let table = json!([
            [format!("GET {at}"), null, 404],
            [format!("PUT {at}"), { "active": false }, 404],
            [format!("DELETE {at}"), null, 404],
            [format!("GET {at}/deliveries"), null, 404],
            [format!("POST {at}/test"), null, 404],
        ]);
        app.calls(&manager, table).await;
    }
    let table = json!([
        ["POST /webhooks", hook(&json!(elsewhere)), 403],
        [format!("GET /webhooks?organisation_id={elsewhere}"), null, 403],
    ]);
    app.calls(&manager, table).await;
    // An organisation takes its webhooks with it.
    app.calls(
        ADMIN,
        json!([[format!("DELETE /organisations/{elsewhere}"), null, 204]]),
    )
    .await;
    for (id, status) in ids.iter().zip([200, 404, 200]) {
        let table = json!([[format!("GET /webhooks/{id}"), null, status]]);
        app.calls(ADMIN, table).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn addresses_that_are_not_public_are_refused_unless_the_operator_allows_them() {
    let app = TestApp::start_ruled(Rules::default()).await;
    let post = "POST /webhooks";
    let named = app
        .make(
            "/api/v1/webhooks",
            &json!({ "name": "good", "url": "https://hooks.example/x" }),
        )
        .await;
    for url in [
        NOWHERE,
        "http://localhost/",
        "http://10.1.2.3/",
        "http://169.254.169.254/latest/meta-data",
        "http://0x7f000001/",
        "http://[::1]:8000/",
        "http://[::ffff:192.168.0.1]/",
        "http://[fd00::1]/",
        "http://[64:ff9b::7f00:1]/",
    ] {
        let body = json!({ "name": "bad", "url": url });
        let table = json!([
            [post, body, 422, "#/url"],
            [format!("PUT /webhooks/{named}"), { "url": url }, 422, "#/url"],
        ]);
        let problem = app.calls(ADMIN, table).await;
        let detail = problem["errors"][0]["detail"].as_str().unwrap();
        assert!(detail.contains("webhooks.allow_private_addresses"), "{url}: {detail}");
    }
    // A webhook that was stored while such addresses were allowed, or whose name resolves to one, is not called either.
    for (url, what) in [(NOWHERE, "leads to"), ("http://localhost./", "leads to")] {
        app.database().execute("UPDATE webhooks SET url = ?1", [url]).unwrap();
        let tried = app
            .ok(ADMIN, &format!("POST /webhooks/{named}/test"), Value::Null)
            .await;
        assert_eq!(tried["delivered"], false);
        assert!(tried["error"].as_str().unwrap().contains(what), "{tried}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_secret_is_shown_when_it_is_made_and_never_again() {
    let app = TestApp::start().await;
    let given = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    let body = json!({ "name": "hook", "url": NOWHERE, "secret": given });
    let made = app.post("/api/v1/webhooks", &body).await;
    assert_eq!(made.expect(201)["secret"], given);
    assert_eq!(made.header("cache-control"), "private, no-store");
    let at = format!("/api/v1/webhooks/{}", made.json()["id"].as_str().unwrap());
    let key = |table: &TestApp| -> Vec<u8> {
        let key = table.database();
        key.query_row("SELECT secret FROM webhooks", [], |row| row.get(0))
            .unwrap()
    };
    let first = key(&app);

    // One that is given is not shown back; one that is made is.
    let other = "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    let changed = app.put(&at, &json!({ "secret": other })).await.expect(200);
    assert_eq!(changed.get("secret"), None);
    assert_eq!(key(&app), [0; 24]);
    let renewed = app.put(&at, &json!({ "secret": null })).await.expect(200);
    let fresh = renewed["secret"].as_str().unwrap();
    assert_eq!(fresh.len(), 50);
    assert!(key(&app).len() == 32 && key(&app) != first);
    app.put(&at, &json!({ "name": "renamed" })).await.expect(200);

    let texts = [
        app.get(&at).await.text,
        app.get("/api/v1/webhooks").await.text,
        app.get(&format!("{at}/deliveries")).await.text,
        app.post(&format!("{at}/test"), &Value::Null).await.text,
        app.post(
            "/api/v1/webhooks",
            &json!({ "name": "renamed", "url": NOWHERE, "secret": given }),
        )
        .await
        .text,
        app.post(
            "/api/v1/webhooks",
            &json!({ "name": "", "url": NOWHERE, "secret": format!("{given}x") }),
        )
        .await
        .text,
        app.post(
            "/api/v1/webhooks",
            &json!({ "name": 1, "url": NOWHERE, "secret": given }),
        )
        .await
        .text,
    ];
    for text in texts {
        assert!(!text.contains("whsec_M") && !text.contains(fresh), "{text}");
    }
    for file in fs::read_dir(app.folder.path()).unwrap() {
        let bytes = fs::read(file.unwrap().path()).unwrap();
        let mut parts = bytes.windows(fresh.len());
        assert!(!parts.any(|part| part == fresh.as_bytes()));
    }
}
