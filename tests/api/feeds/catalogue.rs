//! Feeds as resources: who may create, change and delete them, their secrets, and the rules of their mappings.

use serde_json::{Value, json};

use super::{Farm, HttpFeed};
use crate::app::ADMIN;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_rules_of_mappings_are_checked_together() {
    let farm = Farm::start().await;
    let (app, air, home) = (&farm.app, &farm.air, &farm.home);
    let nothing = "33333333-3333-3333-3333-333333333333";
    let feed = |kind: &str, more: Value, mapping: Value| {
        let mut body = json!({ "organisation_id": home, "name": "x", "kind": kind, "mappings": [mapping] });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    };
    let good = json!({ "sensor_id": air, "value": "/t" });
    let bad = json!({
        "sensor_id": air, "value": "t", "time": "/~2", "topic": "a#", "factor": 0,
        "when": [{ "pointer": "x", "equals": "y" }]
    });
    let unknown = json!({ "sensor_id": air, "value": "/t", "values": "/t" });
    let no_constant = json!({ "sensor_id": air, "value": "/t", "when": [{ "pointer": "/a", "equals": null }] });
    let large =
        json!({ "sensor_id": air, "value": format!("/{}", "t".repeat(499)), "time": format!("/{}", "t".repeat(499)) });
    let at = |place: &str| format!("#/mappings/0/{place}");
    app.calls(
        ADMIN,
        json!([
            [
                "POST /feeds",
                feed("mqtt", json!({ "topic": "#/a" }), bad),
                422,
                "#/topic",
                at("value"),
                at("time"),
                at("topic"),
                at("factor"),
                at("when/0/pointer")
            ],
            ["POST /feeds", feed("mqtt", json!({}), good.clone()), 422, "#/topic"],
            [
                "POST /feeds",
                feed("http", json!({ "topic": "a" }), good.clone()),
                422,
                "#/topic"
            ],
            [
                "POST /feeds",
                feed(
                    "http",
                    json!({}),
                    json!({ "sensor_id": air, "value": "", "topic": "a" })
                ),
                422,
                at("topic")
            ],
            [
                "POST /feeds",
                feed("http", json!({}), json!({ "sensor_id": nothing, "value": "" })),
                422,
                at("sensor_id")
            ],
            ["POST /feeds", feed("http", json!({}), unknown), 422, at("values")],
            [
                "POST /feeds",
                feed("http", json!({}), no_constant),
                422,
                at("when/0/equals")
            ],
            [
                "POST /feeds",
                feed("http", json!({ "mappings": [] }), good.clone()),
                422,
                "#/mappings"
            ],
            [
                "POST /feeds",
                feed("http", json!({ "mappings": vec![good.clone(); 101] }), good.clone()),
                422,
                "#/mappings"
            ],
            [
                "POST /feeds",
                feed("http", json!({ "mappings": vec![large; 100] }), good.clone()),
                422,
                "#/mappings"
            ],
            ["POST /feeds", feed("post", json!({}), good), 422, "#/kind"],
        ]),
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_name_is_taken_once_and_sensors_of_others_are_unknown() {
    let farm = Farm::start().await;
    let (app, air) = (&farm.app, &farm.air);
    let feed = farm.plain_feed().await;
    let manager = app.token("manager", "manager", &farm.home).await;
    let mappings = json!([{ "sensor_id": air, "value": "" }]);
    let again = json!({ "name": "plain", "kind": "http", "mappings": mappings });
    let taken = app.call_as(&manager, "POST", "/api/v1/feeds", &again).await;
    assert_eq!(taken.expect(409)["existing_id"], feed.id);
    let elsewhere = app.organisation("Elsewhere").await;
    let stranger = app.token("stranger", "manager", &elsewhere).await;
    let theirs = json!({ "name": "theirs", "kind": "http", "mappings": mappings });
    app.calls(
        &stranger,
        json!([["POST /feeds", theirs, 422, "#/mappings/0/sensor_id"]]),
    )
    .await;
    // An admin cannot mix organisations either.
    let mixed = json!({ "name": "mixed", "kind": "http", "mappings": mappings, "organisation_id": elsewhere });
    app.calls(ADMIN, json!([["POST /feeds", mixed, 422, "#/mappings/0/sensor_id"]]))
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_an_admin_chooses_what_the_broker_sends_to_an_organisation() {
    let farm = Farm::start().await;
    let (app, air) = (&farm.app, &farm.air);
    let manager = app.token("manager", "manager", &farm.home).await;
    let mappings = json!([{ "sensor_id": air, "value": "" }]);
    let body =
        json!({ "name": "b", "kind": "mqtt", "topic": "farm/#", "mappings": mappings, "organisation_id": farm.home });
    let refused = app.call_as(&manager, "POST", "/api/v1/feeds", &body).await;
    assert!(
        refused.expect(403)["detail"]
            .as_str()
            .unwrap()
            .contains("only an admin"),
        "{}",
        refused.text
    );
    let made = app.ok(ADMIN, "POST /feeds", body).await;
    assert!(made["secret"].is_null());
    let put = format!("PUT /feeds/{}", made["id"].as_str().unwrap());
    let narrowed = json!([{ "sensor_id": air, "value": "", "topic": "farm/air" }]);
    app.calls(
        &manager,
        json!([
            [put, { "topic": "#" }, 403],
            [put, { "topic": "farm/#", "name": "broker" }, 200],
            [put, { "active": false, "mappings": narrowed }, 200],
            [put, { "topic": null }, 422, "#/topic"],
            [put, { "kind": "http" }, 422, "#/kind"],
            [format!("POST /feeds/{}/secret", made["id"].as_str().unwrap()), null, 409],
        ]),
    )
    .await;
    let changed = app.ok(ADMIN, &put, json!({ "topic": "farm/+" })).await;
    assert_eq!(
        (&changed["topic"], &changed["name"]),
        (&json!("farm/+"), &json!("broker"))
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_secret_is_for_its_feed_alone_and_is_replaced_at_once() {
    let farm = Farm::start().await;
    let app = &farm.app;
    let feed = farm.plain_feed().await;
    let other = farm
        .feed("other", json!([{ "sensor_id": farm.air, "value": "" }]))
        .await;
    let message = json!({ "t": 1 });
    let ingest = format!("POST /ingest/{}", feed.id);
    let get = format!("GET /feeds/{}", feed.id);
    app.calls(
        &feed.secret,
        json!([[ingest, message, 200], [get, null, 401], ["GET /whoami", null, 401]]),
    )
    .await;
    app.calls(&other.secret, json!([[ingest, message, 401]])).await;
    app.calls(ADMIN, json!([[ingest, message, 401]])).await;
    let made = app
        .ok(ADMIN, &format!("POST /feeds/{}/secret", feed.id), Value::Null)
        .await;
    let new = HttpFeed::of(&made);
    assert_ne!(new.secret, feed.secret);
    app.calls(&feed.secret, json!([[ingest, message, 401]])).await;
    app.calls(&new.secret, json!([[ingest, message, 200]])).await;
    assert!(!farm.shown(&feed.id).await.to_string().contains("pf_"));
    let audit = app.ok(ADMIN, "GET /audit?kind=feed", Value::Null).await;
    assert!(!audit.to_string().contains("pf_"), "{audit}");
    assert_eq!(audit[0]["changes"], json!({ "secret": "(not kept)" }));
    app.calls(
        ADMIN,
        json!([[format!("PUT /feeds/{}", feed.id), { "active": false }, 200]]),
    )
    .await;
    app.calls(&new.secret, json!([[ingest, message, 409]])).await;
    app.calls(ADMIN, json!([[format!("DELETE /feeds/{}", feed.id), null, 204]]))
        .await;
    app.calls(
        &new.secret,
        json!([[ingest, message, 401], ["POST /ingest/x", message, 401]]),
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sensor_is_not_deleted_under_a_feed_but_both_go_with_their_organisation() {
    let farm = Farm::start().await;
    let app = &farm.app;
    let feed = farm.plain_feed().await;
    let delete = format!("/api/v1/sensors/{}", farm.air);
    let conflict = app.delete(&delete).await;
    assert_eq!(conflict.expect(409)["existing_id"], feed.id);
    // The same text in a condition is no reference.
    let when = json!([{ "pointer": "/id", "equals": farm.air }]);
    let mappings = json!([{ "sensor_id": farm.soil, "value": "", "when": when }]);
    app.ok(
        ADMIN,
        &format!("PUT /feeds/{}", feed.id),
        json!({ "mappings": mappings }),
    )
    .await;
    assert_eq!(app.delete(&delete).await.status, 204);
    app.calls(
        ADMIN,
        json!([[format!("DELETE /organisations/{}", farm.home), null, 204]]),
    )
    .await;
    app.get(&format!("/api/v1/feeds/{}", feed.id))
        .await
        .expect_problem(404, &[]);
    let audit = app.ok(ADMIN, "GET /audit?kind=feed", Value::Null).await;
    assert_eq!(audit[0]["action"], "deleted");
}
