//! Operations on a full disk: starting, reading, revoking and deleting still work, and the server recovers by itself.

use std::{
    fs,
    path::Path,
    process::Stdio,
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    command_line::{assert_refused, run, text},
    disk::Disk,
    remote::{Remote, hour, issue},
};

const POINTS: usize = 500;

fn predictions(job: &str) -> String {
    let window = format!("from={}&to={}", hour(0, 0), hour(1_000_000, 0));
    format!("/predictions?job_id={job}&metric=all&{window}")
}

fn start(folder: &Path, settings: &str) -> Remote {
    let file = folder.join("settings.toml");
    if !file.exists() {
        fs::write(&file, settings).unwrap();
    }
    let more = ["--config", "settings.toml", "--log-level", "error"];
    Remote::start_with(folder, "data", &more, Stdio::null())
}

/// Waits until a condition holds, for twenty seconds at most.
async fn until(what: &str, is_so: impl AsyncFn() -> bool) {
    let begun = Instant::now();
    while !is_so().await {
        assert!(begun.elapsed() < Duration::from_secs(20), "{what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn is_made(server: &Remote, name: &str) -> bool {
    let new = json!({ "name": name });
    let made = server.caller.call("POST /organisations", new).await;
    if made.status != 201 {
        made.expect_unavailable();
    }
    made.status == 201
}

/// Posts until the disk is full.
async fn until_refused(server: &Remote) {
    let name = "x".repeat(150);
    let mut number = 0;
    while is_made(server, &format!("{number} {name}")).await {
        number += 1;
        assert!(number < 100_000);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_a_full_disk_the_server_starts_and_reads_and_recovers_by_itself() {
    for reserve in ["", "[limits]\nreserve_bytes = 0"] {
        let Some(disk) = Disk::new(16) else { return };
        let mut server = start(disk.path(), reserve);
        let job = server.caller.job("Job").await;
        server.caller.ok("POST /predictions", issue(&job, 0, POINTS)).await;
        for end in ["killed", "killed, without the index", "stopped"] {
            let name = format!("{end}, {}", reserve.len());
            match end {
                "stopped" => assert_eq!(server.served.terminate(), Some(0)),
                _ => drop(server),
            }
            if end.contains("without") {
                fs::remove_file(disk.path().join("data/prediction-api.db-shm")).unwrap();
            }
            let filler = disk.fill();
            server = start(disk.path(), reserve);
            let rows = server.caller.all(&predictions(&job)).await;
            assert_eq!(rows.len(), POINTS, "{name}");
            assert_eq!(server.caller.probe("/livez").await, 200);
            until_refused(&server).await;
            for _ in 0..3 {
                assert!(!is_made(&server, "more").await, "{name}");
                assert_eq!(server.caller.probe("/readyz").await, 503, "{name}");
            }
            assert_eq!(server.caller.all("/jobs").await.len(), 1);
            // A body with a fault of form is refused for it, and waits for no room to write.
            let faulty = json!({ "organisation_id": Uuid::nil(), "source": { "name": "m" }, "job": { "name": "" } });
            assert_eq!(server.caller.call("POST /jobs/setup", faulty).await.status, 422);
            assert!(text(&run(disk.path(), &["token", "list"]).stdout).contains("admin"));

            fs::remove_file(filler).unwrap();
            until("no recovery", async || is_made(&server, &name).await).await;
            assert_eq!(server.caller.probe("/readyz").await, 200, "{name}");
            let rows = server.caller.all(&predictions(&job)).await;
            assert_eq!(rows.len(), POINTS, "{name}");
        }
        assert_eq!(server.served.terminate(), Some(0));
        let checked = run(disk.path(), &["check"]);
        assert!(checked.status.success(), "{}", text(&checked.stdout));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_a_full_disk_tokens_are_revoked_things_are_deleted_and_retention_goes_on() {
    let Some(disk) = Disk::new(64) else { return };
    let server = start(disk.path(), "[retention]\nsweep_seconds = 1");
    let caller = &server.caller;
    let job = caller.job("Job").await;
    caller.ok("POST /predictions", issue(&job, 0, POINTS)).await;
    let organisation = caller.all("/organisations").await[0]["id"].clone();
    let mut tokens = Vec::new();
    for name in ["by HTTP", "by command"] {
        let new = json!({ "name": name, "role": "viewer", "organisation_id": organisation });
        tokens.push(caller.ok("POST /tokens", new).await);
    }
    let sensor = json!({ "organisation_id": organisation, "name": "s", "metric": "celsius" });
    let sensor = caller.ok("POST /sensors", sensor).await["id"].clone();
    let reading = json!([{ "sensor_id": sensor, "time": hour(0, 0), "value": 1 }]);
    caller.ok("POST /readings", reading).await;
    let reserve = disk.path().join("data/prediction-api.reserve");
    until("no reserve", async || {
        fs::metadata(&reserve).is_ok_and(|file| file.len() > 0)
    })
    .await;

    let filler = disk.fill();
    // Without anything having been refused before.
    let id = |token: &Value| token["id"].as_str().unwrap().to_owned();
    let path = format!("DELETE /tokens/{}", id(&tokens[0]));
    assert_eq!(caller.call(&path, Value::Null).await.status, 204);
    until_refused(&server).await;
    let revoked = run(disk.path(), &["token", "revoke", &id(&tokens[1])]);
    assert!(revoked.status.success(), "{}", text(&revoked.stderr));
    let path = format!("DELETE /sensors/{}", sensor.as_str().unwrap());
    assert_eq!(caller.call(&path, Value::Null).await.status, 204);
    let secret = tokens[0]["secret"].as_str().unwrap();
    let whoami = reqwest::Client::new().get(format!("{}/api/v1/whoami", caller.url));
    let whoami = whoami.bearer_auth(secret).send().await.unwrap();
    assert_eq!(whoami.status(), 401);

    let source = caller.all("/sources").await[0]["id"].clone();
    let shorter = format!("PUT /sources/{}", source.as_str().unwrap());
    let shorter = caller.call(&shorter, json!({ "retention_hours": 1 })).await;
    assert_eq!(shorter.status, 200, "{}", shorter.json());
    let count = "SELECT count(*) FROM readings";
    let database = disk.path().join("data/prediction-api.db");
    let readings = || -> i64 {
        let database = rusqlite::Connection::open(&database).unwrap();
        database.query_row(count, [], |row| row.get(0)).unwrap()
    };
    until("nothing is deleted", async || readings() == 0).await;
    assert!(!is_made(&server, "refused").await);
    assert_refused(
        &run(disk.path(), &["token", "create", "x", "--role", "admin"]),
        &["the disk is full", "only deletions"],
    );

    fs::remove_file(filler).unwrap();
    until("no recovery", async || is_made(&server, "made").await).await;
    assert_eq!(caller.probe("/readyz").await, 200);
    assert!(fs::metadata(&reserve).unwrap().len() > 0);
    assert_eq!(server.served.terminate(), Some(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reserve_is_made_only_where_there_is_much_room() {
    let Some(disk) = Disk::new(64) else { return };
    let filler = disk.path().join("filler");
    fs::write(&filler, vec![1; 58 << 20]).unwrap();
    let server = start(disk.path(), "");
    assert!(is_made(&server, "Home").await);
    let reserve = disk.path().join("data/prediction-api.reserve");
    assert!(!reserve.exists());
    fs::remove_file(filler).unwrap();
    until("no reserve", async || reserve.exists()).await;
    assert_eq!(fs::metadata(&reserve).unwrap().len(), 4 << 20);
    assert_eq!(server.served.terminate(), Some(0));
}
