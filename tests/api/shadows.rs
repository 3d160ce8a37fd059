//! Versions on trial: which version may run beside that of a job, who gets the job, and what refers to the trial.

use serde_json::{Value, json};

use crate::{
    app::{ADMIN, TestApp, setup},
    field::{Field, at, job_at, risk},
};

/// Publishes a release of the field's source with the same roles, after `change` of its contract.
pub async fn release(field: &Field, label: &str, change: impl FnOnce(&mut Value)) -> String {
    let mut new = job_at(&field.home, &field.there, "x")["source_version"].clone();
    (new["source_id"], new["version"]) = (json!(field.source), json!(label));
    change(&mut new);
    field.app.make("/api/v1/source_versions", &new).await
}

/// Returns the path of a version's trial in the field's job, for [`TestApp::ok`] and [`TestApp::calls`].
pub fn trial(field: &Field, version: &str) -> String {
    format!("/jobs/{}/shadows/{version}", field.job)
}

/// Begins the trial of a version in the field's job, and returns the job.
pub async fn begin(field: &Field, version: &str) -> Value {
    // Trials are listed by their beginnings.
    field.app.tick();
    let path = format!("PUT {}", trial(field, version));
    field.app.ok(ADMIN, &path, Value::Null).await
}

pub async fn job(field: &Field) -> Value {
    let path = format!("GET /jobs/{}", field.job);
    field.app.ok(ADMIN, &path, Value::Null).await
}

/// Returns the labels of a job's versions on trial, the oldest trial first.
pub fn labels(job: &Value) -> Vec<&str> {
    let shadows = job["shadows"].as_array().into_iter().flatten();
    shadows
        .map(|shadow| shadow["source_version"].as_str().unwrap())
        .collect()
}

/// Returns the changes of the newest entry of the audit trail.
pub async fn audited(app: &TestApp) -> Value {
    let entries = app.ok(ADMIN, "GET /audit?limit=1", Value::Null).await;
    entries[0]["changes"].clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_trial_begins_once_and_ends_once() {
    let field = Field::start().await;
    let app = &field.app;
    let version = release(&field, "1.1.0", |_| ()).await;
    let path = format!("/api/v1/jobs/{}", field.job);
    let before = app.get(&path).await;
    assert_eq!(before.json().get("shadows"), None);
    app.advance_minutes(1);
    let call = format!("/api/v1{}", trial(&field, &version));
    let begun = app.put(&call, &Value::Null).await;
    let since = app.now().to_string();
    let shadow = json!({ "source_version_id": version, "source_version": "1.1.0", "since": since, "late": false });
    let shown = begun.expect(201);
    assert_eq!(shown["shadows"], json!([shadow]));
    assert_eq!(
        (begun.header("location"), shown["updated_at"].as_str()),
        (&*path, Some(&*since))
    );
    assert_eq!(audited(app).await, json!({ "added_shadow": version }));
    // A trial is a change of the job: the job's earlier tag is stale.
    let get = app.get(&path).await;
    assert_eq!((get.json(), get.header("etag")), (shown.clone(), begun.header("etag")));
    let stale = app.request("PUT".parse().unwrap(), &path).bearer_auth(ADMIN);
    let stale = stale
        .header("If-Match", before.header("etag"))
        .json(&json!({ "active": true }));
    app.send(stale).await.expect_problem(412, &[]);
    app.advance_minutes(1);
    let again = app.put(&call, &Value::Null).await;
    assert_eq!(
        (again.expect(200), again.header("etag")),
        (shown.clone(), begun.header("etag"))
    );
    // Lists show the same.
    for list in [
        "/jobs".to_owned(),
        format!("/jobs/service/{}", shown["source_version_id"].as_str().unwrap()),
    ] {
        let listed = app.ok(ADMIN, &format!("GET {list}"), Value::Null).await;
        assert_eq!(listed, json!([shown]), "{list}");
    }
    let entries = app
        .ok(ADMIN, &format!("GET /jobs/{}/history", field.job), Value::Null)
        .await;
    assert_eq!(
        entries.as_array().unwrap().len(),
        1,
        "a trial does not change what the job runs as"
    );

    let end = format!("DELETE {}", trial(&field, &version));
    app.calls(ADMIN, json!([[end, null, 204], [end, null, 404]])).await;
    assert_eq!(audited(app).await, json!({ "ended_shadow": version }));
    assert_eq!(job(&field).await.get("shadows"), None);
    assert_ne!(app.get(&path).await.header("etag"), begun.header("etag"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_version_on_trial_fits_the_job() {
    let field = Field::start().await;
    let app = &field.app;
    let pinned = job(&field).await["source_version_id"].clone();
    let site = json!({ "role": "site", "input_kind": "location" });
    let refused = async |version: &str, faults: &[&str]| {
        let answer = app
            .put(&format!("/api/v1{}", trial(&field, version)), &Value::Null)
            .await;
        answer.expect_problem(422, &vec!["source_version_id"; faults.len()]);
        for fault in faults {
            assert!(answer.text.contains(fault), "{fault}: {}", answer.text);
        }
    };
    refused(pinned.as_str().unwrap(), &["is the version that the job is pinned to"]).await;
    let needs_more = release(&field, "needs more", |new| {
        let temp = json!({ "role": "temp", "input_kind": "sensor", "metric": "celsius" });
        new["input_roles"] = json!([site, temp]);
    });
    refused(&needs_more.await, &["does not bind the required role temp"]).await;
    let kind = release(&field, "other kind", |new| {
        new["input_roles"] = json!([{ "role": "site", "input_kind": "sensor", "metric": "celsius" }]);
    });
    refused(&kind.await, &["/role_bindings/0/input_type must be sensor"]).await;
    let unit = release(&field, "other unit", |new| {
        new["output_roles"] = json!([{ "role": "risk", "metric": "mildew_risk", "unit": "%" }]);
    });
    refused(&unit.await, &["has no output in common"]).await;
    // Of another source, with everything else wrong too: all is reported at once.
    let mut other = setup(&field.home, "Other");
    other["source"] = json!({ "name": "other" });
    other["source_version"]["output_roles"] = json!([{ "role": "o", "metric": "other" }]);
    let other = app.ok(ADMIN, "POST /jobs/setup", other).await["source_version_id"].clone();
    let other = other.as_str().unwrap();
    let all = [
        "the job's source has no version",
        "has no output in common",
        "does not bind the required role temp",
    ];
    refused(other, &all).await;

    // Optional roles may be unbound, bound roles may be unknown, and one common output is enough.
    let fits = release(&field, "fits", |new| {
        let wind = json!({ "role": "wind", "input_kind": "sensor", "metric": "wind", "required": false });
        new["input_roles"] = json!([wind]);
        let more = json!({ "role": "more", "metric": "more" });
        new["output_roles"] = json!([more, { "role": "r", "metric": "mildew_risk", "unit": "points" }]);
    });
    begin(&field, &fits.await).await;
    for number in 2..=5 {
        begin(&field, &release(&field, &format!("1.{number}"), |_| ()).await).await;
    }
    assert_eq!(labels(&job(&field).await), ["fits", "1.2", "1.3", "1.4", "1.5"]);
    let last = release(&field, "1.6", |_| ()).await;
    refused(&last, &["a job has at most 5"]).await;
    app.calls(ADMIN, json!([[format!("DELETE {}", trial(&field, &last)), null, 404]]))
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn managers_of_the_organisation_decide_on_trials() {
    let field = Field::start().await;
    let app = &field.app;
    let version = release(&field, "1.1.0", |_| ()).await;
    let elsewhere = app.organisation("Elsewhere").await;
    let [worker, manager, foreign] = [
        app.token("worker", "worker", &field.home).await,
        app.token("manager", "manager", &field.home).await,
        app.token("foreign", "manager", &elsewhere).await,
    ];
    let unknown = "00000000-0000-0000-0000-000000000001";
    let mut theirs = job_at(&elsewhere, "", "Theirs");
    theirs["source"] = json!({ "name": "theirs", "organisation_id": elsewhere });
    theirs["source_version"]["input_roles"] = json!([]);
    theirs["role_bindings"] = json!([]);
    let theirs = app.ok(ADMIN, "POST /jobs/setup", theirs).await["source_version_id"].clone();
    let put = |version: &str| format!("PUT {}", trial(&field, version));
    let end = format!("DELETE {}", trial(&field, &version));
    app.calls(&worker, json!([[put(&version), null, 403], [end, null, 403]]))
        .await;
    app.calls(&foreign, json!([[put(&version), null, 404], [end, null, 404]]))
        .await;
    let calls = json!([
        [put(unknown), null, 404],
        [put(theirs.as_str().unwrap()), null, 404],
        [format!("PUT /jobs/{unknown}/shadows/{version}"), null, 404],
        [put(&version), null, 201],
        [end, null, 204],
    ]);
    app.calls(&manager, calls).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_worker_of_a_version_on_trial_gets_its_jobs() {
    let field = Field::start().await;
    let app = &field.app;
    let version = release(&field, "1.1.0", |new| {
        new["output_roles"] = json!([{ "role": "risk", "metric": "mildew_risk", "unit": "points" }]);
    });
    let version = version.await;
    let worker = app.token("worker", "worker", &field.home).await;
    let service = format!("/jobs/service/{version}");
    let list = async |query: &str| app.ok(&worker, &format!("GET {service}{query}"), Value::Null).await;
    assert_eq!(list("").await, json!([]));
    let begun = begin(&field, &version).await;
    let listed = list("").await;
    assert_eq!(listed[0]["track"], "shadow");
    let target = json!({ "role": "risk", "metric": "mildew_risk", "unit": "points", "required": true });
    assert_eq!(listed[0]["job_targets"], json!([target]));
    for same in ["id", "role_bindings", "source_version_id", "health", "shadows"] {
        assert_eq!(listed[0][same], begun[same], "{same}");
    }
    // The inputs are those of the job.
    let inputs = app
        .ok(&worker, &format!("GET /jobs/{}/inputs", field.job), Value::Null)
        .await;
    assert_eq!(inputs["inputs"][0]["role"], "site");

    // Jobs that are pinned to the version and jobs that have it on trial are in one list, in the order of their ids.
    let mut expected = vec![(field.job.clone(), json!("shadow"))];
    for number in 1..=6 {
        let mut body = job_at(&field.home, &field.there, &format!("Job {number}"));
        let is_pinned = number % 2 == 0;
        let id = if is_pinned {
            version.clone()
        } else {
            begun["source_version_id"].as_str().unwrap().to_owned()
        };
        body["source_version"] = json!({ "id": id });
        let made = app.ok(ADMIN, "POST /jobs/setup", body).await["id"]
            .as_str()
            .unwrap()
            .to_owned();
        if !is_pinned {
            app.ok(ADMIN, &format!("PUT /jobs/{made}/shadows/{version}"), Value::Null)
                .await;
        }
        expected.push((made, if is_pinned { Value::Null } else { json!("shadow") }));
    }
    expected.sort_by(|(one, _), (other, _)| one.cmp(other));
    let (mut found, mut next) = (Vec::new(), Some(format!("/api/v1{service}?limit=2")));
    while let Some(path) = next {
        let page = app.get(&path).await;
        for job in page.expect(200).as_array().unwrap() {
            found.push((job["id"].as_str().unwrap().to_owned(), job["track"].clone()));
        }
        next = page.header("link").split(['<', '>']).nth(1).map(str::to_owned);
    }
    assert_eq!(found, expected);
    // A paused job runs no version.
    app.ok(ADMIN, &format!("PUT /jobs/{}", field.job), json!({ "active": false }))
        .await;
    assert_eq!(list("").await.as_array().unwrap().len(), 6);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pinned_version_is_not_on_trial() {
    let field = Field::start().await;
    let app = &field.app;
    let (first, second) = (
        release(&field, "1.1.0", |_| ()).await,
        release(&field, "1.2.0", |_| ()).await,
    );
    begin(&field, &first).await;
    begin(&field, &second).await;
    let path = format!("PUT /jobs/{}", field.job);
    let pinned = app.ok(ADMIN, &path, json!({ "source_version_id": first })).await;
    assert_eq!(labels(&pinned), ["1.2.0"]);
    assert_eq!(
        audited(app).await,
        json!({ "source_version_id": first, "ended_shadow": first })
    );
    assert_eq!(pinned, job(&field).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn new_bindings_fill_every_version_of_the_job() {
    let field = Field::start().await;
    let app = &field.app;
    // The pinned version takes the site and, if it is there, a sensor. The one on trial needs both.
    let roles = |required: bool| {
        json!([
            { "role": "site", "input_kind": "location" },
            { "role": "temp", "input_kind": "sensor", "metric": "celsius", "unit": "°C", "required": required }
        ])
    };
    let pinned = release(&field, "2.0.0", |new| new["input_roles"] = roles(false)).await;
    let strict = release(&field, "2.1.0", |new| new["input_roles"] = roles(true)).await;
    let sensor = json!({ "organisation_id": field.home, "name": "s", "metric": "celsius", "unit": "°C" });
    let sensor = app.make("/api/v1/sensors", &sensor).await;
    let site = json!({ "role": "site", "input_type": "location", "input_id": field.there });
    let temp = json!({ "role": "temp", "input_type": "sensor", "input_id": sensor });
    let put = format!("PUT /jobs/{}", field.job);
    let both = json!({ "source_version_id": pinned, "role_bindings": [site, temp] });
    app.ok(ADMIN, &put, both).await;
    begin(&field, &strict).await;
    let alone = json!({ "role_bindings": [site] });
    let refused = app.put(&format!("/api/v1/jobs/{}", field.job), &alone).await;
    refused.expect_problem(422, &["#/role_bindings"]);
    assert!(
        refused.text.contains("2.1.0") && refused.text.contains(&strict),
        "{}",
        refused.text
    );
    // With the change the strict one is pinned: then it is the job's contract.
    let pin = json!({ "source_version_id": strict, "role_bindings": [site] });
    app.calls(ADMIN, json!([[put, pin, 422, "#/role_bindings"]])).await;
    // The unit of the sensor is that of the version on trial too.
    let unit = format!("PUT /sensors/{sensor}");
    app.calls(ADMIN, json!([[unit, { "unit": "K" }, 409, "#/unit"]])).await;
    app.ok(ADMIN, &format!("DELETE {}", trial(&field, &strict)), Value::Null)
        .await;
    app.ok(ADMIN, &put, alone.clone()).await;

    // A role that only a version on trial has may be bound while it is on trial.
    let wind = release(&field, "2.2.0", |new| {
        let wind = json!({ "role": "wind", "input_kind": "sensor", "metric": "celsius", "required": false });
        new["input_roles"] = json!([roles(false)[0], wind]);
    });
    let wind = wind.await;
    let more = json!({ "role": "wind", "input_type": "sensor", "input_id": sensor });
    let more = json!({ "role_bindings": [site, more] });
    app.calls(ADMIN, json!([[put, more, 422, "#/role_bindings/1/role"]]))
        .await;
    begin(&field, &wind).await;
    app.ok(ADMIN, &put, more).await;
    let roles = async |query: &str| {
        let inputs = app
            .ok(ADMIN, &format!("GET /jobs/{}/inputs?{query}", field.job), Value::Null)
            .await;
        let inputs = inputs["inputs"].as_array().unwrap().iter();
        inputs.map(|input| input["role"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(roles("").await, ["site"], "the version of the job has no role wind");
    // The worker of the version on trial asks for the inputs of its own version, also as of the past.
    let own = format!("source_version_id={wind}");
    assert_eq!(roles(&own).await, ["site", "wind"]);
    let past = format!("{own}&as_of={}", app.now());
    assert_eq!(roles(&past).await, ["site", "wind"]);
    let post = json!({ "job_id": field.job, "source_version_id": wind, "predictions": [risk(5, 1.0)] });
    app.ok(ADMIN, "POST /predictions", post).await;
    let lineage = format!(
        "GET /predictions/lineage?metric=mildew_risk&track=shadow&job_id={}&valid_time={}",
        field.job,
        at(5)
    );
    let found = app.ok(ADMIN, &lineage, Value::Null).await;
    let (_, query) = found["inputs"].as_str().unwrap().split_once('?').unwrap();
    assert_eq!(roles(query).await, ["site", "wind"]);
    let other = json!({ "name": "another source" });
    let other = app.make("/api/v1/sources", &other).await;
    let stranger = json!({ "source_id": other, "version": "1", "input_roles": [],
        "output_roles": [{ "role": "risk", "metric": "mildew_risk" }] });
    let stranger = app.make("/api/v1/source_versions", &stranger).await;
    for stranger in [stranger, uuid::Uuid::nil().to_string()] {
        let asked = format!("GET /jobs/{}/inputs?source_version_id={stranger}", field.job);
        app.calls(ADMIN, json!([[asked, null, 400, "source_version_id"]])).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_version_on_trial_is_not_deleted_and_a_deleted_job_has_no_trials() {
    let field = Field::start().await;
    let app = &field.app;
    let version = release(&field, "1.1.0", |_| ()).await;
    begin(&field, &version).await;
    let delete = format!("DELETE /source_versions/{version}");
    let refused = app.calls(ADMIN, json!([[delete, null, 409]])).await;
    assert_eq!(refused["existing_id"], field.job);
    app.ok(ADMIN, &format!("DELETE /jobs/{}", field.job), Value::Null).await;
    app.calls(ADMIN, json!([[delete, null, 204]])).await;
    let left: i64 = app
        .database()
        .query_row("SELECT count(*) FROM job_shadows", [], |row| row.get(0))
        .unwrap();
    assert_eq!(left, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_trial_that_posts_nothing_is_late_and_the_job_is_not() {
    let field = Field::start().await;
    let app = &field.app;
    field.change_source(json!({ "grace_minutes": 5 })).await;
    app.advance_minutes(30);
    begin(&field, &release(&field, "1.1.0", |_| ()).await).await;
    let late = async || {
        let (one, list) = (job(&field).await, app.ok(ADMIN, "GET /jobs", Value::Null).await);
        assert_eq!(list[0], one);
        (one["shadows"][0]["late"] == json!(true), one["health"]["state"].clone())
    };
    app.advance_minutes(65);
    assert_eq!(late().await, (false, json!("new")));
    app.advance_minutes(1);
    assert_eq!(late().await, (true, json!("new")));
    // A paused job is not late, and a resumed one has a whole interval.
    let put = format!("PUT /jobs/{}", field.job);
    app.ok(ADMIN, &put, json!({ "active": false })).await;
    assert_eq!(late().await, (false, json!("paused")));
    app.advance_minutes(10);
    app.ok(ADMIN, &put, json!({ "active": true })).await;
    assert_eq!(late().await, (false, json!("new")));
    app.advance_minutes(66);
    assert_eq!(late().await, (true, json!("new")));
    field.change_source(json!({ "expected_interval_minutes": null })).await;
    assert_eq!(late().await, (false, json!("unmonitored")));
}
