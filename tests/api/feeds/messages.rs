//! Messages by HTTP: which readings they become, what is refused, and what the feed shows about them.

use reqwest::Method;
use serde_json::{Value, json};

use super::Farm;
use crate::app::{ADMIN, BODY_BYTES};

/// The guide, whose messages are those of real network servers.
const GUIDE: &str = include_str!("../../../assets/docs/devices.md");

/// Returns a message of the guide, which is saved under the name.
fn message(name: &str) -> Value {
    let (_, rest) = GUIDE.split_once(&format!("cat >{name} <<'END'\n")).unwrap();
    let (body, _) = rest.split_once("\nEND\n").unwrap();
    serde_json::from_str(body).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn uplinks_of_network_servers_become_readings() {
    let farm = Farm::start().await;
    // The clock of the tests is before the messages of the guide.
    farm.app.advance_minutes(3 * 365 * 24 * 60);
    let device = |pointer: &str, equals: &str| json!([{ "pointer": pointer, "equals": equals }]);
    let chirpstack = device("/deviceInfo/devEui", "24e124136b502217");
    let things = device("/end_device_ids/dev_eui", "24E124136B502217");
    let decoded = "/uplink_message/decoded_payload";
    let feed = farm
        .feed(
            "network servers",
            json!([
                { "sensor_id": farm.air, "when": chirpstack, "value": "/object/temperature", "time": "/time" },
                { "sensor_id": farm.soil, "when": chirpstack, "value": "/rxInfo/0/rssi", "time": "/time" },
                {
                    "sensor_id": farm.air, "when": things, "value": format!("{decoded}/temperature"),
                    "time": "/uplink_message/received_at"
                },
            ]),
        )
        .await;
    let up = message("chirpstack-up.json");
    let counts = |matched, stored, unchanged| json!({ "matched": matched, "stored": stored, "revised": 0, "unchanged": unchanged, "skipped": [] });
    assert_eq!(farm.send(&feed, &up).await.expect(200), counts(2, 2, 0));
    assert_eq!(farm.send(&feed, &up).await.expect(200), counts(2, 0, 2));
    assert_eq!(
        farm.send(&feed, &message("tts-up.json")).await.expect(200),
        counts(1, 1, 0)
    );
    let join = json!({ "time": "2026-07-18T09:34:15Z", "deviceInfo": up["deviceInfo"], "devAddr": "00189440" });
    let path = format!("/api/v1/ingest/{}?event=join", feed.id);
    let joined = farm.app.call_as(&feed.secret, "POST", &path, &join).await;
    assert_eq!(joined.expect(200), counts(0, 0, 0));
    let at = |fraction: &str| format!("2026-07-18T09:34:15.{fraction}Z");
    assert_eq!(
        farm.readings(&farm.air).await,
        [(at("775023"), 27.2), (at("790019"), 27.2)]
    );
    assert_eq!(farm.readings(&farm.soil).await, [(at("775023"), -36.0)]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_correction_is_a_revision_and_a_message_without_a_time_gets_that_of_its_arrival() {
    let farm = Farm::start().await;
    let feed = farm.plain_feed().await;
    let at = "2023-10-26T23:00:00Z";
    for (t, result) in [(1.0, "stored"), (1.0, "unchanged"), (2.0, "revised")] {
        let answer = farm.send(&feed, &json!({ "t": t, "at": at })).await.expect(200);
        assert_eq!(answer[result], 1, "{answer}");
    }
    assert_eq!(farm.readings(&farm.air).await, [(at.to_owned(), 2.0)]);
    let timeless = farm
        .feed("timeless", json!([{ "sensor_id": farm.soil, "value": "" }]))
        .await;
    for value in [json!(1), json!("2.5"), json!(true)] {
        farm.app.advance_minutes(1);
        farm.send(&timeless, &value).await.expect(200);
    }
    let minute = |minute| format!("2023-10-27T00:0{minute}:00Z");
    assert_eq!(
        farm.readings(&farm.soil).await,
        [(minute(1), 1.0), (minute(2), 2.5), (minute(3), 1.0)]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fault_of_one_mapping_does_not_hold_up_the_others_and_is_shown() {
    let farm = Farm::start().await;
    let mappings = json!([
        { "sensor_id": farm.air, "value": "/t", "time": "/at" },
        { "sensor_id": farm.soil, "value": "/s", "time": "/at", "factor": 0.1, "offset": -1 },
        { "sensor_id": farm.soil, "value": "/again", "time": "/at" },
    ]);
    let feed = farm.feed("several", mappings).await;
    let shown = farm.shown(&feed.id).await;
    for member in ["last_message_at", "last_stored_at", "last_problem"] {
        assert!(shown[member].is_null(), "{shown}");
    }
    let at = "2023-10-26T23:00:00Z";
    let answer = farm
        .send(&feed, &json!({ "t": "warm", "s": 215, "again": 3, "at": at }))
        .await
        .expect(200);
    assert_eq!(
        (&answer["matched"], &answer["stored"]),
        (&json!(3), &json!(1)),
        "{answer}"
    );
    assert_eq!(answer["skipped"][0]["sensor_id"], farm.air.as_str());
    assert_eq!(answer["skipped"][0]["detail"], "/t is a text, but not a number");
    assert!(
        answer["skipped"][1]["detail"]
            .as_str()
            .unwrap()
            .contains("another mapping"),
        "{answer}"
    );
    assert_eq!(farm.readings(&farm.soil).await, [(at.to_owned(), 20.5)]);
    let shown = farm.shown(&feed.id).await;
    let problem = json!({ "at": "2023-10-27T00:00:00Z", "detail": "sensor air: /t is a text, but not a number" });
    assert_eq!(shown["last_problem"], problem);
    assert_eq!(shown["last_stored_at"], "2023-10-27T00:00:00Z");
    farm.app.advance_minutes(5);
    let ahead = farm
        .send(&feed, &json!({ "t": 1, "at": "2023-10-28T00:06:00Z" }))
        .await
        .expect(200);
    assert!(
        ahead["skipped"][0]["detail"]
            .as_str()
            .unwrap()
            .contains("in the future"),
        "{ahead}"
    );
    let early = farm
        .send(&feed, &json!({ "t": 1, "at": "2023-10-28T00:05:00Z" }))
        .await
        .expect(200);
    assert_eq!(early["stored"], 1);
    farm.app.advance_minutes(5);
    farm.send(&feed, &json!({ "hello": 1 })).await.expect(200);
    let shown = farm.shown(&feed.id).await;
    assert_eq!(shown["last_message_at"], "2023-10-27T00:10:00Z");
    assert_eq!(shown["last_stored_at"], "2023-10-27T00:05:00Z");
    assert_eq!(shown["last_problem"]["at"], "2023-10-27T00:05:00Z");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_json_is_refused_and_shown() {
    let farm = Farm::start().await;
    let feed = farm.plain_feed().await;
    let path = format!("/api/v1/ingest/{}", feed.id);
    let send = async |kind: &str, body: String| {
        let request = farm.app.request(Method::POST, &path).bearer_auth(&feed.secret);
        farm.app.send(request.header("content-type", kind).body(body)).await
    };
    let json = "application/json";
    for body in ["", "{", "{\"t\": NaN}", "temperature=5"] {
        send(json, body.to_owned()).await.expect(400);
        let problem = farm.shown(&feed.id).await["last_problem"]["detail"].clone();
        assert!(problem.as_str().unwrap().contains("the body"), "{body}: {problem}");
    }
    send(json, "[".repeat(100_000)).await.expect(400);
    send("text/plain", "1".to_owned()).await.expect_problem(415, &[]);
    send(json, format!("\"{}\"", "x".repeat(BODY_BYTES)))
        .await
        .expect_problem(413, &[]);
    // A message is far smaller than a body may be. In memory it takes many times its size.
    send(json, format!("[{}0]", "0,".repeat(200_000)))
        .await
        .expect_problem(413, &[]);
    let problem = farm.shown(&feed.id).await["last_problem"]["detail"].clone();
    assert!(problem.as_str().unwrap().contains("at most 262144"), "{problem}");
    // A long text of digits is no number, whose parsing would take long.
    let digits = json!({ "t": "1".repeat(100_000), "at": 0 });
    let answer = farm.send(&feed, &digits).await.expect(200);
    assert_eq!(answer["skipped"][0]["detail"], "/t is a text, but not a number");
    assert_eq!(farm.readings(&farm.air).await, []);
    let stranger = farm
        .app
        .request(Method::POST, &path)
        .header("content-type", json)
        .body("1");
    assert_eq!(farm.app.send(stranger).await.status, 401);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_of_the_mappings_holds_from_the_next_message_on() {
    let farm = Farm::start().await;
    let feed = farm.plain_feed().await;
    farm.send(&feed, &json!({ "t": 1, "at": 0 })).await.expect(200);
    let mappings = json!([{ "sensor_id": farm.soil, "value": "/t", "time": "/at" }]);
    farm.app
        .ok(
            ADMIN,
            &format!("PUT /feeds/{}", feed.id),
            json!({ "mappings": mappings }),
        )
        .await;
    farm.send(&feed, &json!({ "t": 2, "at": 0 })).await.expect(200);
    let epoch = "1970-01-01T00:00:00Z".to_owned();
    assert_eq!(farm.readings(&farm.air).await, [(epoch.clone(), 1.0)]);
    assert_eq!(farm.readings(&farm.soil).await, [(epoch, 2.0)]);
    let metrics = farm.app.get("/metrics").await;
    assert_ne!(metrics.status, 500);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_trial_shows_what_each_mapping_would_store_and_stores_nothing() {
    let farm = Farm::start().await;
    let body = json!({
        "mappings": [
            { "sensor_id": farm.air, "value": "/t", "topic": "farm/+" },
            { "sensor_id": farm.air, "value": "/t", "topic": "barn/+" },
            { "sensor_id": farm.soil, "value": "/s", "time": "/at", "factor": 0.1 },
            { "sensor_id": farm.soil, "value": "/none" },
            { "sensor_id": farm.soil, "value": "/t", "when": [{ "pointer": "/device", "equals": 7 }] },
            { "sensor_id": farm.soil, "value": "/word" },
        ],
        "topic": "farm/a",
        "message": { "t": 21.5, "s": 3, "at": 1_698_364_800_000_i64, "word": "x" }
    });
    let results = farm.app.ok(ADMIN, "POST /feeds/try", body).await;
    let (air, soil) = (&farm.air, &farm.soil);
    let expected = json!([
        { "sensor_id": air, "matched": true, "value": 21.5, "time": "2023-10-27T00:00:00Z" },
        { "sensor_id": air, "matched": false, "detail": "the topic does not match barn/+" },
        { "sensor_id": soil, "matched": true, "value": 0.3, "time": "2023-10-27T00:00:00Z" },
        { "sensor_id": soil, "matched": false, "detail": "/none is absent or null" },
        { "sensor_id": soil, "matched": false, "detail": "/device is not 7" },
        { "sensor_id": soil, "matched": true, "detail": "/word is a text, but not a number" },
    ]);
    assert_eq!(results, expected);
    assert_eq!(farm.readings(&farm.air).await, []);
    assert_eq!(farm.readings(&farm.soil).await, []);
}
