//! Nothing is lost, and nothing is new twice, when the program is killed again and again.

use std::{collections::BTreeSet, path::Path, time::Duration};

use reqwest::{Client, Method};
use serde_json::{Value, json};
use tempfile::tempdir;

use crate::{
    app::{ADMIN, setup},
    command_line::{Served, command},
    receiver::Receiver,
};
use prediction_api::domain::Timestamp;

/// Times that the program is killed.
const KILLS: u64 = 50;

fn serve(folder: &Path) -> Served {
    let mut command = command(folder, &[]);
    command
        .env("PREDICTION_API_ADMIN_TOKEN", ADMIN)
        .env("PREDICTION_API_WEBHOOKS__ALLOW_PRIVATE_ADDRESSES", "true");
    Served::start(command)
}

/// Calls the server. Returns `None` if it is gone.
async fn call(client: &Client, url: &str, method: Method, path: &str, body: &Value) -> Option<Value> {
    let mut request = client.request(method, format!("{url}/api/v1{path}")).bearer_auth(ADMIN);
    if !body.is_null() {
        request = request.json(body);
    }
    let answer = request.send().await.ok()?;
    let status = answer.status();
    let text = answer.text().await.ok()?;
    assert!(status.is_success(), "{path}: {text}");
    Some(serde_json::from_str(&text).unwrap())
}

/// Returns a client of its own, since the address of each started server is another, with the address.
fn client(served: &Served) -> (Client, String) {
    let url = served.said("Swagger UI").trim_end_matches("/swagger").to_owned();
    (Client::new(), url)
}

async fn make((client, url): &(Client, String), path: &str, body: Value) -> String {
    let made = call(client, url, Method::POST, path, &body).await.unwrap();
    made["id"].as_str().unwrap().to_owned()
}

async fn list((client, url): &(Client, String), path: &str) -> Vec<Value> {
    let listed = call(client, url, Method::GET, path, &Value::Null).await.unwrap();
    listed.as_array().unwrap().clone()
}

/// Posts an issue with one value. Returns `None` if the server is gone.
async fn post((client, url): (Client, String), job: String, value: u32) -> Option<Value> {
    let micros = time::OffsetDateTime::now_utc().unix_timestamp_nanos() / 1000;
    let now = Timestamp::from_micros(i64::try_from(micros).unwrap());
    let point = json!({ "role": "risk", "valid_time": now.plus_hours(2), "value": value });
    let body = json!({ "job_id": job, "predictions": [point] });
    call(&client, &url, Method::POST, "/predictions", &body).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_message_is_lost_or_new_twice_when_the_program_is_killed() {
    let (folder, receiver) = (tempdir().unwrap(), Receiver::start().await);
    let served = serve(folder.path());
    let at = client(&served);
    let home = make(&at, "/organisations", json!({ "name": "Home" })).await;
    let hook = json!({ "name": "hook", "url": receiver.url("/a"), "organisation_id": home, "events": ["alert.raised", "alert.cleared"] });
    let hook = make(&at, "/webhooks", hook).await;
    let job = make(&at, "/jobs/setup", setup(&home, "Job A")).await;
    let rule = json!({ "name": "Mildew", "job_id": job, "role": "risk", "when": "ge", "value": 60, "within": "PT6H" });
    let alert = make(&at, "/alerts", rule).await;
    drop(served);
    for number in 0..KILLS {
        let served = serve(folder.path());
        let at = client(&served);
        let values = |count: u64| if count.is_multiple_of(2) { 80 } else { 10 };
        let count = 1 + number % 3;
        for posted in 0..count {
            post(at.clone(), job.clone(), values(posted)).await.unwrap();
        }
        // The kill comes at some moment of the next post.
        let last = tokio::spawn(post(at, job.clone(), values(count)));
        tokio::time::sleep(Duration::from_micros(number * 97 % 4000)).await;
        // Ends it as a power cut does.
        drop(served);
        last.await.unwrap();
    }
    let served = serve(folder.path());
    let at = client(&served);
    let deliveries = format!("/webhooks/{hook}/deliveries?limit=10000");
    while list(&at, &deliveries).await.iter().any(|one| one["state"] == "pending") {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let mut changes = list(&at, &format!("/alerts/{alert}/changes?limit=10000")).await;
    changes.reverse();
    assert!(changes.len() > 50, "only {} changes", changes.len());
    let event = |change: &Value| match change["state"].as_str() {
        Some("raised") => json!(["alert.raised", change["at"]]),
        _ => json!(["alert.cleared", change["at"]]),
    };
    let expected: Vec<_> = changes.iter().map(event).collect();
    let (mut seen, mut found) = (BTreeSet::new(), Vec::new());
    for message in receiver.received("/a", changes.len()).await {
        if seen.insert(message.id().to_owned()) {
            found.push(json!([message.json()["type"], message.json()["timestamp"]]));
        }
    }
    assert_eq!(found, expected);
}
