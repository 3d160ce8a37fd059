//! The catalogue: organisations, locations, sensors, sources, versions and jobs are created, listed, changed and
//! deleted.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::app::{ADMIN, TestApp, setup};

/// Starts a server with two organisations.
async fn start() -> (TestApp, String, String) {
    let app = TestApp::start().await;
    let home = app.organisation("Home").await;
    let elsewhere = app.organisation("Elsewhere").await;
    (app, home, elsewhere)
}

/// Creates a resource as the admin, and returns its id.
async fn make(app: &TestApp, list: &str, body: Value) -> String {
    app.make(&format!("/api/v1/{list}"), &body).await
}

async fn get(app: &TestApp, path: &str) -> Value {
    app.ok(ADMIN, &format!("GET /{path}"), Value::Null).await
}

/// Asserts conflicts. Each row of the table is `[call, body, existing_id]`.
async fn conflicts(app: &TestApp, table: Value) {
    for row in table.as_array().unwrap() {
        let problem = app.calls(ADMIN, json!([[row[0], row[1], 409]])).await;
        assert_eq!(problem["existing_id"], row[2], "{row}: {problem}");
    }
}

fn point(organisation: &str, name: &str) -> Value {
    let mut body = json!({ "name": name, "latitude": 0.5, "longitude": -7.25, "elevation": 12.0 });
    body["organisation_id"] = json!(organisation);
    body
}

fn sensor(organisation: &str, name: &str, metric: &str) -> Value {
    json!({ "organisation_id": organisation, "name": name, "metric": metric })
}

fn at(mut sensor: Value, location: &str) -> Value {
    sensor["location_id"] = json!(location);
    sensor
}

fn source(name: &str, organisation: Option<&str>) -> Value {
    json!({ "name": name, "organisation_id": organisation })
}

fn version(source: &str, label: &str, inputs: Value) -> Value {
    let output = json!({ "role": "risk", "metric": "mildew_risk" });
    json!({ "source_id": source, "version": label, "input_roles": inputs, "output_roles": [output] })
}

fn bind(role: &str, kind: &str, id: &str) -> Value {
    json!({ "role": role, "input_type": kind, "input_id": id })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_thing_is_made_read_changed_and_deleted() {
    let (app, home, _) = start().await;
    let place = make(&app, "locations", point(&home, "There")).await;
    let mut model = source("m", Some(&home));
    model["description"] = json!("One line,\nand another.");
    model["expected_interval_minutes"] = json!(60);
    model["retention_hours"] = json!(720);
    let mut gauge = at(sensor(&home, "s", "celsius"), &place);
    gauge["unit"] = json!("°C");
    let table = json!([
        ["organisations", { "name": "Third" }, { "name": "Fourth" }, {}],
        ["locations", point(&home, "Here"), { "latitude": -90.0 }, { "elevation": null }],
        ["sensors", gauge, { "name": "t", "metric": "kelvin" }, { "unit": null, "location_id": null }],
        ["sources", model, { "name": "n", "retention_hours": 1 },
            { "description": null, "expected_interval_minutes": null, "retention_hours": null }],
    ]);
    for row in table.as_array().unwrap() {
        let (list, new) = (row[0].as_str().unwrap(), &row[1]);
        let answer = app.post(&format!("/api/v1/{list}"), new).await;
        let made = answer.expect(201);
        let path = format!("{list}/{}", made["id"].as_str().unwrap());
        assert_eq!(answer.header("location"), format!("/api/v1/{path}"));
        let id = Uuid::parse_str(made["id"].as_str().unwrap()).unwrap();
        assert_eq!(id.get_version_num(), 7);
        for (name, value) in new.as_object().unwrap() {
            assert_eq!(made[name], *value, "{list}: {name}");
        }
        assert_eq!(get(&app, &path).await, made);
        assert!(get(&app, list).await.as_array().unwrap().contains(&made));

        // A PUT leaves absent fields unchanged; null clears optional ones.
        let mut expected = made;
        for change in [&json!({}), &row[2], &row[3]] {
            app.advance_minutes(1);
            let expected = expected.as_object_mut().unwrap();
            expected.insert("updated_at".to_owned(), json!(app.now().to_string()));
            expected.extend(change.as_object().unwrap().clone());
            expected.retain(|_, value| !value.is_null());
            let changed = app.ok(ADMIN, &format!("PUT /{path}"), change.clone()).await;
            assert_eq!(changed.as_object().unwrap(), expected);
            assert_eq!(get(&app, &path).await, changed);
        }

        let table = json!([
            [format!("DELETE /{path}"), null, 204],
            [format!("GET /{path}"), null, 404],
            [format!("PUT /{path}"), {}, 404],
            [format!("DELETE /{path}"), null, 404],
        ]);
        app.calls(ADMIN, table).await;
        let list = get(&app, list).await;
        assert!(list.as_array().unwrap().iter().all(|row| row["id"] != expected["id"]));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn any_uuid_is_taken_as_an_id_and_a_taken_name_or_id_conflicts() {
    let (app, home, elsewhere) = start().await;
    let released = make(&app, "sources", source("released", None)).await;
    let [v1, v4, max] = [
        "A6E4F0B0-7FA5-11EE-B962-0242AC120002",
        "9B2C3D4E-5F60-4A1B-8C2D-3E4F50617283",
        "ffffffff-ffff-ffff-ffff-ffffffffffff",
    ];
    for (list, new, rename) in [
        ("organisations", json!({ "name": "x" }), true),
        ("locations", point(&home, "x"), true),
        ("sensors", sensor(&home, "x", "celsius"), true),
        ("sources", json!({ "name": "x" }), true),
        ("source_versions", version(&released, "x", json!([])), false),
    ] {
        let post = format!("POST /{list}");
        let name = if rename { "name" } else { "version" };
        let with = |id: Value, label: &str| {
            let mut body = new.clone();
            body["id"] = id;
            body[name] = json!(label);
            body
        };
        let first = make(&app, list, with(json!(v1), "first")).await;
        assert_eq!(first, v1.to_lowercase());
        make(&app, list, with(json!(v4), "second")).await;
        make(&app, list, with(json!(max), "third")).await;
        make(&app, list, with(Value::Null, "fourth")).await;
        let table = json!([
            [post, with(json!(v1), "another"), first],
            [post, with(Value::Null, " first "), first],
        ]);
        conflicts(&app, table).await;
        if rename {
            let put = format!("PUT /{list}/{v4}");
            conflicts(&app, json!([[put, { "name": "first" }, first]])).await;
            app.ok(ADMIN, &put, json!({ "name": "second" })).await;
        }
    }
    // Names of locations and sensors are unique in an organisation, labels of versions in a source.
    let other = make(&app, "sources", source("other", None)).await;
    make(&app, "locations", point(&elsewhere, "first")).await;
    make(&app, "sensors", sensor(&elsewhere, "first", "celsius")).await;
    make(&app, "source_versions", version(&other, "first", json!([]))).await;
    let first = source("first", Some(&elsewhere));
    let table = json!([["POST /sources", first, v1.to_lowercase()]]);
    conflicts(&app, table).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lists_take_filters() {
    let (app, home, elsewhere) = start().await;
    let here = make(&app, "locations", point(&home, "here")).await;
    make(&app, "locations", point(&elsewhere, "there")).await;
    make(&app, "sensors", at(sensor(&home, "s1", "celsius"), &here)).await;
    make(&app, "sensors", sensor(&home, "s2", "percent")).await;
    make(&app, "sensors", sensor(&elsewhere, "s3", "celsius")).await;
    let shared = make(&app, "sources", source("shared", None)).await;
    let own = make(&app, "sources", source("own", Some(&home))).await;
    let first = make(&app, "source_versions", version(&shared, "1", json!([]))).await;
    let second = make(&app, "source_versions", version(&shared, "2", json!([]))).await;
    make(&app, "source_versions", version(&own, "2", json!([]))).await;
    for (organisation, version, name, active) in [
        (&home, &first, "j1", true),
        (&home, &second, "j2", false),
        (&elsewhere, &second, "j3", true),
    ] {
        let job = json!({ "name": name, "active": active, "source_version_id": version });
        let body = json!({ "organisation_id": organisation, "job": job });
        app.ok(ADMIN, "POST /jobs/setup", body).await;
    }
    let unknown = Uuid::nil();
    let table = json!([
        ["organisations?name=Home", "Home"],
        ["locations", "here there"],
        [format!("locations?organisation_id={home}"), "here"],
        [format!("locations?organisation_id={unknown}"), ""],
        ["locations?name=there", "there"],
        [format!("sensors?organisation_id={home}"), "s1 s2"],
        [format!("sensors?location_id={here}"), "s1"],
        ["sensors?metric=celsius", "s1 s3"],
        [format!("sensors?metric=celsius&organisation_id={elsewhere}"), "s3"],
        ["sensors?metric=Celsius", ""],
        ["sensors?name=s2", "s2"],
        ["sources", "own shared"],
        [format!("sources?organisation_id={home}"), "own"],
        ["sources?name=shared", "shared"],
        [format!("source_versions?source_id={shared}"), "1 2"],
        ["source_versions?version=2", "2 2"],
        [format!("source_versions?version=2&source_id={own}"), "2"],
        ["jobs", "j1 j2 j3"],
        [format!("jobs?organisation_id={home}"), "j1 j2"],
        [format!("jobs?source_id={shared}"), "j1 j2 j3"],
        [format!("jobs?source_id={own}"), ""],
        [format!("jobs?source_version_id={second}"), "j2 j3"],
        ["jobs?active=true", "j1 j3"],
        ["jobs?active=false", "j2"],
        [
            format!("jobs?active=true&organisation_id={home}&source_id={shared}"),
            "j1"
        ],
        ["jobs?name=j2", "j2"],
        [format!("jobs/service/{second}"), "j3"],
    ]);
    for row in table.as_array().unwrap() {
        let list = get(&app, row[0].as_str().unwrap()).await;
        let rows = list.as_array().unwrap().iter();
        let name = |row: &Value| row.get("version").unwrap_or(&row["name"]).clone();
        let mut found: Vec<_> = rows.map(name).collect();
        found.sort_by_key(Value::to_string);
        let names: Vec<_> = row[1].as_str().unwrap().split_terminator(' ').collect();
        assert_eq!(found, names, "{row}");
    }
    let table = json!([[format!("GET /jobs/service/{unknown}"), null, 404]]);
    app.calls(ADMIN, table).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn resources_in_use_are_not_deleted() {
    let (app, home, _) = start().await;
    let bound = make(&app, "locations", point(&home, "bound")).await;
    let given = make(&app, "locations", point(&home, "given")).await;
    let stand = make(&app, "locations", point(&home, "stand")).await;
    let temp = make(&app, "sensors", sensor(&home, "temp", "celsius")).await;
    let standing = at(sensor(&home, "standing", "celsius"), &stand);
    let standing = make(&app, "sensors", standing).await;
    let rain = make(&app, "sources", source("rain", Some(&home))).await;
    let model = make(&app, "sources", source("model", Some(&home))).await;
    let roles = json!([
        { "role": "temp", "input_kind": "sensor", "metric": "celsius" },
        { "role": "at", "input_kind": "location" },
        { "role": "rain", "input_kind": "source", "metric": "rain" }
    ]);
    let pinned = make(&app, "source_versions", version(&model, "1", roles)).await;
    let job = json!({
        "organisation_id": home,
        "job": { "name": "Job A", "source_version_id": pinned, "location_id": given },
        "role_bindings": [
            bind("temp", "sensor", &temp), bind("at", "location", &bound), bind("rain", "source", &rain)
        ]
    });
    let job = app.ok(ADMIN, "POST /jobs/setup", job).await["id"].clone();
    let table = json!([
        [format!("DELETE /organisations/{home}"), null, job],
        [format!("DELETE /locations/{bound}"), null, job],
        [format!("DELETE /locations/{given}"), null, job],
        [format!("DELETE /locations/{stand}"), null, standing],
        [format!("DELETE /sensors/{temp}"), null, job],
        [format!("DELETE /sources/{rain}"), null, job],
        [format!("DELETE /sources/{model}"), null, pinned],
        [format!("DELETE /source_versions/{pinned}"), null, job],
    ]);
    conflicts(&app, table).await;

    let table = json!([
        [format!("PUT /sensors/{standing}"), { "location_id": null }, 200],
        [format!("DELETE /locations/{stand}"), null, 204],
        [format!("PUT /jobs/{}", job.as_str().unwrap()), { "location_id": null }, 200],
        [format!("DELETE /locations/{given}"), null, 204],
        [format!("DELETE /jobs/{}", job.as_str().unwrap()), null, 204],
        [format!("DELETE /source_versions/{pinned}"), null, 204],
        [format!("DELETE /sources/{model}"), null, 204],
        [format!("DELETE /sources/{rain}"), null, 204],
        [format!("DELETE /sensors/{temp}"), null, 204],
        [format!("DELETE /locations/{bound}"), null, 204],
        [format!("DELETE /organisations/{home}"), null, 204],
    ]);
    app.calls(ADMIN, table).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_organisation_goes_with_all_that_is_its() {
    let (app, home, elsewhere) = start().await;
    let manager = app.token("manager", "manager", &home).await;
    for organisation in [&home, &elsewhere] {
        let place = make(&app, "locations", point(organisation, "x")).await;
        let sensor = at(sensor(organisation, "x", "celsius"), &place);
        make(&app, "sensors", sensor).await;
        let model = source(organisation, Some(organisation));
        let model = make(&app, "sources", model).await;
        make(&app, "source_versions", version(&model, "1", json!([]))).await;
    }
    let delete = format!("DELETE /organisations/{home}");
    app.ok(ADMIN, &delete, Value::Null).await;
    let table = json!([["GET /whoami", null, 401]]);
    app.calls(&manager, table).await;
    for list in "organisations locations sensors sources source_versions".split(' ') {
        assert_eq!(get(&app, list).await.as_array().unwrap().len(), 1, "{list}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_metric_of_a_bound_sensor_stays() {
    let (app, home, elsewhere) = start().await;
    let job = setup(&home, "Job A");
    let job = app.ok(ADMIN, "POST /jobs/setup", job).await;
    let [id, bound] = [&job["id"], &job["role_bindings"][0]["input_id"]].map(|id| id.as_str().unwrap());
    let put = format!("PUT /sensors/{bound}");
    conflicts(&app, json!([[put, { "metric": "kelvin" }, id]])).await;
    let foreign = make(&app, "locations", point(&elsewhere, "x")).await;
    let table = json!([
        [put, { "metric": "celsius", "name": "By the gate", "unit": "°C" }, 200],
        [put, { "location_id": foreign }, 422, "#/location_id"],
        [put, { "location_id": Uuid::nil() }, 422, "#/location_id"],
        [format!("DELETE /jobs/{id}"), null, 204],
        [put, { "metric": "kelvin" }, 200],
    ]);
    app.calls(ADMIN, table).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_owner_of_a_new_resource_must_exist() {
    let (app, home, elsewhere) = start().await;
    let foreign = make(&app, "locations", point(&elsewhere, "x")).await;
    let (unknown, at_home) = (Uuid::nil().to_string(), sensor(&home, "x", "celsius"));
    let table = json!([
        ["POST /sensors", at(at_home.clone(), &foreign), 422, "#/location_id"],
        ["POST /sensors", at(at_home, &unknown), 422, "#/location_id"],
        ["POST /sensors", sensor(&unknown, "x", "celsius"), 422, "#/organisation_id"],
        ["POST /sensors", { "name": "x", "metric": "celsius" }, 422, "#/organisation_id"],
        ["POST /locations", point(&unknown, "x"), 422, "#/organisation_id"],
        ["POST /sources", source("x", Some(&unknown)), 422, "#/organisation_id"],
        ["POST /source_versions", version(&unknown, "1", json!([])), 422, "#/source_id"],
    ]);
    app.calls(ADMIN, table).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_source_version_never_changes() {
    let (app, ..) = start().await;
    let model = make(&app, "sources", source("m", None)).await;
    let mut role = json!({ "role": " temp ", "input_kind": "sensor", "metric": "celsius" });
    let body = version(&model, "1", json!([role]));
    let answer = app.post("/api/v1/source_versions", &body).await;
    let made = answer.expect(201);
    let path = format!("source_versions/{}", made["id"].as_str().unwrap());
    assert_eq!(answer.header("location"), format!("/api/v1/{path}"));
    role["role"] = json!("temp");
    role["required"] = json!(true);
    assert_eq!(made["input_roles"], json!([role]));
    let table = json!([
        [format!("PUT /{path}"), { "version": "2" }, 405],
        [format!("PATCH /{path}"), { "version": "2" }, 405],
        [format!("PUT /sources/{model}"), { "name": "n" }, 200],
    ]);
    app.calls(ADMIN, table).await;
    assert_eq!(get(&app, &path).await, made);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_of_a_job_is_checked_against_the_contract() {
    let (app, home, elsewhere) = start().await;
    let job = setup(&home, "Job A");
    let job = app.ok(ADMIN, "POST /jobs/setup", job).await;
    let mut second = setup(&home, "Job B");
    second["source"] = json!({ "name": "other" });
    let second = app.ok(ADMIN, "POST /jobs/setup", second).await;
    let path = format!("jobs/{}", job["id"].as_str().unwrap());
    let put = format!("PUT /{path}");
    let model = job["source_id"].as_str().unwrap();
    let damp = make(&app, "sensors", sensor(&home, "damp", "percent")).await;
    let warm = make(&app, "sensors", sensor(&home, "warm", "celsius")).await;
    let foreign = make(&app, "sensors", sensor(&elsewhere, "x", "celsius")).await;
    let there = make(&app, "locations", point(&home, "there")).await;
    let beyond = make(&app, "locations", point(&elsewhere, "there")).await;
    let role = json!({ "role": "damp", "input_kind": "sensor", "metric": "percent" });
    let moist = make(&app, "source_versions", version(model, "2", json!([role]))).await;
    let temp = |id: &str| json!([bind("temp", "sensor", id)]);
    let damp = json!([bind("damp", "sensor", &damp)]);
    let table = json!([
        [put, { "role_bindings": [] }, 422, "#/role_bindings"],
        [put, { "role_bindings": damp }, 422, "#/role_bindings", "#/role_bindings/0/role"],
        [put, { "role_bindings": temp(damp[0]["input_id"].as_str().unwrap()) }, 422, "#/role_bindings/0/input_id"],
        [put, { "role_bindings": temp(&foreign) }, 422, "#/role_bindings/0/input_id"],
        [put, { "role_bindings": temp(&Uuid::nil().to_string()) }, 422, "#/role_bindings/0/input_id"],
        [put, { "role_bindings": [bind("temp", "location", &there)] }, 422, "#/role_bindings/0/input_type"],
        [put, { "source_version_id": moist }, 422, "#/role_bindings", "#/role_bindings/0/role"],
        [put, { "source_version_id": second["source_version_id"] }, 422, "#/source_version_id"],
        [put, { "source_version_id": Uuid::nil() }, 422, "#/source_version_id"],
        [put, { "location_id": beyond }, 422, "#/location_id"],
        [put, { "location_id": Uuid::nil(), "role_bindings": [] }, 422, "#/location_id", "#/role_bindings"],
        [put, { "organisation_id": elsewhere }, 422, "#/organisation_id"],
        [put, { "name": "Job B", "active": false }, 409],
    ]);
    app.calls(ADMIN, table).await;
    conflicts(&app, json!([[put, { "name": " Job B " }, second["id"]]])).await;
    let kept = get(&app, &path).await;
    assert_eq!(kept["role_bindings"], job["role_bindings"]);
    assert_eq!(
        (&kept["active"], &kept["updated_at"]),
        (&json!(true), &job["updated_at"])
    );

    let rebound = json!({ "role_bindings": temp(&warm) });
    let changed = app.ok(ADMIN, &put, rebound).await;
    assert_eq!(changed["role_bindings"], temp(&warm));
    assert_eq!(changed["name"], "Job A");
    let moved = json!({ "source_version_id": moist, "role_bindings": damp, "location_id": there });
    let changed = app.ok(ADMIN, &put, moved).await;
    let targets = &get(&app, &format!("source_versions/{moist}")).await["output_roles"];
    assert_eq!(changed["source_version_id"], moist);
    assert_eq!(changed["location_id"], there);
    assert_eq!(changed["job_targets"], *targets);
    let paused = json!({ "location_id": null, "active": false });
    let changed = app.ok(ADMIN, &put, paused).await;
    assert_eq!(
        (&changed["location_id"], &changed["active"]),
        (&Value::Null, &json!(false))
    );
    assert_eq!(get(&app, &path).await, changed);
    let active = get(&app, &format!("jobs/service/{moist}")).await;
    assert_eq!(active, json!([]));
    // The same name is free in another organisation.
    let mut same = setup(&elsewhere, "Job A");
    same["role_bindings"][0]["input_id"] = json!(foreign);
    app.ok(ADMIN, "POST /jobs/setup", same).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_expected_interval_has_two_spellings() {
    let (app, home, _) = start().await;
    let [wire, tutorial] = ["expected_interval_minutes", "expectedintervalminutes"];
    let body = json!({ "name": "a", tutorial: 60 });
    let made = app.ok(ADMIN, "POST /sources", body).await;
    assert_eq!((&made[wire], made.get(tutorial)), (&json!(60), None));
    let both = json!({ "name": "b", tutorial: 60, wire: 60 });
    make(&app, "sources", both).await;
    let put = format!("PUT /sources/{}", made["id"].as_str().unwrap());
    for (change, expected) in [
        (json!({ tutorial: 30 }), json!(30)),
        (json!({ tutorial: null }), Value::Null),
        (json!({ tutorial: 15, wire: 15 }), json!(15)),
        (json!({ wire: null, tutorial: null }), Value::Null),
    ] {
        assert_eq!(app.ok(ADMIN, &put, change).await[wire], expected);
    }
    let mut job = setup(&home, "Job A");
    job["source"] = json!({ "name": "c", tutorial: 45 });
    let made = app.ok(ADMIN, "POST /jobs/setup", job.clone()).await;
    let source = format!("sources/{}", made["source_id"].as_str().unwrap());
    assert_eq!(get(&app, &source).await[wire], 45);
    job["source"][wire] = json!(46);
    let table = json!([
        ["POST /sources", { "name": "x", tutorial: 60, wire: 61 }, 422, "#/expectedintervalminutes"],
        [put, { tutorial: 60, wire: 61 }, 422, "#/expectedintervalminutes"],
        [put, { tutorial: 60, wire: null }, 422, "#/expectedintervalminutes"],
        ["POST /jobs/setup", job, 422, "#/source/expectedintervalminutes"],
        ["POST /sources", { "name": "x", tutorial: 0 }, 422, "#/expectedintervalminutes"],
    ]);
    app.calls(ADMIN, table).await;
}
