//! The lineage of a value: what its worker posted about the run, the job and the inputs as they stood, its revisions.

use serde_json::{Value, json};

use crate::{
    app::{ADMIN, Answer, TestApp, setup},
    command_line::{self, text},
    field::{Field, at, issued, job_at, place, risk},
    storage,
};
use prediction_api::store::engine::Connection;

impl Field {
    /// Returns the response to a request for the lineage of the job's risk at an hour.
    async fn try_lineage(&self, hour: u32, more: &str) -> Answer {
        let (job, time) = (&self.job, at(hour));
        let path = format!("/api/v1/predictions/lineage?metric=mildew_risk&job_id={job}&valid_time={time}{more}");
        self.app.get(&path).await
    }

    async fn lineage(&self, hour: u32, more: &str) -> Value {
        self.try_lineage(hour, more).await.expect(200)
    }

    /// Returns the number of rows that contain what workers posted about runs.
    fn posts(&self) -> i64 {
        count(&self.app.database())
    }
}

fn count(database: &Connection) -> i64 {
    database
        .query_row("SELECT count(*) FROM posts", [], |row| row.get(0))
        .unwrap()
}

/// Returns an issue with an account of its run.
fn run(hour: u32, run: &Value) -> Value {
    json!({ "issue_time": at(hour), "run": run })
}

fn account() -> Value {
    json!({
        "id": "nightly", "inputs_as_of": "2023-10-26T23:00:00Z", "inputs_from": "2023-10-20T00:00:00Z",
        "inputs_to": "2023-10-27T00:00:00Z", "code": "4f0c1d2",
        "parameters": { "trees": 200, "season": "autumn", "fast": false, "seed": null, "rate": 0.5 }
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_value_is_returned_with_its_run_as_posted_and_the_job_as_it_stood() {
    let field = Field::start().await;
    let job = field
        .app
        .ok(ADMIN, &format!("GET /jobs/{}", field.job), Value::Null)
        .await;
    let token = field.app.token("night worker", "worker", &field.home).await;
    let mut body = json!({ "job_id": field.job, "predictions": [risk(5, 1.0), risk(6, 2.0)] });
    body["issue_time"] = json!(at(0));
    body["run"] = account();
    field.app.ok(&token, "POST /predictions", body.clone()).await;

    let found = field.lineage(5, "").await;
    let path = format!(
        "GET /predictions?metric=mildew_risk&job_id={}&from={}&to={}",
        field.job,
        at(5),
        at(6)
    );
    let rows = field.app.ok(ADMIN, &path, Value::Null).await;
    for (name, value) in rows[0].as_object().unwrap() {
        assert_eq!(&found[name], value, "{name}");
    }
    let mut stored = account();
    stored["token_name"] = json!("night worker");
    assert_eq!(found["run"], stored);
    assert_eq!(
        [&found["source_id"], &found["source_version_id"]],
        [&job["source_id"], &job["source_version_id"]]
    );
    let history = field
        .app
        .ok(ADMIN, &format!("GET /jobs/{}/history", field.job), Value::Null)
        .await;
    assert_eq!(found["job_as_it_stood"], history[0]);
    let inputs = format!(
        "/api/v1/jobs/{}/inputs?as_of=2023-10-26T23:00:00Z&from=2023-10-20T00:00:00Z&to=2023-10-27T00:00:00Z",
        field.job
    );
    assert_eq!(
        [&found["inputs"], &found["inputs_as_of_given"]],
        [&json!(inputs), &json!(true)]
    );
    let revisions = json!([{ "revision": 1, "available_at": found["available_at"], "value": 1.0 }]);
    assert_eq!(
        [&found["revision"], &found["revisions"], &found["later_issues"]],
        [&json!(1), &revisions, &json!(0)]
    );
    assert_eq!(found.get("track"), None);

    // A repetition stores nothing, and so no second account.
    field.app.ok(&token, "POST /predictions", body).await;
    assert_eq!(field.posts(), 1);
    // The other value of the post has the same account.
    assert_eq!(field.lineage(6, "").await["run"], found["run"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_of_which_nothing_was_posted_has_the_inputs_of_its_arrival() {
    let field = Field::start().await;
    field.post(issued(0), &[risk(5, 1.0)]).await;
    let found = field.lineage(5, "").await;
    assert_eq!(found.get("run"), None);
    assert_eq!(found["inputs_as_of_given"], false);
    let arrived = found["available_at"].as_str().unwrap();
    let path = found["inputs"].as_str().unwrap();
    assert!(path.contains(&format!("?as_of={arrived}&from=2023-10-26T")), "{path}");
    let inputs = field.app.get(path).await.expect(200);
    assert_eq!(
        [&inputs["as_of"], &inputs["job_id"]],
        [&json!(arrived), &json!(field.job)]
    );
    assert_eq!(field.posts(), 0);

    // A time after the arrival cannot be that of the inputs, and a bound alone may be beyond the default of the other.
    let later = json!({ "inputs_as_of": "2030-01-01T00:00:00Z", "inputs_from": "2031-01-01T00:00:00Z" });
    field.post(run(1, &later), &[risk(5, 1.0)]).await;
    let found = field.lineage(5, "").await;
    assert_eq!(
        [&found["run"]["inputs_as_of"], &found["inputs_as_of_given"]],
        [&later["inputs_as_of"], &json!(false)]
    );
    let inputs = field.app.get(found["inputs"].as_str().unwrap()).await.expect(200);
    assert_eq!(
        [&inputs["as_of"], &inputs["from"]],
        [&found["available_at"], &later["inputs_from"]]
    );
    // An account may be empty: the name of the token is stored.
    field.post(run(2, &json!({})), &[risk(5, 1.0)]).await;
    assert_eq!(field.lineage(5, "").await["run"].as_object().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn revisions_issues_and_withdrawals_are_those_of_the_value() {
    let field = Field::start().await;
    let named = |hour, id: &str| run(hour, &json!({ "id": id }));
    field.post(named(0, "first"), &[risk(5, 1.0), risk(6, 1.0)]).await;
    field.app.advance_minutes(10);
    field.post(named(0, "other hour"), &[risk(6, 2.0)]).await;
    field.app.advance_minutes(10);
    field.post(named(0, "correction"), &[risk(5, 3.0), risk(6, 2.0)]).await;
    let found = field.lineage(5, "").await;
    let revisions = found["revisions"].as_array().unwrap();
    let told: Vec<_> = revisions
        .iter()
        .map(|each| json!([each["revision"], each["value"]]))
        .collect();
    assert_eq!(told, [json!([1, 1.0]), json!([3, 3.0])]);
    assert_eq!(
        [&found["value"], &found["revision"], &found["run"]["id"]],
        [&json!(3.0), &json!(3), &json!("correction")]
    );
    assert_eq!(found["available_at"], revisions[1]["available_at"]);
    // As of a time before the correction, the correction is not known.
    let before = field.lineage(5, "&as_of=2023-10-27T00:15:00Z").await;
    assert_eq!([&before["value"], &before["run"]["id"]], [&json!(1.0), &json!("first")]);
    assert_eq!(before["revisions"].as_array().unwrap().len(), 1);
    let before = "&as_of=2023-10-26T00:00:00Z";
    assert_eq!(field.try_lineage(5, before).await.status, 404);

    field.app.advance_minutes(10);
    field.post(named(1, "later"), &[risk(5, 4.0), risk(7, 4.0)]).await;
    field.post(named(2, "elsewhere"), &[risk(7, 4.0)]).await;
    field.post(named(3, "last"), &[risk(5, 5.0)]).await;
    let ids = async |more: &str| {
        let found = field.lineage(5, more).await;
        json!([found["run"]["id"], found["later_issues"]])
    };
    assert_eq!(ids("").await, json!(["last", 0]));
    assert_eq!(ids(&format!("&issue_time={}", at(0))).await, json!(["correction", 2]));
    assert_eq!(ids(&format!("&issue_time={}", at(1))).await, json!(["later", 1]));
    let then = format!("&issue_time={}&as_of=2023-10-27T00:25:00Z", at(0));
    assert_eq!(ids(&then).await, json!(["correction", 0]));
    assert_eq!(
        field.try_lineage(5, &format!("&issue_time={}", at(2))).await.status,
        404
    );

    // A withdrawn value does not exist, except as of a time before; the previous issue takes its place.
    field.app.advance_minutes(10);
    let known = field.app.now();
    field.app.advance_minutes(1);
    let withdrawal = json!({ "role": "risk", "valid_time": at(5), "value": null });
    field.try_post(named(3, "withdrawal"), &[withdrawal]).await.expect(200);
    assert_eq!(ids("").await, json!(["later", 0]));
    assert_eq!(ids(&format!("&as_of={known}")).await, json!(["last", 0]));
    assert_eq!(ids(&format!("&issue_time={}", at(0))).await, json!(["correction", 1]));
    let last = format!("&issue_time={}", at(3));
    field.try_lineage(5, &last).await.expect_problem(404, &[]);
    assert_eq!(field.lineage(5, &format!("{last}&as_of={known}")).await["value"], 5.0);
    // A value that is posted again follows its withdrawal.
    field.post(named(3, "again"), &[risk(5, 6.0)]).await;
    let found = field.lineage(5, "").await;
    let values: Vec<_> = found["revisions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|each| each["value"].clone())
        .collect();
    assert_eq!(values, [json!(5.0), Value::Null, json!(6.0)]);
    let nothing = field.try_lineage(20, "").await;
    nothing.expect_problem(404, &[]);
    assert!(
        nothing
            .text
            .contains("there is no prediction of mildew_risk at 2023-10-27T20:00:00Z"),
        "{}",
        nothing.text
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_bindings_are_those_of_the_time_of_the_inputs() {
    let app = TestApp::start().await;
    let home = app.organisation("home").await;
    let sensor = async |name: &str| {
        let body = json!({ "organisation_id": home, "name": name, "metric": "celsius", "unit": "°C" });
        app.make("/api/v1/sensors", &body).await
    };
    let (first, second) = (sensor("first").await, sensor("second").await);
    let mut body = setup(&home, "Mildew");
    body["role_bindings"][0]["input_id"] = json!(first);
    let job = app.ok(ADMIN, "POST /jobs/setup", body).await["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let reading = |sensor: &str, value: f64| json!({ "sensor_id": sensor, "time": at(0), "value": value });
    app.ok(
        ADMIN,
        "POST /readings",
        json!([reading(&first, 21.7), reading(&second, 23.9)]),
    )
    .await;
    let inputs = app.ok(ADMIN, &format!("GET /jobs/{job}/inputs"), Value::Null).await;
    app.advance_minutes(1);
    // The binding and the reading change while the model computes.
    let rebound = json!([{ "role": "temp", "input_type": "sensor", "input_id": second }]);
    app.ok(ADMIN, &format!("PUT /jobs/{job}"), json!({ "role_bindings": rebound }))
        .await;
    app.ok(ADMIN, "POST /readings", json!([reading(&first, 0.0)])).await;
    app.advance_minutes(1);
    let about = json!({ "inputs_as_of": inputs["as_of"], "inputs_from": inputs["from"], "inputs_to": inputs["to"] });
    let post = json!({ "job_id": job, "predictions": [risk(5, 1.0)], "run": about });
    app.ok(ADMIN, "POST /predictions", post).await;
    let path = format!(
        "/api/v1/predictions/lineage?metric=mildew_risk&job_id={job}&valid_time={}",
        at(5)
    );
    let found = app.get(&path).await.expect(200);
    assert_eq!(found["job_as_it_stood"]["role_bindings"][0]["input_id"], json!(first));
    let again = app.get(found["inputs"].as_str().unwrap()).await.expect(200);
    assert_eq!(again, inputs);
    assert_eq!(again["inputs"][0]["readings"]["values"], json!([21.7]));

    // The version that made it is deleted: a link to its inputs would lead nowhere.
    let old = found["source_version_id"].as_str().unwrap();
    let contract = setup(&home, "x")["source_version"].clone();
    let new = json!({ "source_id": found["source_id"], "version": "2",
        "input_roles": contract["input_roles"], "output_roles": contract["output_roles"] });
    let version = app.make("/api/v1/source_versions", &new).await;
    let pin = json!({ "source_version_id": version });
    app.ok(ADMIN, &format!("PUT /jobs/{job}"), pin).await;
    assert_eq!(app.get(&path).await.expect(200)["inputs"], found["inputs"]);
    app.delete(&format!("/api/v1/source_versions/{old}")).await.expect(204);
    let gone = app.get(&path).await.expect(200);
    assert_eq!(gone["job_as_it_stood"], found["job_as_it_stood"]);
    assert_eq!([gone.get("inputs"), gone.get("inputs_as_of_given")], [None, None]);

    // The job is deleted: its history is there, its inputs are not.
    app.delete(&format!("/api/v1/jobs/{job}")).await.expect(204);
    let gone = app.get(&path).await.expect(200);
    assert_eq!(gone["job_as_it_stood"], found["job_as_it_stood"]);
    assert_eq!([gone.get("inputs"), gone.get("inputs_as_of_given")], [None, None]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_that_means_several_values_is_told_what_tells_them_apart() {
    let field = Field::start().await;
    let app = &field.app;
    let at_location = async |more: &str| {
        let (there, time) = (&field.there, at(5));
        let path =
            format!("/api/v1/predictions/lineage?metric=mildew_risk&location_id={there}&valid_time={time}{more}");
        app.get(&path).await
    };
    field.post(issued(0), &[risk(5, 1.0)]).await;
    assert_eq!(at_location("").await.expect(200)["value"], 1.0);

    // Another stage: an empty text means the predictions without a stage.
    field.post(json!({ "stage": "raw" }), &[risk(5, 2.0)]).await;
    field.try_lineage(5, "").await.expect_problem(400, &["stage"]);
    assert_eq!(field.lineage(5, "&stage=raw").await["value"], 2.0);
    assert_eq!(field.lineage(5, "&stage=").await["value"], 1.0);
    // Another location of the job.
    let elsewhere = place(app, &field.home, "Elsewhere").await;
    let mut far = risk(5, 3.0);
    far["location_id"] = json!(elsewhere);
    field.post(issued(0), &[far]).await;
    field
        .try_lineage(5, "&stage=")
        .await
        .expect_problem(400, &["location_id"]);
    let found = field.lineage(5, &format!("&location_id={elsewhere}")).await;
    assert_eq!(
        [&found["value"], &found["location_id"]],
        [&json!(3.0), &json!(elsewhere)]
    );
    let narrowed = field.lineage(5, &format!("&stage=&location_id={}", field.there)).await;
    assert_eq!(narrowed["value"], 1.0);
    // Another job of the source.
    let other = app
        .ok(ADMIN, "POST /jobs/setup", job_at(&field.home, &field.there, "Job C"))
        .await;
    let other = other["id"].as_str().unwrap();
    let post = json!({ "job_id": other, "predictions": [risk(5, 4.0)] });
    app.ok(ADMIN, "POST /predictions", post).await;
    at_location("&stage=").await.expect_problem(400, &["job_id"]);
    let found = at_location(&format!("&stage=&job_id={other}")).await.expect(200);
    assert_eq!(found["value"], 4.0);
    // Another source.
    let third = field.another("another model").await;
    let post = json!({ "job_id": third, "predictions": [risk(5, 5.0)] });
    app.ok(ADMIN, "POST /predictions", post).await;
    at_location("").await.expect_problem(400, &["source"]);
    assert_eq!(at_location("&source=another%20model").await.expect(200)["value"], 5.0);
    // Another track.
    app.database()
        .execute("UPDATE series SET track = 'shadow' WHERE stage = 'raw'", [])
        .unwrap();
    let here = format!("&location_id={}", field.there);
    let main = field.lineage(5, &here).await;
    assert_eq!([main.get("track"), main.get("value")], [None, Some(&json!(1.0))]);
    let shadow = field.lineage(5, &format!("{here}&track=shadow")).await;
    assert_eq!([&shadow["track"], &shadow["value"]], [&json!("shadow"), &json!(2.0)]);
    app.database().execute("UPDATE series SET stage = ''", []).unwrap();
    let all = field.try_lineage(5, &format!("{here}&track=all")).await;
    all.expect_problem(400, &["track"]);

    for (more, places) in [
        ("&stage=", vec!["metric", "valid_time"]),
        ("&metric=x&valid_time=x", vec!["valid_time"]),
        ("&metric=x&valid_time=2023-10-27&at=1", vec!["at"]),
    ] {
        let path = format!("/api/v1/predictions/lineage?job_id={}{more}", field.job);
        app.get(&path).await.expect_problem(400, &places);
    }
    let bare = format!("/api/v1/predictions/lineage?metric=mildew_risk&valid_time={}", at(5));
    app.get(&bare).await.expect_problem(400, &["location_id"]);
    let all = format!(
        "/api/v1/predictions/lineage?metric=all&job_id={}&valid_time={}",
        field.job,
        at(5)
    );
    app.get(&all).await.expect_problem(400, &["metric"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn values_without_a_job_have_neither_a_job_nor_inputs() {
    let field = Field::start().await;
    let point = json!([{ "source": "mildew-predictor", "metric": "mildew_risk", "location_id": field.there,
        "valid_time": at(5), "value": 7 }]);
    field.app.ok(ADMIN, "POST /predictions", point).await;
    let path = format!(
        "/api/v1/predictions/lineage?metric=mildew_risk&location_id={}&valid_time={}",
        field.there,
        at(5)
    );
    let found = field.app.get(&path).await.expect(200);
    assert_eq!(found["value"], 7.0);
    for absent in ["job_id", "job_as_it_stood", "inputs", "inputs_as_of_given", "run"] {
        assert_eq!(found.get(absent), None, "{absent}");
    }
    // The points without a job, in JSON, lines and CSV, have no account of a run.
    let (mut with, there) = (
        json!([{ "source": "mildew-predictor", "metric": "mildew_risk" }]),
        &field.there,
    );
    with[0]["run"] = json!({});
    with[0]["location_id"] = json!(there);
    with[0]["valid_time"] = json!(at(5));
    with[0]["value"] = json!(1);
    field
        .app
        .post("/api/v1/predictions", &with)
        .await
        .expect_problem(422, &["#/0/run"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_organisation_gets_what_it_gets_for_an_unknown_job() {
    let field = Field::start().await;
    field.post(run(0, &account()), &[risk(5, 1.0)]).await;
    let elsewhere = field.app.organisation("elsewhere").await;
    let own = field.app.token("own", "viewer", &field.home).await;
    let foreign = field.app.token("foreign", "manager", &elsewhere).await;
    for scope in [format!("job_id={}", field.job), format!("location_id={}", field.there)] {
        let path = format!(
            "/api/v1/predictions/lineage?metric=mildew_risk&valid_time={}&{scope}",
            at(5)
        );
        field.app.call_as(&own, "GET", &path, &Value::Null).await.expect(200);
        let refused = field.app.call_as(&foreign, "GET", &path, &Value::Null).await;
        refused.expect_problem(404, &[]);
        assert!(
            refused.text.contains("or this token may not see it"),
            "{}",
            refused.text
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_that_breaks_a_rule_is_refused_with_every_violation() {
    let field = Field::start().await;
    let refused = async |run: Value, places: &[&str]| {
        let more = json!({ "issue_time": at(0), "stage": "\u{1}", "run": run });
        let mut expected = vec!["#/stage"];
        expected.extend(places);
        field
            .try_post(more, &[risk(5, 1.0)])
            .await
            .expect_problem(422, &expected);
    };
    let long = "x".repeat(201);
    refused(
        json!({ "id": long, "code": "", "inputs_from": at(2), "inputs_to": at(1), "parameters": { "a": [1], "b/c": {} } }),
        &["#/run/id", "#/run/code", "#/run/inputs_to", "#/run/parameters/a", "#/run/parameters/b~1c"],
    )
    .await;
    refused(
        json!({ "parameters": { "a": "x".repeat(4096) } }),
        &["#/run/parameters"],
    )
    .await;
    for (run, places) in [
        (json!({ "commit": "x" }), ["#/run/commit"]),
        (json!({ "inputs_as_of": "today" }), ["#/run/inputs_as_of"]),
        (json!({ "inputs_as_of": 1 }), ["#/run/inputs_as_of"]),
        (json!({ "id": 1 }), ["#/run/id"]),
        (json!({ "parameters": [] }), ["#/run/parameters"]),
        (json!([]), ["#/run"]),
        (json!("x"), ["#/run"]),
    ] {
        refused(run, &places).await;
    }
    assert_eq!(field.posts(), 0);
    // What is at the limits is stored.
    let largest = json!({ "a": "x".repeat(4096 - r#"{"a":""}"#.len()) });
    let run =
        json!({ "id": "x".repeat(200), "inputs_from": at(1), "inputs_to": at(1), "parameters": largest, "code": null });
    field.post(json!({ "run": run }), &[risk(5, 1.0)]).await;
    assert_eq!(field.lineage(5, "").await["run"]["parameters"], largest);
    field.post(json!({ "run": null }), &[risk(6, 1.0)]).await;
    assert_eq!(field.posts(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn accounts_are_deleted_with_the_last_of_their_runs() {
    let field = Field::start().await;
    field.change_source(json!({ "retention_hours": 2 })).await;
    let spread = json!({ "role": "spread", "valid_time": at(9), "value": 1 });
    field
        .post(run(0, &json!({ "id": "two runs" })), &[risk(1, 1.0), spread])
        .await;
    field.post(run(0, &json!({ "id": "one run" })), &[risk(1, 2.0)]).await;
    assert_eq!(field.posts(), 2);
    field.app.advance_minutes(4 * 60);
    field.app.accept_clock().await;
    field.app.sweep().await;
    assert_eq!(field.posts(), 1);
    // An expired value does not exist.
    assert_eq!(field.try_lineage(1, "").await.status, 404);
    field.app.advance_minutes(8 * 60);
    field.app.accept_clock().await;
    field.app.sweep().await;
    assert_eq!(field.posts(), 0);

    field.change_source(json!({ "retention_hours": null })).await;
    field.post(run(20, &json!({})), &[risk(21, 1.0)]).await;
    field
        .app
        .delete(&format!("/api/v1/jobs/{}", field.job))
        .await
        .expect(204);
    field
        .app
        .delete(&format!("/api/v1/organisations/{}", field.home))
        .await
        .expect(204);
    field.app.sweep().await;
    assert_eq!(field.posts(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_check_of_the_database_finds_runs_whose_account_is_missing() {
    let field = Field::start().await;
    field.post(run(0, &account()), &[risk(5, 1.0)]).await;
    field.post(run(1, &json!({})), &[risk(5, 1.0)]).await;
    let folder = field.app.stop().await;
    let check = || command_line::run(folder.path(), &["check", "--data-dir", "."]);
    assert!(check().status.success(), "{}", text(&check().stdout));
    let database = storage::connect(folder.path());
    database
        .execute_batch("DELETE FROM posts WHERE id = 1; UPDATE posts SET parameters = '['")
        .unwrap();
    let told = text(&check().stdout);
    for fault in ["1 runs refer to the row 1 of posts", "row 1 of posts: "] {
        assert!(told.contains(fault), "{told}");
    }
}

#[cfg(feature = "demo")]
mod on_a_demo {
    use prediction_api::example::{catalogue::SITES, mildew::SEASON_2013, weather::Hour};
    use serde_json::{Value, json};
    use tempfile::tempdir;

    use crate::command_line::{Served, command};

    /// Returns the hourly temperatures of a response with the inputs of a job.
    fn hours(inputs: &Value) -> Vec<Hour> {
        let readings = &inputs["inputs"][0]["readings"];
        let of = |name: &str| readings[name].as_array().unwrap().iter();
        let parse = |time: &Value| {
            let format = &time::format_description::well_known::Rfc3339;
            time::OffsetDateTime::parse(time.as_str().unwrap(), format).unwrap()
        };
        of("times")
            .zip(of("values"))
            .map(|(time, value)| {
                let tenths = (value.as_f64().unwrap() * 10.0).round();
                let temperature = (-500..500).find(|known| f64::from(*known) == tenths);
                assert!(temperature.is_some(), "{value}");
                Hour {
                    time: parse(time),
                    temperature,
                    humidity: None,
                    rain: None,
                }
            })
            .collect()
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn every_night_of_the_demo_can_be_computed_again_from_its_lineage() {
        let folder = tempdir().unwrap();
        let demo = Served::start(command(folder.path(), &["demo", "--as-recorded"]));
        let url = demo.said("Swagger UI").replace("/swagger", "");
        let token = std::fs::read_to_string(folder.path().join("demo-data/admin-token")).unwrap();
        let client = reqwest::Client::new();
        let get = async |path: &str| -> Value {
            let answer = client.get(format!("{url}{path}")).send().await.unwrap();
            assert_eq!(answer.status(), 200, "{path}");
            answer.json().await.unwrap()
        };
        let site = SITES[1];
        let lineage = format!("/api/v1/predictions/lineage?metric=mildew_risk&job_id={}", site.job);
        let nights = SEASON_2013.index(&[]);
        assert_eq!(nights.len(), 214);
        let mut before = Vec::new();
        for round in 0..2 {
            let mut found = Vec::new();
            for (number, night) in nights.iter().enumerate() {
                let end = format!("{}T04:00:00Z", night.issued_at.date());
                let value = get(&format!("{lineage}&valid_time={end}")).await;
                assert_eq!(value["inputs_as_of_given"], true);
                assert_eq!(value["job_as_it_stood"]["number"], 1);
                assert_eq!(value["run"]["id"], format!("night of {}", night.day));
                let inputs = get(value["inputs"].as_str().unwrap()).await;
                assert_eq!(inputs["inputs"][0]["sensor"]["id"], json!(site.sensors[0]));
                let again = SEASON_2013.index(&hours(&inputs))[number];
                assert_eq!(value["value"], f64::from(again.points), "{end}, round {round}");
                found.push(value);
            }
            assert!(found.iter().any(|value| value["value"] == 100.0));
            if round == 0 {
                let bindings = json!([
                    { "role": "temperature", "input_type": "sensor", "input_id": SITES[2].sensors[0] },
                    { "role": "site", "input_type": "location", "input_id": site.location },
                ]);
                let path = format!("{url}/api/v1/jobs/{}", site.job);
                let body = json!({ "role_bindings": bindings });
                let changed = client
                    .put(path)
                    .bearer_auth(token.trim())
                    .json(&body)
                    .send()
                    .await
                    .unwrap();
                assert_eq!(changed.status(), 200);
                before = found;
            } else {
                assert_eq!(found, before);
            }
        }
        assert_eq!(demo.terminate(), Some(0));
    }
}
