//! Invalid input of every kind: each is refused with the right status at the right place.

use std::{
    io::{Read, Write},
    net::TcpStream,
};

use reqwest::{Method, header::CONTENT_TYPE};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::app::{ADMIN, Answer, BODY_BYTES, TestApp, setup};

const SOURCES: &str = "/api/v1/sources";

/// POSTs bytes to /api/v1/sources as JSON.
async fn post(app: &TestApp, body: impl Into<reqwest::Body>) -> Answer {
    let request = app.request(Method::POST, SOURCES).bearer_auth(ADMIN);
    let request = request.header(CONTENT_TYPE, "application/json");
    app.send(request.body(body)).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_that_is_no_json_is_unreadable() {
    let app = TestApp::start().await;
    let deep = |open: &str, close: &str| open.repeat(10_000) + "1" + &close.repeat(10_000);
    let (lists, objects) = (deep("[", "]"), deep(r#"{"name":"#, "}"));
    for body in [
        "",
        " ",
        r#"{"name": "mildew"#,
        r#"{"name": "mildew""#,
        r#"{"name": "mildew"} {}"#,
        r#"{"name": "mildew", /* Lines 41-43 omitted */ "retention_hours": 720}"#,
        "{'name': 'mildew'}",
        r#"{"name": "mildew",}"#,
        r#"{"name": "\ud800"}"#,
        "{\"name\": \"a\0b\"}",
        "{\"name\": \"a\nb\"}",
        &lists,
        &objects,
        &format!(r#"{{"name": {lists}}}"#),
    ] {
        post(&app, body.to_owned()).await.expect_problem(400, &[]);
    }
    for bytes in [
        &b"{\"name\": \"\xff\"}"[..],
        b"{\"name\": \"\xc3\x28\"}",
        b"{\"\xff\": 1}",
        b"\xff\xfe{\0}\0",
    ] {
        post(&app, bytes).await.expect_problem(400, &[]);
    }
    assert_eq!(app.get(SOURCES).await.expect(200), json!([]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn values_of_the_wrong_type_are_named() {
    let app = TestApp::start().await;
    let table = json!([
        ["POST /sources", [], 422, "#"],
        ["POST /sources", "mildew", 422, "#"],
        ["POST /sources", 1, 422, "#"],
        ["POST /sources", { "name": 1 }, 422, "#/name"],
        ["POST /sources", { "name": null }, 422, "#/name"],
        ["POST /sources", {}, 422, "#/name"],
        ["POST /sources", { "name": "m", "retention_hours": "720" }, 422, "#/retention_hours"],
        ["POST /sources", { "name": "m", "retention_hours": 1.5 }, 422, "#/retention_hours"],
        ["POST /sources", { "name": "m", "id": "12" }, 422, "#/id"],
        ["POST /sources", { "name": ["m"], "description": {}, "id": 1 }, 422, "#/name", "#/description", "#/id"],
        ["POST /locations", { "name": "x", "latitude": "1", "longitude": true }, 422, "#/latitude", "#/longitude"],
        ["POST /tokens", { "name": "x", "role": "admin", "expires_at": "tomorrow" }, 422, "#/expires_at"],
        ["POST /tokens", { "name": "x", "role": "admin", "expires_at": "2030-01-01T00:00:00" }, 422, "#/expires_at"],
        ["POST /jobs/setup", { "organisation_id": Uuid::nil(), "job": [] }, 422, "#/job"],
        ["POST /jobs/setup", { "organisation_id": Uuid::nil(), "job": { "name": "x", "active": "yes" } }, 422, "#/job/active"],
        ["POST /predictions", { "job_id": Uuid::nil(), "predictions": [{ "role": "r", "valid_time": 1, "value": "1" }] },
            422, "#/predictions/0/valid_time", "#/predictions/0/value"],
    ]);
    app.calls(ADMIN, table).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_list_is_no_object_and_an_object_no_name() {
    let app = TestApp::start().await;
    let home = app.organisation("Home").await;
    let mut listed = setup(&home, "Job A");
    listed["role_bindings"][0] = json!(["temp", "sensor", Uuid::nil()]);
    let table = json!([
        ["POST /jobs/setup", listed, 422, "#/role_bindings/0"],
        ["POST /organisations", [null, "x"], 422, "#"],
        [format!("PUT /organisations/{home}"), ["x"], 422, "#"],
        ["POST /tokens", { "name": "x", "role": { "admin": null } }, 422, "#/role"],
    ]);
    app.calls(ADMIN, table).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn unknown_fields_are_all_named() {
    let app = TestApp::start().await;
    let mut body = setup(&Uuid::nil().to_string(), "Job A");
    body["colour"] = json!(1);
    body["source"]["interval/minutes"] = json!(60);
    body["source_version"]["input_roles"][0]["kind of"] = json!("sensor");
    body["job"]["~tilde\""] = json!(null);
    body["role_bindings"][0]["größe"] = json!({});
    let table = json!([
        ["POST /jobs/setup", body, 422,
            "#/colour", "#/source/interval~1minutes", "#/source_version/input_roles/0/kind%20of", "#/job/~0tilde%22",
            "#/role_bindings/0/gr%C3%B6%C3%9Fe"],
        ["POST /sources", { "name": "x", "Name": "y", "created_at": "z" }, 422, "#/Name", "#/created_at"],
        ["POST /sources", { "nmae": "x" }, 422, "#/name", "#/nmae"],
        [format!("PUT /sources/{}", Uuid::nil()), { "id": Uuid::nil() }, 422, "#/id"],
    ]);
    app.calls(ADMIN, table).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fault_of_form_hides_no_broken_rule_and_each_has_one_text() {
    let app = TestApp::start().await;
    let home = app.organisation("Home").await;
    let source = app.make(SOURCES, &json!({ "name": "m" })).await;
    let id = source.as_str();
    let input = json!({ "role": "a", "input_kind": "sensor" });
    let many: Vec<_> = (0..101)
        .map(|n| json!({ "role": n.to_string(), "metric": n.to_string() }))
        .collect();
    let [minutes, hours] = [json!(0), json!(876_601)];
    for (path, body) in [
        (
            "source_versions",
            json!({ "source_id": id, "version": " ", "input_roles": [input], "output_roles": [] }),
        ),
        (
            "source_versions",
            json!({ "source_id": id, "version": "a\nb", "input_roles": [], "output_roles": many }),
        ),
        (
            "sources",
            json!({ "name": "", "expected_interval_minutes": minutes, "expectedintervalminutes": 7 }),
        ),
        (
            "sources",
            json!({ "name": "x", "grace_minutes": -1, "retention_hours": hours }),
        ),
        (
            "locations",
            json!({ "organisation_id": home, "name": "\u{200b}x", "latitude": 91, "longitude": -180.5, "elevation": 1e9 }),
        ),
        ("organisations", json!({ "name": "x".repeat(201) })),
        (
            "sensors",
            json!({ "organisation_id": home, "name": "x", "metric": "\t", "unit": "\u{3000}" }),
        ),
        (
            "tokens",
            json!({ "organisation_id": home, "name": "x", "role": "admin", "expires_at": "2001-01-01T00:00:00Z" }),
        ),
        #[cfg(feature = "webhooks")]
        (
            "webhooks",
            json!({ "name": "x", "url": "ftp://example.org/", "events": ["job.late", "job.late"], "secret": "x" }),
        ),
        (
            "jobs/setup",
            json!({ "organisation_id": home, "source": { "name": "m", "grace_minutes": -1, "expectedintervalminutes": 2,
            "expected_interval_minutes": 1 }, "source_version": { "version": "1",
            "output_roles": [{ "role": "a", "metric": "a" }] }, "job": { "name": "", "organisation_id": id } }),
        ),
    ] {
        let path = format!("/api/v1/{path}");
        let errors = async |body: &Value| {
            let answer = app.post(&path, body).await;
            let mut errors = answer.expect(422)["errors"].as_array().unwrap().clone();
            errors.sort_by_key(std::string::ToString::to_string);
            errors
        };
        let rules = errors(&body).await;
        assert!(!rules.is_empty(), "{path}");
        let mut unknown = body.clone();
        unknown["zzz"] = json!(1);
        let mut all = errors(&unknown).await;
        all.retain(|error| error["pointer"] != "#/zzz");
        assert_eq!(all, rules, "{path}: {body}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn numbers_out_of_their_range_are_named() {
    let app = TestApp::start().await;
    let (interval, retention) = ("#/expected_interval_minutes", "#/retention_hours");
    for (value, most) in [(0, 0), (-1, -1), (525_601, 876_601), (i64::MAX, i64::MIN)] {
        let body = json!({ "name": "m", "expected_interval_minutes": value, "retention_hours": most });
        let answer = app.post(SOURCES, &body).await;
        answer.expect_problem(422, &[interval, retention]);
    }
    let body = r#"{"name": "m", "retention_hours": 99999999999999999999, "expected_interval_minutes": 1e300}"#;
    let answer = post(&app, body).await;
    answer.expect_problem(422, &[interval, retention]);
    let home = app.organisation("Home").await;
    let at = |latitude: f64, longitude: f64, elevation: f64| {
        json!({
            "organisation_id": home, "name": latitude.to_string(), "latitude": latitude,
            "longitude": longitude, "elevation": elevation
        })
    };
    let beyond = ["#/latitude", "#/longitude", "#/elevation"];
    for bad in [at(90.1, 180.1, 10_000.1), at(-90.1, -180.1, -500.1)] {
        app.post("/api/v1/locations", &bad).await.expect_problem(422, &beyond);
    }
    let table = json!([
        ["POST /locations", at(90.0, -180.0, -500.0), 201],
        ["POST /locations", at(-90.0, 180.0, 10_000.0), 201],
        ["POST /sources", { "name": "least", "expected_interval_minutes": 1, "retention_hours": 1 }, 201],
        ["POST /sources", { "name": "most", "expected_interval_minutes": 525600, "retention_hours": 876600 }, 201],
    ]);
    app.calls(ADMIN, table).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn names_are_one_line_of_1_to_200_characters() {
    let app = TestApp::start().await;
    let home = app.organisation("Home").await;
    let long = "ü".repeat(201);
    for bad in [
        "",
        " ",
        "\t",
        "\u{a0}\u{3000}",
        "a\0b",
        "a\nb",
        "a\u{7f}",
        "\u{85}b",
        "\u{1b}[31m",
        &long,
    ] {
        let body = json!({ "organisation_id": home, "name": bad, "metric": bad, "unit": bad });
        let answer = app.post("/api/v1/sensors", &body).await;
        assert_eq!(answer.status, 422, "{bad:?}: {}", answer.text);
        let mut places = answer.places();
        places.dedup();
        assert_eq!(places, ["#/name", "#/metric", "#/unit"], "{bad:?}: {}", answer.text);
    }
    let name = "ü".repeat(200);
    let body = json!({ "organisation_id": home, "name": name, "metric": "a b", "unit": " °C\u{3000}" });
    let made = app.ok(ADMIN, "POST /sensors", body).await;
    assert_eq!([&made["name"], &made["metric"], &made["unit"]], [&name, "a b", "°C"]);
    let table = json!([
        ["POST /sources", { "name": "x", "description": "a\u{0}b" }, 422, "#/description"],
        ["POST /sources", { "name": "x", "description": "x".repeat(10_001) }, 422, "#/description"],
        ["POST /sources", { "name": "x", "description": "One line,\nand another." }, 201],
    ]);
    app.calls(ADMIN, table).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_over_the_limit_is_refused_with_or_without_a_length() {
    let app = TestApp::start().await;
    let body = |bytes: usize| format!(r#"{{"name": "m"{}}}"#, " ".repeat(bytes - 13));
    assert_eq!(body(100).len(), 100);
    post(&app, body(BODY_BYTES)).await.expect(201);
    let refused = post(&app, body(BODY_BYTES + 1)).await;
    refused.expect_problem(413, &[]);
    let (url, body) = (app.url.clone(), body(BODY_BYTES + 1));
    let chunked = tokio::task::spawn_blocking(move || {
        let address = url.trim_start_matches("http://");
        let mut stream = TcpStream::connect(address).unwrap();
        write!(
            stream,
            "POST {SOURCES} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {ADMIN}\r\n\
             Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n{body}\r\n",
            body.len()
        )
        .unwrap();
        // The last chunk, which would end the body, is not sent: the server has seen enough.
        let mut answer = [0; 12];
        stream.read_exact(&mut answer).unwrap();
        String::from_utf8(answer.to_vec()).unwrap()
    });
    assert_eq!(chunked.await.unwrap(), "HTTP/1.1 413");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_that_does_not_say_that_it_is_json_is_refused() {
    let app = TestApp::start().await;
    let request = || app.request(Method::POST, SOURCES).bearer_auth(ADMIN);
    let request = || request().body(r#"{"name": "m"}"#);
    app.send(request()).await.expect_problem(415, &[]);
    for wrong in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "application/jsonx",
        "x",
        "",
    ] {
        let answer = app.send(request().header(CONTENT_TYPE, wrong)).await;
        answer.expect_problem(415, &[]);
    }
    let request = request().header(CONTENT_TYPE, "Application/JSON; charset=utf-8");
    app.send(request).await.expect(201);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_member_that_is_there_twice_is_named() {
    let app = TestApp::start().await;
    for (more, place) in [
        (r#""name": "b""#, "#/name"),
        (r#""retention_hours": 1, "retention_hours": 1"#, "#/retention_hours"),
        (r#""description": "x", "description": null"#, "#/description"),
    ] {
        let answer = post(&app, format!(r#"{{"name": "a", {more}}}"#)).await;
        answer.expect_problem(422, &[place]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_version_without_a_clear_contract_is_refused() {
    let app = TestApp::start().await;
    let source = app.make(SOURCES, &json!({ "name": "m" })).await;
    let input = json!({ "role": "temp", "input_kind": "sensor", "metric": "celsius" });
    let bad_input = json!({ "role": " ", "input_kind": "station", "unit": "a\nb" });
    let output = |role: &str, metric: &str| json!({ "role": role, "metric": metric });
    let one = json!([output("p", "m")]);
    let many: Vec<_> = (0..101).map(|n| output(&n.to_string(), &n.to_string())).collect();
    let no_metric = json!([{ "role": "t", "input_kind": "sensor" }]);
    let bad_places = "#/input_roles/0/role #/input_roles/0/input_kind #/input_roles/0/unit";
    for (inputs, outputs, places) in [
        (json!([input, input]), &one, "#/input_roles/1/role"),
        (
            json!([]),
            &json!([output("p", "m"), output(" p ", "n")]),
            "#/output_roles/1/role",
        ),
        (
            json!([]),
            &json!([output("p", "m"), output("q", "m")]),
            "#/output_roles/1/metric",
        ),
        (json!([]), &json!([]), "#/output_roles"),
        (json!([]), &json!(many), "#/output_roles"),
        (Value::Null, &Value::Null, "#/input_roles #/output_roles"),
        (no_metric, &one, "#/input_roles/0/metric"),
        (json!([bad_input]), &one, bad_places),
    ] {
        let body = json!({
            "source_id": source, "version": "1", "input_roles": inputs, "output_roles": outputs
        });
        let answer = app.post("/api/v1/source_versions", &body).await;
        answer.expect_problem(422, &places.split(' ').collect::<Vec<_>>());
    }
    let mut setup = setup(&app.organisation("Home").await, "Job A");
    setup["source_version"]["output_roles"] = json!([]);
    let answer = app.post("/api/v1/jobs/setup", &setup).await;
    answer.expect_problem(422, &["#/source_version/output_roles"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bindings_that_break_the_contract_are_named() {
    let app = TestApp::start().await;
    let home = app.organisation("Home").await;
    let elsewhere = app.organisation("Elsewhere").await;
    let sensor = async |organisation: &str, metric: &str| {
        let body = json!({ "organisation_id": organisation, "name": metric, "metric": metric });
        app.make("/api/v1/sensors", &body).await
    };
    let temp = sensor(&home, "celsius").await;
    let damp = sensor(&home, "percent").await;
    let foreign = sensor(&elsewhere, "celsius").await;
    let source = app.make(SOURCES, &json!({ "name": "shared" })).await;
    let bind = |role: &str, kind: &str, id: &str| json!({ "role": role, "input_type": kind, "input_id": id });
    let good = bind("temp", "sensor", &temp);
    let wind = bind("wind", "sensor", &temp);
    let (id, kind) = ("#/role_bindings/0/input_id", "#/role_bindings/0/input_type");
    let both = format!("{id} {kind}");
    for (bindings, places) in [
        (json!([]), "#/role_bindings"),
        (json!([good, wind]), "#/role_bindings/1/role"),
        (json!([wind]), "#/role_bindings #/role_bindings/0/role"),
        (json!([good, good]), "#/role_bindings/1/role"),
        (json!([bind("temp", "sensor", &foreign)]), id),
        (json!([bind("temp", "sensor", &damp)]), id),
        (json!([bind("temp", "location", &temp)]), kind),
        (json!([bind("temp", "source", &source)]), kind),
        (json!([bind("temp", "pump", &temp)]), kind),
        (json!([{ "role": "temp" }]), &both),
    ] {
        let mut body = setup(&home, "Job A");
        body["role_bindings"] = bindings;
        let answer = app.post("/api/v1/jobs/setup", &body).await;
        answer.expect_problem(422, &places.split(' ').collect::<Vec<_>>());
    }
    let mut body = setup(&home, "Job A");
    body["role_bindings"] = json!([good]);
    app.post("/api/v1/jobs/setup", &body).await.expect(201);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn null_is_refused_for_a_field_that_cannot_be_cleared() {
    let app = TestApp::start().await;
    let home = app.organisation("Home").await;
    let job = setup(&home, "Job A");
    let job = app.ok(ADMIN, "POST /jobs/setup", job).await;
    let sensor = job["role_bindings"][0]["input_id"].as_str().unwrap();
    let location = json!({ "organisation_id": home, "name": "x", "latitude": 0, "longitude": 0 });
    let location = app.make("/api/v1/locations", &location).await;
    let [job, source] = ["id", "source_id"].map(|id| job[id].as_str().unwrap());
    let table = json!([
        [format!("PUT /organisations/{home}"), { "name": null }, 422, "#/name"],
        [format!("PUT /locations/{location}"), { "name": null, "latitude": null, "longitude": null }, 422,
            "#/name", "#/latitude", "#/longitude"],
        [format!("PUT /sensors/{sensor}"), { "name": null, "metric": null }, 422, "#/name", "#/metric"],
        [format!("PUT /sources/{source}"), { "name": null }, 422, "#/name"],
        [format!("PUT /jobs/{job}"), { "name": null, "active": null, "source_version_id": null, "role_bindings": null },
            422, "#/name", "#/active", "#/source_version_id", "#/role_bindings"],
    ]);
    app.calls(ADMIN, table).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_violation_is_reported_at_once() {
    let app = TestApp::start().await;
    let mut body = setup(&Uuid::nil().to_string(), " ");
    body["source"]["retention_hours"] = json!(0);
    body["source"]["expectedintervalminutes"] = json!(61);
    body["source_version"]["version"] = json!("a\nb");
    body["source_version"]["output_roles"][0]["role"] = json!("");
    body["role_bindings"][0]["role"] = json!("x".repeat(201));
    let answer = app.post("/api/v1/jobs/setup", &body).await;
    let mut places = answer.places();
    places.sort();
    let expected = [
        "#/job/name",
        "#/role_bindings/0/role",
        "#/source/expectedintervalminutes",
        "#/source/retention_hours",
        "#/source_version/output_roles/0/role",
        "#/source_version/version",
    ];
    assert_eq!(places, expected, "{}", answer.text);
    assert_eq!(answer.json()["detail"], "validation failed (violations: 6)");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_limit_is_named_as_a_whole_number() {
    let app = TestApp::start().await;
    for value in ["525601", "1e300"] {
        let body = format!("{{\"name\": \"most\", \"expected_interval_minutes\": {value}}}");
        let request = app.request(Method::POST, "/api/v1/sources");
        let request = request.bearer_auth(ADMIN).header("content-type", "application/json");
        let refused = app.send(request.body(body)).await;
        let told = refused.expect(422)["errors"][0]["detail"].to_string();
        assert!(told.ends_with(" 525600\""), "{told}");
    }
}
