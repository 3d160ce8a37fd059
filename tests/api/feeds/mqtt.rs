//! Messages of an MQTT broker: none is lost when the broker or the server stops, and none is stored twice.

use std::{fs, path::Path, process::Command, time::Duration};

use serde_json::{Value, json};
use tempfile::tempdir;
use tokio::time::sleep;

use super::broker::{Broker, DEADLINE, certify};
use crate::{
    command_line::command,
    remote::{Caller, Remote},
    storage::{self, free_port},
};

/// Starts the server on its folder with a broker. `more` are further environment variables.
fn serve(folder: &Path, url: &str, more: &[(&str, &str)]) -> Remote {
    if storage::is_postgres() {
        // The database is created, so that the server uses it.
        storage::url_of(folder);
    }
    let mut command = command(folder, &[]);
    command.env("PREDICTION_API_MQTT__URL", url);
    for (name, value) in more {
        command.env(format!("PREDICTION_API_MQTT__{name}"), value);
    }
    let log = fs::File::create(folder.join("log")).unwrap();
    Remote::start_command(command, log.into())
}

fn plain(folder: &Path, broker: &Broker) -> Remote {
    serve(folder, &format!("mqtt://127.0.0.1:{}", broker.port), &[])
}

/// Returns the log of the server that was started last on the folder.
fn logged(folder: &Path) -> String {
    fs::read_to_string(folder.join("log")).unwrap()
}

/// Waits until a condition holds.
async fn until(what: &str, is_so: impl AsyncFn() -> bool) {
    let waiting = async {
        while !is_so().await {
            sleep(Duration::from_millis(50)).await;
        }
    };
    let waited = tokio::time::timeout(DEADLINE, waiting).await;
    waited.unwrap_or_else(|_| panic!("it did not come to be so: {what}"));
}

/// Creates an organisation and a sensor, and returns the ids.
async fn sensor(caller: &Caller) -> (String, String) {
    let id = |made: &Value| made["id"].as_str().unwrap().to_owned();
    let home = id(&caller.ok("POST /organisations", json!({ "name": "Farm" })).await);
    let body = json!({ "organisation_id": home, "name": "air", "metric": "temperature" });
    let sensor = id(&caller.ok("POST /sensors", body).await);
    (home, sensor)
}

/// Creates a feed, and waits until the server has subscribed to its topic.
async fn feed(caller: &Caller, home: &str, topic: &str, mapping: Value) -> String {
    let body = json!({
        "organisation_id": home, "name": topic, "kind": "mqtt", "topic": topic, "mappings": [mapping]
    });
    let made = caller.ok("POST /feeds", body).await;
    made["id"].as_str().unwrap().to_owned()
}

/// Publishes to a topic until the feed shows that a message has arrived, so that the subscription is known to be there.
async fn subscribed(caller: &Caller, broker: &Broker, feed: &str, topic: &str) {
    until("subscribed", async || {
        broker.publish(vec![(topic.to_owned(), "{}".to_owned())]).await;
        let shown = caller.ok(&format!("GET /feeds/{feed}"), Value::Null).await;
        !shown["last_message_at"].is_null()
    })
    .await;
}

async fn values(caller: &Caller, sensor: &str) -> Vec<f64> {
    let rows = caller
        .ok(&format!("GET /sensors/{sensor}/readings?limit=all"), Value::Null)
        .await;
    let rows = rows.as_array().unwrap().iter();
    rows.map(|row| row["value"].as_f64().unwrap()).collect()
}

/// Returns the warnings of the server's readiness.
async fn warnings(caller: &Caller) -> String {
    let (status, body) = caller.page("/readyz").await;
    assert_eq!(status, 200, "{body}");
    let body: Value = serde_json::from_str(&body).unwrap();
    body["warnings"].to_string()
}

fn timed(sensor: &str) -> Value {
    json!({ "sensor_id": sensor, "value": "/v", "time": "/t" })
}

/// Returns messages to a topic whose values and seconds are those of the range.
fn numbered(topic: &str, range: std::ops::Range<u32>) -> Vec<(String, String)> {
    let message = |n| (topic.to_owned(), json!({ "v": n, "t": 1_700_000_000 + n }).to_string());
    range.map(message).collect()
}

async fn has_all(caller: &Caller, sensor: &str, count: u32) {
    let expected: Vec<_> = (0..count).map(f64::from).collect();
    until("all readings are stored", async || {
        values(caller, sensor).await.len() >= expected.len()
    })
    .await;
    assert_eq!(values(caller, sensor).await, expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the broker mosquitto: cargo test --test api -- --ignored mqtt"]
async fn the_broker_may_be_away_at_the_start_and_later() {
    let (folder, mut broker) = (tempdir().unwrap(), Broker::new(free_port()));
    let server = plain(folder.path(), &broker);
    let caller = &server.caller;
    let (home, sensor) = sensor(caller).await;
    let feed = feed(caller, &home, "farm/+", timed(&sensor)).await;
    until("a warning", async || {
        warnings(caller).await.contains("MQTT broker is away")
    })
    .await;
    for round in 0..2 {
        broker.start().await;
        until("no warning", async || warnings(caller).await == "null").await;
        subscribed(caller, &broker, &feed, "farm/a").await;
        let (_, metrics) = caller.page("/metrics").await;
        assert!(metrics.contains("prediction_api_mqtt_connected 1"), "{metrics}");
        broker.publish(numbered("farm/a", round..round + 1)).await;
        has_all(caller, &sensor, round + 1).await;
        broker.stop();
        until("a warning again", async || {
            warnings(caller).await.contains("MQTT broker is away")
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the broker mosquitto: cargo test --test api -- --ignored mqtt"]
async fn repeated_old_and_unreadable_messages_do_no_harm() {
    let (folder, mut broker) = (tempdir().unwrap(), Broker::new(free_port()));
    broker.start().await;
    // The broker has these before anybody subscribes.
    broker.retain("farm/timed", "{\"v\": 7, \"t\": 1700000000}").await;
    broker.retain("farm/timeless", "{\"v\": 8}").await;
    let server = plain(folder.path(), &broker);
    let caller = &server.caller;
    let (home, sensor) = sensor(caller).await;
    let of = |topic: &str, mapping: Value| {
        let mut mapping = mapping;
        mapping["topic"] = json!(topic);
        mapping
    };
    let body = json!({
        "organisation_id": home, "name": "both", "kind": "mqtt", "topic": "farm/#",
        "mappings": [
            of("farm/timed", timed(&sensor)),
            of("farm/timeless", json!({ "sensor_id": sensor, "value": "/v" })),
        ]
    });
    let made = caller.ok("POST /feeds", body).await;
    let get = format!("GET /feeds/{}", made["id"].as_str().unwrap());
    // The old message with a time of its own is stored, and the other one is not.
    until("the old message", async || values(caller, &sensor).await == [7.0]).await;
    let repeated = ("farm/timed".to_owned(), "{\"v\": 7, \"t\": 1700000000}".to_owned());
    let not_json = ("farm/timed".to_owned(), "ON".to_owned());
    let elsewhere = ("farm/state".to_owned(), "online".to_owned());
    broker
        .publish(vec![repeated.clone(), not_json, elsewhere, repeated])
        .await;
    until("a problem", async || {
        let shown = caller.ok(&get, Value::Null).await;
        let problem = shown["last_problem"]["detail"].as_str().unwrap_or_default().to_owned();
        problem.starts_with("topic farm/timed: the message is not JSON")
    })
    .await;
    // Another value of the same time is a correction, also in the same transaction.
    let corrected = |v| ("farm/timed".to_owned(), format!("{{\"v\": {v}, \"t\": 1700000000}}"));
    broker.publish(vec![corrected(1), corrected(2), corrected(3)]).await;
    until("the correction", async || values(caller, &sensor).await == [3.0]).await;
    let live = |v: u32| ("farm/timeless".to_owned(), format!("{{\"v\": {v}}}"));
    broker.publish((10..20).map(live).collect()).await;
    let mut expected = vec![3.0];
    expected.extend((10..20).map(f64::from));
    until("messages without a time", async || {
        values(caller, &sensor).await == expected
    })
    .await;
    // An inactive feed receives nothing, and is subscribed again later.
    let put = get.replace("GET", "PUT");
    caller.ok(&put, json!({ "active": false })).await;
    broker.publish(vec![live(99)]).await;
    caller
        .ok(
            &put,
            json!({ "active": true, "topic": "barn/timed", "mappings": [timed(&sensor)] }),
        )
        .await;
    until("the new topic", async || {
        broker
            .publish(vec![(
                "barn/timed".to_owned(),
                "{\"v\": 5, \"t\": 1700000001}".to_owned(),
            )])
            .await;
        values(caller, &sensor).await.contains(&5.0)
    })
    .await;
    assert!(!values(caller, &sensor).await.contains(&99.0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the broker mosquitto: cargo test --test api -- --ignored mqtt"]
async fn a_thousand_messages_a_second_are_stored_and_none_is_lost() {
    let (folder, mut broker) = (tempdir().unwrap(), Broker::new(free_port()));
    broker.start().await;
    let server = plain(folder.path(), &broker);
    let caller = &server.caller;
    let (home, sensor) = sensor(caller).await;
    let feed = feed(caller, &home, "farm/+", timed(&sensor)).await;
    subscribed(caller, &broker, &feed, "farm/a").await;
    let messages = numbered("farm/a", 0..5000);
    broker.publish_slowly(messages, Duration::from_millis(10)).await;
    has_all(caller, &sensor, 5000).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the broker mosquitto: cargo test --test api -- --ignored mqtt"]
async fn a_server_that_is_killed_loses_no_message() {
    let (folder, mut broker) = (tempdir().unwrap(), Broker::new(free_port()));
    broker.start().await;
    let server = plain(folder.path(), &broker);
    let (home, sensor) = sensor(&server.caller).await;
    let feed = feed(&server.caller, &home, "farm/+", timed(&sensor)).await;
    subscribed(&server.caller, &broker, &feed, "farm/a").await;
    let publishing = broker.publish_slowly(numbered("farm/a", 0..3000), Duration::from_millis(5));
    let killing = async {
        until("some readings", async || {
            values(&server.caller, &sensor).await.len() > 300
        })
        .await;
        // Ends it as a power cut does.
        drop(server.served);
    };
    tokio::join!(publishing, killing);
    let server = plain(folder.path(), &broker);
    has_all(&server.caller, &sensor, 3000).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the broker mosquitto: cargo test --test api -- --ignored mqtt"]
async fn a_connection_is_encrypted_and_logged_in() {
    let (folder, keys) = (tempdir().unwrap(), tempdir().unwrap());
    let users = keys.path().join("users");
    let made = Command::new("mosquitto_passwd")
        .args(["-b", "-c"])
        .arg(&users)
        .args(["server", "open-barn"])
        .status();
    assert!(made.unwrap().success());
    let more = format!(
        "{}allow_anonymous false\npassword_file {}\n",
        certify(keys.path()),
        users.display()
    );
    let mut broker = Broker::with(free_port(), &more);
    broker.start().await;
    let url = format!("mqtts://127.0.0.1:{}", broker.port);
    let authority = keys.path().join("certificate.pem").display().to_string();
    let secret = keys.path().join("password").display().to_string();
    fs::write(&secret, "closed-barn\n").unwrap();
    let login = [
        ("USERNAME", "server"),
        ("PASSWORD_FILE", &secret),
        ("CA_FILE", &authority),
    ];
    let stranger = serve(folder.path(), &url, &login[..2]);
    until("an unknown authority", async || {
        logged(folder.path()).contains("certificate")
    })
    .await;
    // The reason is for the operator, and `/readyz` is for everybody.
    assert!(!warnings(&stranger.caller).await.contains("certificate"));
    drop(stranger);
    let server = serve(folder.path(), &url, &login);
    until("a refusal", async || {
        logged(folder.path()).contains("refuses the connection")
    })
    .await;
    // The file is read for each connection.
    fs::write(&secret, "open-barn\n").unwrap();
    until("a login", async || warnings(&server.caller).await == "null").await;
    let (_, metrics) = server.caller.page("/metrics").await;
    assert!(metrics.contains("prediction_api_mqtt_connected 1"), "{metrics}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the broker mosquitto: cargo test --test api -- --ignored mqtt"]
async fn what_the_database_has_not_stored_is_not_acknowledged() {
    let (folder, mut broker) = (tempdir().unwrap(), Broker::new(free_port()));
    broker.start().await;
    let server = plain(folder.path(), &broker);
    let (home, sensor) = sensor(&server.caller).await;
    let feed = feed(&server.caller, &home, "farm/+", timed(&sensor)).await;
    subscribed(&server.caller, &broker, &feed, "farm/a").await;
    let file = folder.path().join("data/prediction-api.db");
    let lock = (!storage::is_postgres()).then(|| rusqlite::Connection::open(file).unwrap());
    match &lock {
        Some(lock) => lock.execute_batch("BEGIN IMMEDIATE").unwrap(),
        None => storage::close(folder.path(), true),
    }
    broker.publish(numbered("farm/a", 0..10)).await;
    until("the messages wait", async || {
        let log = fs::read_to_string(folder.path().join("log")).unwrap();
        let is_away = storage::is_postgres() && server.caller.probe("/readyz").await == 503;
        log.contains("wait for the database") || is_away
    })
    .await;
    // Ends it as a power cut does.
    drop(server);
    match lock {
        Some(lock) => drop(lock),
        None => storage::close(folder.path(), false),
    }
    let server = plain(folder.path(), &broker);
    has_all(&server.caller, &sensor, 10).await;
}
