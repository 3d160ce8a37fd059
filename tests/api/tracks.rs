//! Tracks: the predictions of a version on trial are returned only to those who ask for them.

use serde_json::{Value, json};

use crate::{
    app::{ADMIN, TestApp},
    field::{Field, WINDOW, at, issued, job_at, place, risk},
    shadows::audited,
};

/// Publishes another version of the field's source, with the contract of its job, and returns its id.
pub async fn publish(field: &Field, label: &str) -> String {
    let contract = job_at(&field.home, &field.there, "x")["source_version"].clone();
    let body = json!({ "source_id": field.source, "version": label,
        "input_roles": contract["input_roles"], "output_roles": contract["output_roles"] });
    field.app.make("/api/v1/source_versions", &body).await
}

/// Puts a version on trial for the field's job.
pub async fn shadow(field: &Field, version: &str) {
    let path = format!("PUT /jobs/{}/shadows/{version}", field.job);
    field.app.ok(ADMIN, &path, Value::Null).await;
}

/// A point of the field's source without a job, of a version if one is named.
fn direct(field: &Field, version: Option<&str>, hour: u32, value: f64) -> Value {
    let mut point = json!({ "source": field.source, "metric": "mildew_risk", "location_id": field.there,
        "issue_time": at(1), "valid_time": at(hour), "value": value });
    if let Some(version) = version {
        point["source_version"] = json!(version);
    }
    point
}

async fn post_direct(field: &Field, point: &Value) -> Value {
    field.app.ok(ADMIN, "POST /predictions", json!([point])).await
}

/// Returns the value, version and track of each row for the location.
async fn rows(field: &Field, query: &str) -> Vec<(f64, String, Option<String>)> {
    let rows = field.rows(&format!("metric=mildew_risk&{WINDOW}&{query}")).await;
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let of = |row: &Value| {
        (
            row["value"].as_f64().unwrap(),
            text(&row["source_version"]).unwrap(),
            text(&row["track"]),
        )
    };
    rows.iter().map(of).collect()
}

fn row(value: f64, version: &str, track: Option<&str>) -> (f64, String, Option<String>) {
    (value, version.to_owned(), track.map(str::to_owned))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_direct_post_of_a_version_that_no_job_uses_is_on_trial() {
    let field = Field::start().await;
    field.post(issued(0), &[risk(5, 70.0)]).await;
    field.app.advance_minutes(1);
    let trial = publish(&field, "1.1.0-trial").await;
    // Without a version it is the version that a job uses, although a newer one was published.
    post_direct(&field, &direct(&field, None, 6, 60.0)).await;
    post_direct(&field, &direct(&field, Some("1.1.0-trial"), 5, 0.0)).await;
    post_direct(&field, &direct(&field, Some(&trial), 6, 1.0)).await;
    let main = [row(70.0, "1.0.0", None), row(60.0, "1.0.0", None)];
    let shadow = [0.0, 1.0].map(|value| row(value, "1.1.0-trial", Some("shadow")));
    assert_eq!(rows(&field, "").await, main);
    assert_eq!(rows(&field, "track=main").await, main);
    assert_eq!(rows(&field, "track=shadow").await, shadow);
    assert_eq!(rows(&field, "track=all").await, [main.as_slice(), &shadow].concat());
    // A main track by name would be against the rule; a trial of a version that a job uses is not.
    let mut point = direct(&field, Some("1.1.0-trial"), 7, 2.0);
    point["track"] = json!("main");
    let refused = field.app.post("/api/v1/predictions", &json!([point])).await;
    refused.expect_problem(422, &["#/0/track"]);
    let mut point = direct(&field, Some("1.0.0"), 7, 3.0);
    point["track"] = json!("shadow");
    post_direct(&field, &point).await;
    assert_eq!(rows(&field, "").await, main);
    assert_eq!(
        rows(&field, "track=shadow&source_version=1.0.0").await,
        [row(3.0, "1.0.0", Some("shadow"))]
    );
    // The source may say otherwise, and take it back.
    field.change_source(json!({ "direct_track": "main" })).await;
    post_direct(&field, &direct(&field, Some("1.1.0-trial"), 8, 4.0)).await;
    assert_eq!(rows(&field, "").await.last(), Some(&row(4.0, "1.1.0-trial", None)));
    field.change_source(json!({ "direct_track": "shadow" })).await;
    let mut point = direct(&field, Some("1.0.0"), 9, 5.0);
    point["issue_time"] = json!(at(2));
    post_direct(&field, &point).await;
    assert_eq!(rows(&field, "").await.len(), 3);
    // A job uses the version: it is the source that says otherwise.
    point["issue_time"] = json!(at(3));
    point["track"] = json!("main");
    let refused = field.app.post("/api/v1/predictions", &json!([point])).await;
    refused.expect_problem(422, &["#/0/track"]);
    assert!(refused.text.contains("direct_track is shadow"), "{}", refused.text);
    field.change_source(json!({ "direct_track": null })).await;
    post_direct(&field, &point).await;
    assert_eq!(rows(&field, "").await.len(), 4);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_jobs_all_direct_posts_are_the_models() {
    let app = TestApp::start().await;
    let field = Field::on(app).await;
    // A shared source that another organisation does not use, but the field's does.
    let elsewhere = field.app.organisation("Elsewhere").await;
    let there = place(&field.app, &elsewhere, "far").await;
    publish(&field, "2.0.0").await;
    let shared = json!({ "name": "shared" });
    let shared = field.app.make("/api/v1/sources", &shared).await;
    let contract = job_at(&field.home, &field.there, "x")["source_version"].clone();
    for version in ["1", "2"] {
        field.app.advance_minutes(1);
        let body = json!({ "source_id": shared, "version": version, "input_roles": [],
            "output_roles": contract["output_roles"] });
        field.app.make("/api/v1/source_versions", &body).await;
    }
    let mut job = job_at(&field.home, &field.there, "Shared");
    job["source"] = json!({ "id": shared });
    job["source_version"] = json!({ "version": "1" });
    job["role_bindings"] = json!([]);
    job["job"]["location_id"] = json!(field.there);
    field.app.ok(ADMIN, "POST /jobs/setup", job).await;
    let post = async |location: &str, version: Option<&str>, value: f64| {
        let mut point = direct(&field, version, 5, value);
        point["source"] = json!(shared);
        point["location_id"] = json!(location);
        post_direct(&field, &point).await;
    };
    let read = async |location: &str| {
        let path = format!("GET /predictions?location_id={location}&metric=mildew_risk&{WINDOW}");
        let rows = field.app.ok(ADMIN, &path, Value::Null).await;
        let rows = rows.as_array().unwrap().iter();
        rows.map(|row| (row["value"].as_f64().unwrap(), row["source_version"].clone()))
            .collect::<Vec<_>>()
    };
    post(&there, None, 1.0).await;
    assert_eq!(read(&there).await, [(1.0, json!("2"))]);
    field.app.advance_minutes(1);
    post(&there, Some("1"), 2.0).await;
    assert_eq!(read(&there).await, [(2.0, json!("1"))]);
    // In the organisation whose job uses version 1, that is the default, and version 2 is on trial.
    post(&field.there, None, 3.0).await;
    post(&field.there, Some("2"), 4.0).await;
    assert_eq!(read(&field.there).await, [(3.0, json!("1"))]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_direct_post_that_corrects_an_issue_stays_on_the_track_of_the_issue() {
    let field = Field::start().await;
    field.app.advance_minutes(1);
    publish(&field, "2").await;
    field.change_source(json!({ "direct_track": "main" })).await;
    post_direct(&field, &direct(&field, Some("2"), 5, 1.0)).await;
    field.change_source(json!({ "direct_track": null })).await;
    // The version is on trial now. Its issue is corrected and withdrawn where it was posted; a new one is apart.
    let counts = post_direct(&field, &direct(&field, Some("2"), 5, 2.0)).await;
    assert_eq!((&counts["revised"], &counts["stored"]), (&json!(1), &json!(0)));
    let mut named = direct(&field, Some("2"), 5, 3.0);
    named["track"] = json!("main");
    assert_eq!(post_direct(&field, &named).await["revised"], 1);
    let mut new = direct(&field, Some("2"), 5, 4.0);
    new["issue_time"] = json!(at(2));
    post_direct(&field, &new).await;
    assert_eq!(rows(&field, "").await, [row(3.0, "2", None)]);
    assert_eq!(rows(&field, "track=shadow").await, [row(4.0, "2", Some("shadow"))]);
    named["value"] = json!(null);
    assert_eq!(post_direct(&field, &named).await["withdrawn"], 1);
    assert_eq!(rows(&field, "").await, []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_trial_changes_nothing_for_readers_who_do_not_ask_for_it() {
    let field = Field::start().await;
    // A model downstream is bound to the source, at the same location.
    let mut body = job_at(&field.home, &field.there, "Downstream");
    body["source"] = json!({ "name": "downstream" });
    let upstream = json!({ "role": "upstream", "input_kind": "source", "metric": "mildew_risk" });
    body["source_version"]["input_roles"]
        .as_array_mut()
        .unwrap()
        .push(upstream);
    let bound = json!({ "role": "upstream", "input_type": "source", "input_id": field.source });
    body["role_bindings"].as_array_mut().unwrap().push(bound);
    let downstream = field.app.ok(ADMIN, "POST /jobs/setup", body).await["id"]
        .as_str()
        .unwrap()
        .to_owned();
    field.post(issued(0), &[risk(5, 70.0)]).await;
    field.app.advance_minutes(1);

    let reads = [
        format!(
            "/api/v1/predictions?metric=mildew_risk&location_id={}&{WINDOW}",
            field.there
        ),
        format!(
            "/api/v1/predictions?metric=all&job_id={}&{WINDOW}&issues=all",
            field.job
        ),
        format!(
            "/api/v1/predictions?metric=all&job_id={}&{WINDOW}&shape=series",
            field.job
        ),
        format!(
            "/api/v1/predictions?metric=all&job_id={}&{WINDOW}&format=csv",
            field.job
        ),
        format!(
            "/api/v1/predictions/latest?metric=all&location_id={}&at={}",
            field.there,
            at(5)
        ),
        format!("/api/v1/predictions/latest?job_id={}&at={}", field.job, at(5)),
        format!("/api/v1/jobs/{downstream}/inputs?{WINDOW}&as_of={}", at(12)),
        format!("/api/v1/jobs/{}/runs", field.job),
    ];
    let answers = async |track: &str| {
        let mut found = Vec::new();
        for read in &reads {
            let mut text = field.app.get(&format!("{read}{track}")).await.text;
            // The age grows with the clock.
            if let Ok(Value::Array(mut rows)) = serde_json::from_str(&text) {
                rows.iter_mut()
                    .for_each(|row| drop(row.as_object_mut().unwrap().remove("age_seconds")));
                text = json!(rows).to_string();
            }
            found.push(text);
        }
        found
    };
    let before = answers("").await;
    let health = field.health().await;
    let trial = publish(&field, "1.1.0-trial").await;
    shadow(&field, &trial).await;
    let posted = field
        .post(
            json!({ "issue_time": at(1), "source_version_id": trial }),
            &[risk(5, 0.0)],
        )
        .await;
    assert_eq!(posted, [1, 0, 0]);
    field.app.advance_minutes(1);
    assert_eq!(answers("").await, before);
    assert_eq!(field.health().await, health);

    // Who asks gets it, and each row says so.
    let both = rows(&field, "track=all").await;
    assert_eq!(
        both,
        [row(70.0, "1.0.0", None), row(0.0, "1.1.0-trial", Some("shadow"))]
    );
    for (read, path) in answers("&track=shadow").await.iter().zip(&reads).take(7) {
        assert!(
            read.contains("shadow") && read.contains("1.1.0-trial") && !read.contains("1.0.0"),
            "{path} {read}"
        );
    }
    let csv = field.app.get(&format!("{}&track=all", reads[3])).await.text;
    let lines: Vec<_> = csv.lines().map(|line| line.rsplit(',').next().unwrap()).collect();
    assert_eq!(lines, ["track", "main", "shadow"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_versions_on_trial_are_groups_of_their_own() {
    let field = Field::start().await;
    let one = publish(&field, "2").await;
    field.app.advance_minutes(1);
    let two = publish(&field, "3").await;
    for (version, value) in [(&one, 1.0), (&two, 2.0)] {
        shadow(&field, version).await;
        let issue = json!({ "issue_time": at(0), "source_version_id": version });
        field.post(issue, &[risk(5, value), risk(6, value)]).await;
    }
    let found: Vec<_> = rows(&field, "track=shadow").await.iter().map(|row| row.0).collect();
    assert_eq!(found, [1.0, 1.0, 2.0, 2.0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_post_names_the_jobs_version_or_one_of_its_shadows() {
    let field = Field::start().await;
    let (trial, other) = (publish(&field, "2").await, publish(&field, "3").await);
    let pinned = field
        .app
        .ok(ADMIN, &format!("GET /jobs/{}", field.job), Value::Null)
        .await["source_version_id"]
        .clone();
    shadow(&field, &trial).await;
    for (version, hour) in [(json!(null), 1), (pinned.clone(), 2)] {
        field
            .post(
                json!({ "issue_time": at(0), "source_version_id": version }),
                &[risk(hour, 1.0)],
            )
            .await;
    }
    assert_eq!(rows(&field, "").await.len(), 2);
    let refused = field
        .try_post(json!({ "source_version_id": other }), &[risk(1, 1.0)])
        .await;
    refused.expect_problem(422, &["#/source_version_id"]);
    // CSV names it in a column, the same in all rows.
    let csv = async |text: String| {
        let request = field
            .app
            .request(reqwest::Method::POST, "/api/v1/predictions")
            .bearer_auth(ADMIN);
        field
            .app
            .send(request.header("content-type", "text/csv").body(text))
            .await
    };
    let head = "job_id,source_version_id,role,valid_time,value";
    let line = |version: &str, hour| format!("{},{version},risk,{},7\n", field.job, at(hour));
    let good = csv(format!("{head}\n{}{}", line(&trial, 3), line(&trial, 4))).await;
    assert_eq!(good.expect(200)["stored"], 2);
    assert_eq!(
        rows(&field, "track=shadow").await,
        [row(7.0, "2", Some("shadow")), row(7.0, "2", Some("shadow"))]
    );
    assert_eq!(
        csv(format!("{head}\n{}{}", line(&trial, 3), line("", 4))).await.status,
        422
    );
    let unknown = csv(format!("{head}\n{}", line(&other, 3))).await;
    assert_eq!(unknown.status, 422, "{}", unknown.text);
    assert!(unknown.text.contains("source_version_id"), "{}", unknown.text);

    // What was read from the track of a trial does not become the model's, in either form.
    let path = format!("GET /predictions?metric=all&job_id={}&{WINDOW}&track=shadow", field.job);
    let series = field.app.ok(ADMIN, &format!("{path}&shape=series"), Value::Null).await;
    let body = json!({ "job_id": field.job, "series": series });
    let refused = field.app.post("/api/v1/predictions", &body).await;
    refused.expect_problem(422, &["#/series/0/track"]);
    let body = json!({ "job_id": field.job, "source_version_id": trial, "series": series });
    assert_eq!(field.app.ok(ADMIN, "POST /predictions", body).await["unchanged"], 2);
    let text = field
        .app
        .get(&format!("{}&format=csv", path.replace("GET ", "/api/v1")))
        .await
        .text;
    let refused = csv(text).await;
    assert_eq!(refused.status, 422);
    assert!(refused.text.contains("track"), "{}", refused.text);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_withdrawal_is_for_one_track() {
    let field = Field::start().await;
    let trial = publish(&field, "2").await;
    shadow(&field, &trial).await;
    field.post(issued(0), &[risk(5, 1.0)]).await;
    field
        .post(
            json!({ "issue_time": at(0), "source_version_id": trial }),
            &[risk(5, 2.0)],
        )
        .await;
    let path = format!("/api/v1/predictions?job_id={}&issue_time={}", field.job, at(0));
    let withdraw =
        async |track: &str| field.app.delete(&format!("{path}{track}")).await.expect(200)["withdrawn"].clone();
    assert_eq!(withdraw("").await, 1);
    assert_eq!(rows(&field, "track=all").await, [row(2.0, "2", Some("shadow"))]);
    assert_eq!(audited(&field.app).await.get("track"), None);
    assert_eq!(withdraw("&track=shadow").await, 1);
    assert_eq!(audited(&field.app).await["track"], "shadow");
    assert_eq!(rows(&field, "track=all").await, []);
    field
        .post(
            json!({ "issue_time": at(0), "source_version_id": trial }),
            &[risk(5, 3.0)],
        )
        .await;
    field.post(issued(0), &[risk(5, 4.0)]).await;
    assert_eq!(withdraw("&track=all").await, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_location_of_inputs_is_that_of_the_bindings_of_then() {
    let field = Field::start().await;
    let (app, home) = (&field.app, &field.home);
    let elsewhere = place(app, home, "Elsewhere").await;
    let mut sensors = Vec::new();
    for location in [&field.there, &elsewhere] {
        let body = json!({ "organisation_id": home, "name": format!("at {location}"), "metric": "celsius",
            "location_id": location });
        sensors.push(app.make("/api/v1/sensors", &body).await);
    }
    let binding = |sensor: &str| {
        json!([
            { "role": "temp", "input_type": "sensor", "input_id": sensor },
            { "role": "upstream", "input_type": "source", "input_id": field.source },
        ])
    };
    let mut body = job_at(home, &field.there, "Downstream");
    body["source"] = json!({ "name": "downstream" });
    body["source_version"]["input_roles"] = json!([
        { "role": "temp", "input_kind": "sensor", "metric": "celsius" },
        { "role": "upstream", "input_kind": "source", "metric": "mildew_risk" },
    ]);
    body["role_bindings"] = binding(&sensors[0]);
    let downstream = app.ok(ADMIN, "POST /jobs/setup", body).await["id"]
        .as_str()
        .unwrap()
        .to_owned();
    field.post(issued(0), &[risk(5, 70.0)]).await;
    app.advance_minutes(1);
    let read = async |more: &str| {
        app.ok(
            ADMIN,
            &format!("GET /jobs/{downstream}/inputs?{WINDOW}{more}"),
            Value::Null,
        )
        .await
    };
    let before = read("").await;
    assert_eq!(before["inputs"][1]["predictions"][0]["values"], json!([70.0]));
    let change = json!({ "role_bindings": binding(&sensors[1]) });
    app.ok(ADMIN, &format!("PUT /jobs/{downstream}"), change).await;
    assert_eq!(read("").await["inputs"][1]["predictions"], json!([]));
    let then = format!("&as_of={}", before["as_of"].as_str().unwrap());
    assert_eq!(read(&then).await, before);

    // The location follows a bound sensor, and stays as it was for then, even if the sensor is deleted.
    let path = format!("PUT /sensors/{}", sensors[1]);
    app.ok(ADMIN, &path, json!({ "location_id": field.there })).await;
    let moved = read("").await;
    assert_eq!(moved["inputs"][1]["predictions"][0]["values"], json!([70.0]));
    app.ok(ADMIN, &path, json!({ "location_id": null })).await;
    let moved_then = format!("&as_of={}", moved["as_of"].as_str().unwrap());
    let path = format!("PUT /sensors/{}", sensors[0]);
    app.ok(ADMIN, &path, json!({ "location_id": elsewhere })).await;
    let predictions = |inputs: &Value| inputs["inputs"][1]["predictions"].clone();
    assert_eq!(predictions(&read(&then).await), predictions(&before));
    assert_eq!(predictions(&read(&moved_then).await), predictions(&moved));
    app.delete(&format!("/api/v1/sensors/{}", sensors[0])).await.expect(204);
    assert_eq!(predictions(&read(&then).await), predictions(&before));
    let history = app
        .ok(ADMIN, &format!("GET /jobs/{downstream}/history"), Value::Null)
        .await;
    let entries = history.as_array().unwrap().iter();
    let locations: Vec<_> = entries.map(|entry| entry["location_id"].clone()).collect();
    assert_eq!(
        locations,
        [json!(null), json!(field.there), json!(elsewhere), json!(field.there)]
    );
}
