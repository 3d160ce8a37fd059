//! Names in Unicode: a name has one spelling, and none looks empty.

use serde_json::json;

use crate::{
    app::{ADMIN, TestApp},
    field::{Field, WINDOW, at, job_at},
};

const COMPOSED: &str = "G\u{e4}rtnerei";
const DECOMPOSED: &str = "Ga\u{308}rtnerei";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_name_is_one_however_it_is_composed() {
    let app = TestApp::start().await;
    let home = app.organisation(DECOMPOSED).await;
    let located = json!({ "organisation_id": home, "latitude": 1, "longitude": 1 });
    for (path, more) in [
        ("organisations", json!({})),
        ("locations", located),
        (
            "sensors",
            json!({ "organisation_id": home, "metric": DECOMPOSED, "unit": DECOMPOSED }),
        ),
        ("sources", json!({})),
    ] {
        let make = async |name: &str| {
            let mut body = more.clone();
            body["name"] = json!(name);
            app.post(&format!("/api/v1/{path}"), &body).await
        };
        let made = make(DECOMPOSED).await;
        assert!(matches!(made.status, 201 | 409), "{}", made.text);
        let again = make(COMPOSED).await;
        if matches!(path, "organisations" | "sources") {
            assert_eq!(again.status, 409, "{}", again.text);
        }
        for typed in ["G%C3%A4rtnerei", "Ga%CC%88rtnerei"] {
            let found = app.get(&format!("/api/v1/{path}?name={typed}&limit=10")).await;
            let found = found.expect(200);
            let names: Vec<_> = found.as_array().unwrap().iter().map(|thing| &thing["name"]).collect();
            assert!(!names.is_empty(), "{path}?name={typed}");
            assert!(names.iter().all(|name| **name == COMPOSED), "{path}: {names:?}");
        }
    }
    let found = app.get("/api/v1/sensors?metric=Ga%CC%88rtnerei").await.expect(200);
    assert_eq!(found[0]["unit"], COMPOSED);
    let token = json!({ "name": DECOMPOSED, "role": "admin" });
    let token = app.post("/api/v1/tokens", &token).await.expect(201);
    assert_eq!(token["name"], COMPOSED);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn roles_metrics_and_stages_are_one_however_they_are_composed() {
    let field = Field::start().await;
    let app = &field.app;
    let mut setup = job_at(&field.home, &field.there, DECOMPOSED);
    setup["source"] = json!({ "name": DECOMPOSED });
    setup["source_version"]["output_roles"] = json!([{ "role": DECOMPOSED, "metric": DECOMPOSED }]);
    let job = app.ok(ADMIN, "POST /jobs/setup", setup.clone()).await;
    setup["job"]["name"] = json!(COMPOSED);
    setup["source"] = json!({ "name": COMPOSED });
    setup["source_version"]["output_roles"] = json!([{ "role": COMPOSED, "metric": COMPOSED }]);
    let again = app.ok(ADMIN, "POST /jobs/setup", setup.clone()).await;
    assert_eq!(again["id"], job["id"]);
    let twice = json!([{ "role": COMPOSED, "metric": "a" }, { "role": DECOMPOSED, "metric": "b" }]);
    setup["source"] = json!({ "name": "twice" });
    setup["source_version"]["output_roles"] = twice;
    setup["job"]["name"] = json!("twice");
    let refused = app.post("/api/v1/jobs/setup", &setup).await;
    refused.expect_problem(422, &["#/source_version/output_roles/1/role"]);

    let post = async |name: &str| {
        let point = json!({ "role": name, "valid_time": at(1), "value": 1 });
        let body = json!({ "job_id": job["id"], "issue_time": at(0), "stage": name, "predictions": [point] });
        app.ok(ADMIN, "POST /predictions", body).await
    };
    assert_eq!(post(DECOMPOSED).await["stored"], 1);
    assert_eq!(post(COMPOSED).await["unchanged"], 1);
    let direct = json!([{
        "source": DECOMPOSED, "metric": DECOMPOSED, "location_id": field.there, "valid_time": at(1), "value": 1,
        "stage": DECOMPOSED
    }]);
    assert_eq!(app.ok(ADMIN, "POST /predictions", direct).await["stored"], 1);
    for typed in ["G%C3%A4rtnerei", "Ga%CC%88rtnerei"] {
        let query = format!("metric={typed}&stage={typed}&source={typed}&{WINDOW}");
        assert!(!field.rows(&query).await.is_empty(), "{query}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn names_that_deceive_are_refused_and_the_character_named() {
    let app = TestApp::start().await;
    for (name, code) in [
        ("\u{200b}", "U+200B"),
        ("\u{200b}\u{200c}\u{200d}", "U+200B"),
        ("\u{200d}", "U+200D"),
        ("a\u{200b}b", "U+200B"),
        ("\u{ad}", "U+00AD"),
        ("\u{3164}", "U+3164"),
        ("\u{ffa0}", "U+FFA0"),
        ("\u{2800}", "U+2800"),
        ("\u{fe0f}", "U+FE0F"),
        ("\u{e0041}\u{e0042}", "U+E0041"),
        ("invoice\u{202e}gpj", "U+202E"),
        ("\u{2066}a\u{2069}", "U+2066"),
        ("a\u{200e}", "U+200E"),
        ("a\u{200f}", "U+200F"),
        ("a\u{61c}", "U+061C"),
        ("a\u{2028}b", "U+2028"),
        ("a\u{2029}b", "U+2029"),
        ("\u{feff}a", "U+FEFF"),
        ("a\u{feff}b", "U+FEFF"),
        ("\u{e000}", "U+E000"),
        ("\u{ffff}", "U+FFFF"),
    ] {
        let answer = app.post("/api/v1/organisations", &json!({ "name": name })).await;
        answer.expect_problem(422, &["#/name"]);
        assert!(answer.text.contains(code), "{name:?}: {}", answer.text);
    }
    for name in [
        "\u{1f469}\u{200d}\u{1f33e} farm",
        "\u{1f3f3}\u{fe0f}\u{200d}\u{1f308}",
        "1\u{fe0f}\u{20e3}",
        "\u{645}\u{6cc}\u{200c}\u{62e}\u{648}\u{627}\u{647}\u{645}",
        "\u{6e29}\u{5ba4}",
        "\u{5d0}\u{5d1}\u{5d2}",
    ] {
        let made = app.post("/api/v1/organisations", &json!({ "name": name })).await;
        assert_eq!(made.expect(201)["name"], name);
    }
    let home = app.organisation("House").await;
    let hidden = "x\u{202e}";
    for (path, body, place) in [
        (
            "sensors",
            json!({ "organisation_id": home, "name": "s", "metric": hidden }),
            "#/metric",
        ),
        (
            "sensors",
            json!({ "organisation_id": home, "name": "s", "metric": "m", "unit": hidden }),
            "#/unit",
        ),
        ("sources", json!({ "name": hidden }), "#/name"),
        ("tokens", json!({ "name": hidden, "role": "admin" }), "#/name"),
        (
            "locations",
            json!({ "organisation_id": home, "name": hidden, "latitude": 1, "longitude": 1 }),
            "#/name",
        ),
    ] {
        app.post(&format!("/api/v1/{path}"), &body)
            .await
            .expect_problem(422, &[place]);
    }
    let field = Field::on(app).await;
    let point = json!({ "role": "risk", "valid_time": at(1), "value": 1 });
    field
        .try_post(json!({ "stage": hidden }), &[point])
        .await
        .expect_problem(422, &["#/stage"]);
}
