//! Nothing is lost when the program is killed between a change and its delivery.

use crate::{
    app::{ADMIN, setup},
    command_line::{Served, command},
    receiver::{How, Receiver},
};
use serde_json::{Value, json};
use tempfile::tempdir;

fn serve(folder: &std::path::Path) -> Served {
    let mut command = command(folder, &[]);
    command
        .env("PREDICTION_API_ADMIN_TOKEN", ADMIN)
        .env("PREDICTION_API_WEBHOOKS__ALLOW_PRIVATE_ADDRESSES", "true");
    Served::start(command)
}

async fn call(served: &Served, path: &str, body: Option<Value>) -> Value {
    let url = served.said("Swagger UI").trim_end_matches("/swagger");
    let client = reqwest::Client::new();
    let request = match body {
        Some(body) => client.post(format!("{url}/api/v1{path}")).json(&body),
        None => client.get(format!("{url}/api/v1{path}")),
    };
    let answer = request.bearer_auth(ADMIN).send().await.unwrap();
    let status = answer.status();
    let text = answer.text().await.unwrap();
    assert!(status.is_success(), "{path}: {text}");
    serde_json::from_str(&text).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_survives_that_the_program_is_killed_and_keeps_its_id() {
    let (folder, receiver) = (tempdir().unwrap(), Receiver::start().await);
    let served = serve(folder.path());
    let home = call(&served, "/organisations", Some(json!({ "name": "Home" }))).await;
    let home = home["id"].as_str().unwrap();
    let hook = json!({ "name": "hook", "url": receiver.url("/a"), "organisation_id": home });
    let hook = call(&served, "/webhooks", Some(hook)).await;
    receiver.answers("/a", How::Hold);
    let job = call(&served, "/jobs/setup", Some(setup(home, "Job A"))).await;
    let runs = format!("/jobs/{}/runs", job["id"].as_str().unwrap());
    for status in ["failed", "ok"] {
        call(&served, &runs, Some(json!({ "status": status }))).await;
    }
    receiver.received("/a", 1).await;
    // Ends it as a power cut does.
    drop(served);

    receiver.answers("/a", How::Status(204));
    let served = serve(folder.path());
    let all = receiver.received("/a", 3).await;
    let kinds: Vec<_> = all.iter().map(|one| one.json()["type"].clone()).collect();
    assert_eq!(kinds, ["job.failed", "job.failed", "job.recovered"]);
    assert_eq!(all[0].id(), all[1].id());
    assert_eq!(all[0].body, all[1].body);
    assert_ne!(all[1].id(), all[2].id());
    let path = format!("/webhooks/{}/deliveries", hook["id"].as_str().unwrap());
    let list = call(&served, &path, None).await;
    assert_eq!(list.as_array().unwrap().len(), 2);
}
