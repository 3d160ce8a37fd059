//! The set-up of a job: it finds or creates everything that the job needs, or changes nothing and reports the faults.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::app::{ADMIN, TestApp, setup};

const SETUP: &str = "/api/v1/jobs/setup";

/// Starts a server with one organisation.
async fn start() -> (TestApp, String) {
    let app = TestApp::start().await;
    let home = app.organisation("Home").await;
    (app, home)
}

/// Returns the set-up of `Job A`, with other values at some JSON pointers.
fn changed(organisation: &str, changes: &Value) -> Value {
    let mut body = setup(organisation, "Job A");
    for (pointer, value) in changes.as_object().unwrap() {
        let (parent, member) = pointer.rsplit_once('/').unwrap();
        let parent = body.pointer_mut(parent).unwrap().as_object_mut().unwrap();
        parent.insert(member.to_owned(), value.clone());
    }
    body
}

/// Makes a valid set-up.
async fn set_up(app: &TestApp, organisation: &str, changes: &Value) -> Value {
    app.ok(ADMIN, "POST /jobs/setup", changed(organisation, changes)).await
}

/// Makes invalid set-ups. Each row of the table is `[changes, status, existing_id, place...]`.
async fn refused(app: &TestApp, secret: &str, organisation: &str, table: Value) {
    for row in table.as_array().unwrap() {
        let body = changed(organisation, &row[0]);
        let mut call = vec![json!("POST /jobs/setup"), body, row[1].clone()];
        call.extend_from_slice(&row.as_array().unwrap()[3..]);
        let problem = app.calls(secret, json!([call])).await;
        assert_eq!(problem["existing_id"], row[2], "{row}: {problem}");
    }
}

fn bind(role: &str, kind: &str, id: impl ToString) -> Value {
    json!({ "role": role, "input_type": kind, "input_id": id.to_string() })
}

async fn place(app: &TestApp, organisation: &str, name: &str) -> String {
    let mut point = json!({ "name": name, "latitude": 0, "longitude": 0 });
    point["organisation_id"] = json!(organisation);
    app.make("/api/v1/locations", &point).await
}

/// Publishes a version without inputs.
async fn publish(app: &TestApp, source: &Value, version: &str) -> Value {
    let body = json!({
        "source_id": source, "version": version, "input_roles": [],
        "output_roles": [{ "role": "risk", "metric": "mildew_risk" }]
    });
    json!(app.make("/api/v1/source_versions", &body).await)
}

/// Returns all resources that a set-up can create.
async fn everything(app: &TestApp) -> Value {
    let mut all = json!({});
    for list in "organisations sources source_versions sensors locations jobs".split(' ') {
        all[list] = app.ok(ADMIN, &format!("GET /{list}"), Value::Null).await;
    }
    all
}

/// Returns the kinds of resources that a set-up created, in order.
fn kinds(answer: &Value) -> String {
    let created = answer["created"].as_array().unwrap().iter();
    let kinds: Vec<_> = created.map(|made| made["kind"].as_str().unwrap()).collect();
    kinds.join(" ")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_set_up_again_answers_the_same_job_however_little_it_says() {
    let (app, home) = start().await;
    let answer = app.post(SETUP, &setup(&home, "Job A")).await;
    let job = answer.expect(201);
    let [id, source, version] = ["id", "source_id", "source_version_id"].map(|name| &job[name]);
    let path = format!("/api/v1/jobs/{}", id.as_str().unwrap());
    assert_eq!(answer.header("location"), path);
    let all = everything(&app).await;
    for changes in [
        json!({}),
        json!({ "/source": { "name": " mildew-predictor " }, "/source_version": null }),
        json!({ "/source": { "id": source, "retention_hours": 720 }, "/source_version": {} }),
        json!({ "/source": null, "/source_version": { "id": version } }),
        json!({ "/source": null, "/source_version": { "version": "1.0.0", "source_id": source } }),
        json!({ "/source": null, "/source_version": null, "/job/id": id, "/job/source_id": source }),
        json!({ "/source": null, "/source_version": null, "/job/source_version_id": version }),
        json!({ "/job/name": "Job A ", "/job/active": true, "/job/organisation_id": home }),
    ] {
        let again = app.post(SETUP, &changed(&home, &changes)).await;
        let again = again.expect(200);
        assert_eq!(again["id"], *id, "{changes}");
        assert_eq!(again["created"], json!([]), "{changes}");
    }
    assert_eq!(everything(&app).await, all);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_equal_set_ups_at_once_make_one_job() {
    let (app, home) = start().await;
    let body = setup(&home, "Job A");
    let (one, two) = tokio::join!(app.post(SETUP, &body), app.post(SETUP, &body));
    assert_eq!(one.json()["id"], two.json()["id"]);
    assert_eq!(one.status + two.status, 200 + 201);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn members_that_differ_from_an_existing_resource_conflict_and_are_named() {
    let (app, home) = start().await;
    let job = app.post(SETUP, &setup(&home, "Job A")).await.expect(201);
    let [id, source, version] = ["id", "source_id", "source_version_id"].map(|name| &job[name]);
    let second = publish(&app, source, "2").await;
    let there = place(&app, &home, "There").await;
    let other = bind("temp", "sensor", Uuid::nil());
    let output = json!({ "role": "p", "metric": "m" });
    let all = everything(&app).await;
    let table = json!([
        [{ "/source/retention_hours": 1 }, 409, source, "#/source/retention_hours"],
        [{ "/source/description": "x", "/source/expected_interval_minutes": 1 }, 409, source,
            "#/source/description", "#/source/expected_interval_minutes"],
        [{ "/source/organisation_id": home }, 409, source, "#/source/organisation_id"],
        [{ "/source": { "id": source, "name": "x" } }, 409, source, "#/source/name"],
        [{ "/source_version/input_roles": [] }, 409, version, "#/source_version/input_roles"],
        [{ "/source_version/output_roles": [output], "/source_version/description": "x" }, 409, version,
            "#/source_version/description", "#/source_version/output_roles"],
        [{ "/source_version/id": version, "/source_version/version": "3" }, 409, version, "#/source_version/version"],
        [{ "/job/active": false }, 409, id, "#/job/active"],
        [{ "/job/id": Uuid::nil() }, 409, id, "#/job/id"],
        [{ "/role_bindings": [other] }, 409, id, "#/role_bindings"],
        [{ "/source_version": { "id": second }, "/role_bindings": [], "/job/location_id": there }, 409, id,
            "#/job/location_id", "#/role_bindings", "#/source_version"],
        [{ "/source/name": "another" }, 409, id, "#/source_version"],
        // A name or an id that is taken.
        [{ "/source/id": Uuid::nil() }, 409, source],
        [{ "/source_version/id": Uuid::nil() }, 409, version],
        [{ "/job/name": "Job B", "/job/id": id }, 409, id],
    ]);
    refused(&app, ADMIN, &home, table).await;
    assert_eq!(everything(&app).await, all);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn things_are_made_under_the_ids_given() {
    let app = TestApp::start().await;
    let [home, source, version, job] = [1, 2, 3, 4].map(|n| Uuid::from_u128(n).to_string());
    let changes = json!({ "/source/id": source, "/source_version/id": version, "/job/id": job });
    let made = set_up(&app, &home, &changes).await;
    assert_eq!(kinds(&made), "organisation source source_version sensor job");
    assert_eq!([&made["organisation_id"], &made["source_id"]], [&home, &source]);
    assert_eq!([&made["source_version_id"], &made["id"]], [&version, &job]);
    let path = format!("/api/v1/organisations/{home}");
    assert_eq!(app.get(&path).await.expect(200)["name"], home);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dry_run_returns_the_same_and_stores_nothing() {
    let (app, home) = start().await;
    let dry = format!("{SETUP}?dry_run=true");
    let body = setup(&home, "Job A");
    let all = everything(&app).await;
    let unknown = setup(&Uuid::nil().to_string(), "Job A");
    let tried = app.post(&dry, &unknown).await.expect(200);
    assert_eq!(kinds(&tried), "organisation source source_version sensor job");
    let tried = app.post(&dry, &body).await.expect(200);
    assert_eq!(everything(&app).await, all);

    let made = app.post(SETUP, &body).await.expect(201);
    assert_eq!(kinds(&tried), kinds(&made));
    let mut expected = made.clone();
    for differing in ["id", "source_id", "source_version_id", "created"] {
        expected[differing] = tried[differing].clone();
    }
    assert_eq!(tried, expected);

    let all = everything(&app).await;
    let found = app.post(&dry, &body).await.expect(200);
    assert_eq!((&found["id"], &found["created"]), (&made["id"], &json!([])));
    let differing = changed(&home, &json!({ "/job/active": false }));
    let refused = app.post(&dry, &differing).await;
    refused.expect_problem(409, &["#/job/active"]);
    assert_eq!(everything(&app).await, all);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_that_names_only_a_source_gets_its_newest_version_and_keeps_it() {
    let (app, home) = start().await;
    let source = json!(app.make("/api/v1/sources", &json!({ "name": "m" })).await);
    let job = |name: &str| json!({ "organisation_id": home, "source": { "id": source }, "job": { "name": name } });
    let refused = app.post(SETUP, &job("Job A")).await;
    refused.expect_problem(422, &["#/source_version"]);
    publish(&app, &source, "9").await;
    // The clock does not move: the newest version is the one that was published last.
    let second = publish(&app, &source, "10").await;
    let made = app.post(SETUP, &job("Job A")).await.expect(201);
    assert_eq!(made["source_version_id"], second);
    let third = publish(&app, &source, "1").await;
    let again = app.post(SETUP, &job("Job A")).await.expect(200);
    assert_eq!(again["id"], made["id"]);
    assert_eq!(again["source_version_id"], second);
    let other = app.post(SETUP, &job("Job B")).await.expect(201);
    assert_eq!(other["source_version_id"], third);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn unknown_sensors_and_locations_are_made_as_placeholders() {
    let (app, home) = start().await;
    let [sensor, place, model] = [1, 2, 3].map(|n| Uuid::from_u128(n).to_string());
    let bindings = [
        bind("temp", "sensor", &sensor),
        bind("at", "location", &place),
        bind("rain", "source", &model),
    ];
    let mut changes = json!({
        "/role_bindings": bindings,
        "/source_version/input_roles": [
            { "role": "temp", "input_kind": "sensor", "metric": "celsius", "unit": "°C" },
            { "role": "at", "input_kind": "location" },
            { "role": "rain", "input_kind": "source", "metric": "rain", "required": false }
        ]
    });
    let table = json!([[changes, 422, null, "#/role_bindings/2/input_id"]]);
    refused(&app, ADMIN, &home, table).await;

    changes["/role_bindings"] = json!(bindings[..2]);
    let job = set_up(&app, &home, &changes).await;
    assert_eq!(kinds(&job), "source source_version sensor location job");
    assert_eq!(job["location_id"], place);
    let read = async |path: String| app.ok(ADMIN, &format!("GET {path}"), Value::Null).await;
    let made = read(format!("/sensors/{sensor}")).await;
    assert_eq!([&made["name"], &made["metric"]], [&sensor, "celsius"]);
    assert_eq!((&made["unit"], &made["placeholder"]), (&json!("°C"), &json!(true)));
    let made = read(format!("/locations/{place}")).await;
    assert_eq!((&made["name"], &made["placeholder"]), (&json!(place), &json!(true)));
    assert_eq!([&made["latitude"], &made["longitude"]], [&Value::Null; 2]);
    let point = json!({ "latitude": 40.6, "longitude": -73.8 });
    let changed = app.ok(ADMIN, &format!("PUT /locations/{place}"), point).await;
    assert_eq!(changed["placeholder"], false);
    let named = json!({ "name": "By the gate" });
    let changed = app.ok(ADMIN, &format!("PUT /sensors/{sensor}"), named).await;
    assert_eq!(changed["placeholder"], false);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_input_is_not_of_another_kind_than_its_id() {
    let (app, home) = start().await;
    let place = place(&app, &home, "There").await;
    let source = app.make("/api/v1/sources", &json!({ "name": "m" })).await;
    let all = everything(&app).await;
    let table = json!([
        [{ "/role_bindings": [bind("temp", "sensor", place)] }, 422, null, "#/role_bindings/0/input_id"],
        [{ "/role_bindings": [bind("temp", "sensor", source)] }, 422, null, "#/role_bindings/0/input_id"],
    ]);
    refused(&app, ADMIN, &home, table).await;
    assert_eq!(everything(&app).await, all);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_optional_role_may_stay_unbound_and_a_visible_source_may_be_an_input() {
    let (app, home) = start().await;
    let elsewhere = app.organisation("Elsewhere").await;
    let source = async |name: &str, owner: Option<&str>| {
        let body = json!({ "name": name, "organisation_id": owner });
        app.make("/api/v1/sources", &body).await
    };
    let own = source("own", Some(&home)).await;
    let shared = source("shared", None).await;
    let foreign = source("foreign", Some(&elsewhere)).await;
    let job = |bindings: Value| {
        json!({
            "/source_version/input_roles": [
                { "role": "rain", "input_kind": "source", "metric": "rain", "required": false }
            ],
            "/job/name": Uuid::new_v4(), "/role_bindings": bindings
        })
    };
    let [own, shared] = [own, shared].map(|id| json!([bind("rain", "source", id)]));
    for good in [json!([]), own, shared] {
        let made = set_up(&app, &home, &job(good.clone())).await;
        assert_eq!(made["role_bindings"], good);
    }
    let bad = job(json!([bind("rain", "source", foreign)]));
    let table = json!([[bad, 422, null, "#/role_bindings/0/input_id"]]);
    refused(&app, ADMIN, &home, table).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_location_is_given_or_the_only_one_among_the_bindings() {
    let (app, home) = start().await;
    let elsewhere = app.organisation("Elsewhere").await;
    let one = place(&app, &home, "one").await;
    let two = place(&app, &home, "two").await;
    let foreign = place(&app, &elsewhere, "x").await;
    let job = |given: Value, bindings: Value| {
        json!({
            "/source_version/input_roles": [
                { "role": "from", "input_kind": "location", "required": false },
                { "role": "to", "input_kind": "location", "required": false }
            ],
            "/role_bindings": bindings, "/job/location_id": given, "/job/name": Uuid::new_v4()
        })
    };
    let from = bind("from", "location", &one);
    let [to_one, to_two] = [&one, &two].map(|id| bind("to", "location", id));
    let none = Value::Null;
    for (given, bindings, expected) in [
        (none.clone(), json!([]), none.clone()),
        (none.clone(), json!([from]), json!(one)),
        (none.clone(), json!([from, to_one]), json!(one)),
        (none.clone(), json!([from, to_two]), none.clone()),
        (json!(two), json!([from]), json!(two)),
        (json!(two), json!([]), json!(two)),
    ] {
        let changes = job(given, bindings);
        let made = set_up(&app, &home, &changes).await;
        assert_eq!(made["location_id"], expected, "{changes}");
    }
    // If no location is bound, the location is that of the sensors.
    let sensor = json!({ "organisation_id": home, "name": "s", "metric": "celsius", "location_id": two });
    let sensor = app.make("/api/v1/sensors", &sensor).await;
    let changes = json!({ "/role_bindings": [bind("temp", "sensor", sensor)], "/source/name": "other" });
    assert_eq!(set_up(&app, &home, &changes).await["location_id"], two);
    // The given one may be one that the set-up makes.
    let new = Uuid::from_u128(1).to_string();
    let changes = job(json!(new), json!([bind("from", "location", &new)]));
    assert_eq!(set_up(&app, &home, &changes).await["location_id"], new);
    for bad in [json!(foreign), json!(Uuid::nil())] {
        let table = json!([[job(bad, json!([])), 422, null, "#/job/location_id"]]);
        refused(&app, ADMIN, &home, table).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn values_that_are_given_twice_must_agree() {
    let (app, home) = start().await;
    let body = setup(&home, "Job A");
    let job = app.post(SETUP, &body).await.expect(201);
    let (source, version) = (&job["source_id"], &job["source_version_id"]);
    let (unknown, other) = (Uuid::nil(), bind("temp", "sensor", Uuid::nil()));
    let table = json!([
        [{ "/job/role_bindings": [other] }, 422, null, "#/job/role_bindings"],
        [{ "/job/role_bindings": [] }, 422, null, "#/job/role_bindings"],
        [{ "/job/organisation_id": unknown }, 422, null, "#/job/organisation_id"],
        [{ "/source/expectedintervalminutes": 61 }, 422, null, "#/source/expectedintervalminutes"],
        [{ "/source/id": source, "/job/source_id": unknown }, 422, null, "#/job/source_id"],
        [{ "/source/id": source, "/source_version/source_id": unknown }, 422, null, "#/source_version/source_id"],
        [{ "/source_version/id": version, "/job/source_version_id": unknown }, 422, null, "#/job/source_version_id"],
    ]);
    refused(&app, ADMIN, &home, table).await;
    let same = json!({
        "/job/role_bindings": body["role_bindings"], "/source/expectedintervalminutes": 60,
        "/source/id": source, "/job/source_id": source, "/source_version/source_id": source,
        "/source_version/id": version, "/job/source_version_id": version
    });
    app.post(SETUP, &changed(&home, &same)).await.expect(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn unknown_resources_that_cannot_be_created_are_named() {
    let (app, home) = start().await;
    let elsewhere = app.organisation("Elsewhere").await;
    let foreign = json!({ "name": "foreign", "organisation_id": elsewhere });
    let foreign = json!(app.make("/api/v1/sources", &foreign).await);
    let released = publish(&app, &foreign, "1").await;
    let manager = app.token("manager", "manager", &home).await;
    let (all, unknown) = (everything(&app).await, Uuid::nil());
    let table = json!([
        [{ "/source": null, "/source_version": null }, 422, null, "#/source"],
        [{ "/source": {} }, 422, null, "#/source"],
        [{ "/source": { "id": unknown } }, 422, null, "#/source/id"],
        [{ "/source": { "id": foreign } }, 422, null, "#/source/id"],
        [{ "/source": null, "/job/source_id": unknown }, 422, null, "#/job/source_id"],
        [{ "/source": null, "/source_version": { "id": unknown } }, 422, null, "#/source_version/id"],
        [{ "/source": null, "/source_version": { "id": released } }, 422, null, "#/source_version/id"],
        [{ "/source_version": { "id": released } }, 422, null, "#/source_version/id"],
        [{ "/source_version": { "id": unknown } }, 422, null, "#/source_version/id"],
        [{ "/source_version": null, "/job/source_version_id": unknown }, 422, null, "#/job/source_version_id"],
        [{ "/source_version": null }, 422, null, "#/source_version"],
        [{ "/source_version": { "version": "1" } }, 422, null, "#/source_version/output_roles"],
        [{ "/source_version/version": null }, 422, null, "#/source_version/version"],
        [{ "/source_version": { "input_roles": [] } }, 422, null,
            "#/source_version/output_roles", "#/source_version/version"],
        [{ "/source/organisation_id": elsewhere }, 403, null],
    ]);
    refused(&app, &manager, &home, table).await;
    let table = json!([
        [{ "/source": { "id": foreign }, "/source_version": null }, 422, null, "#/source"],
        [{ "/source/organisation_id": unknown }, 422, null, "#/source/organisation_id"],
    ]);
    refused(&app, ADMIN, &home, table).await;
    assert_eq!(everything(&app).await, all);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unknown_organisation_is_made_for_an_admin_only() {
    let (app, home) = start().await;
    let manager = app.token("manager", "manager", &home).await;
    let all = everything(&app).await;
    let unknown = Uuid::nil().to_string();
    refused(&app, &manager, &unknown, json!([[{}, 403, null]])).await;
    assert_eq!(everything(&app).await, all);
    let made = app.post(SETUP, &setup(&unknown, "Job A")).await.expect(201);
    assert!(kinds(&made).starts_with("organisation "));
    // A manager's new source is its organisation's, an admin's is shared.
    let bindings = [bind("temp", "sensor", Uuid::nil())];
    let own = json!({ "/source/name": "own", "/role_bindings": bindings });
    let own = changed(&home, &own);
    let own = app.ok(&manager, "POST /jobs/setup", own).await;
    for (job, owner) in [(own, json!(home)), (made, Value::Null)] {
        let path = format!("GET /sources/{}", job["source_id"].as_str().unwrap());
        let source = app.ok(ADMIN, &path, Value::Null).await;
        assert_eq!(source["organisation_id"], owner);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_set_up_that_fails_leaves_nothing_behind() {
    let app = TestApp::start().await;
    let all = everything(&app).await;
    let temp = bind("temp", "sensor", Uuid::from_u128(1));
    let wind = bind("wind", "sensor", Uuid::from_u128(2));
    // Organisation, source, version and sensor are made before the last thing is found to be wrong.
    for row in [
        json!([{ "/role_bindings": [temp, wind] }, 422, null, "#/role_bindings/1/role"]),
        json!([{ "/role_bindings": [temp, temp] }, 422, null, "#/role_bindings/1/role"]),
        json!([{ "/job/location_id": Uuid::nil() }, 422, null, "#/job/location_id"]),
    ] {
        refused(&app, ADMIN, &Uuid::nil().to_string(), json!([row])).await;
        assert_eq!(everything(&app).await, all);
    }
}

/// The dashboard shows these at the fields of the roles.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn violations_of_bindings_have_codes() {
    let (app, home) = start().await;
    let mut body = crate::app::setup(&home, "Job A");
    body["source_version"]["input_roles"] = json!([{ "role": "site", "input_kind": "location" }]);
    for (bindings, code) in [
        (json!([]), json!("missing_role")),
        (
            json!([
                bind("site", "location", home.to_uppercase()),
                bind("site", "location", &home)
            ]),
            json!("repeated"),
        ),
        (json!([bind("site", "sensor", &home)]), json!(null)),
    ] {
        body["role_bindings"] = bindings;
        let problem = app.post("/api/v1/jobs/setup", &body).await.expect(422);
        let codes: Vec<_> = problem["errors"]
            .as_array()
            .unwrap()
            .iter()
            .map(|error| &error["code"])
            .collect();
        assert!(codes.contains(&&code), "{problem}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_returned_job_may_be_posted_again() {
    let (app, home) = start().await;
    let one = place(&app, &home, "one").await;
    let mut body = crate::app::setup(&home, "Job A");
    body["source_version"]["input_roles"] = json!([{ "role": "site", "input_kind": "location" }]);
    body["role_bindings"] = json!([bind("site", "location", &one)]);
    let job = app.post("/api/v1/jobs/setup", &body).await.expect(201);
    assert_eq!(job["location_id"], one.as_str());
    for field in ["id", "active", "location_id", "source_id", "source_version_id"] {
        body["job"][field] = job[field].clone();
    }
    assert_eq!(app.post("/api/v1/jobs/setup", &body).await.expect(200)["id"], job["id"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn faults_of_form_and_broken_rules_are_answered_together() {
    let (app, home) = start().await;
    let temp = bind("temp", "sensor", Uuid::from_u128(1));
    let wind = bind("wind", "sensor", Uuid::from_u128(2));
    let unknown = Uuid::nil();
    let table = json!([
        [{ "/job/name": " ", "/role_bindings": [temp, wind], "/job/location_id": unknown }, 422, null,
            "#/job/name", "#/role_bindings/1/role", "#/job/location_id"],
        [{ "/source": { "id": unknown }, "/role_bindings": [], "/job/location_id": unknown }, 422, null,
            "#/source/id", "#/role_bindings", "#/job/location_id"],
        [{ "/source/retention_hours": 0, "/source_version/version": null }, 422, null,
            "#/source/retention_hours", "#/source_version/version"],
    ]);
    refused(&app, ADMIN, &home, table).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dry_run_meets_the_same_conflicts() {
    let (app, home) = start().await;
    let job = app.post(SETUP, &setup(&home, "Job A")).await.expect(201);
    let sensor = Uuid::from_u128(1).to_string();
    let named = json!({ "organisation_id": home, "name": sensor, "metric": "celsius" });
    app.make("/api/v1/sensors", &named).await;
    let unknown = Uuid::from_u128(2).to_string();
    app.make("/api/v1/organisations", &json!({ "name": unknown })).await;
    for body in [
        changed(&home, &json!({ "/source/id": unknown })),
        changed(&home, &json!({ "/source_version/id": unknown })),
        changed(&home, &json!({ "/job/name": "Job B", "/job/id": job["id"] })),
        changed(
            &home,
            &json!({ "/job/name": "Job B", "/role_bindings": [bind("temp", "sensor", &sensor)] }),
        ),
        setup(&unknown, "Job A"),
    ] {
        let (tried, real) = (
            app.post(&format!("{SETUP}?dry_run=true"), &body).await,
            app.post(SETUP, &body).await,
        );
        let (tried, real) = (tried.expect(409), real.expect(409));
        assert!(real["existing_id"].is_string(), "{real}");
        for member in ["detail", "existing_id", "errors"] {
            assert_eq!(tried[member], real[member], "{body}");
        }
    }
}
