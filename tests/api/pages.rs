//! The pages of the executable, and one problem of each kind.

use std::collections::BTreeMap;

use rusqlite::Connection;
use serde_json::{Value, json};

use crate::app::{Answer, BODY_BYTES, TestApp, setup};

const ORGANISATION: &str = "77777777-7777-7777-7777-777777777777";

async fn page(app: &TestApp, path: &str) -> Answer {
    app.send(app.request("GET".parse().unwrap(), path)).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn swagger_ui_comes_whole_and_keeps_the_token() {
    let app = TestApp::start().await;
    let swagger = page(&app, "/swagger").await;
    assert_eq!(swagger.status, 200);
    assert!(swagger.text.contains("url: 'api/v1/openapi.json'"));
    assert!(swagger.text.contains("persistAuthorization: true"));
    assert!(!swagger.text.contains("spec: spec"));
    assert!(!swagger.text.contains("src=\"http"));
    // It leads back, has dark mode, and uses the token of the dashboard without storing it.
    assert!(
        swagger.text.contains("<a href=\"./\">Dashboard</a>") && swagger.text.contains("<a href=\"docs\">Guides</a>")
    );
    assert!(swagger.text.contains("prefers-color-scheme: dark"));
    assert_eq!(swagger.text.matches("function signIn").count(), 1);
    assert_eq!(swagger.text.matches("class=\"site\"").count(), 1);
    assert!(swagger.text.contains("const ui = SwaggerUIBundle({") && swagger.text.contains("preauthorizeApiKey"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_link_of_the_guides_leads_somewhere() {
    let app = TestApp::start().await;
    let link = regex::Regex::new("(?:href|src)=\"([^\"]*)\"").unwrap();
    let (mut texts, mut waiting) = (BTreeMap::new(), vec!["/".to_owned()]);
    let mut anchors = Vec::new();
    while let Some(path) = waiting.pop() {
        if texts.contains_key(&path) {
            continue;
        }
        let found = page(&app, &path).await;
        assert_eq!(found.status, 200, "{path}");
        let is_ours = path == "/" || path.starts_with("/docs");
        if is_ours
            && ![".svg", ".webp", ".csv", ".service"]
                .iter()
                .any(|end| path.ends_with(end))
        {
            for link in link.captures_iter(&found.text) {
                let (to, anchor) = link[1].split_once('#').unwrap_or((&link[1], ""));
                let to = if to.is_empty() { &path } else { to };
                if to.starts_with('/') {
                    waiting.push(to.to_owned());
                    anchors.push((to.to_owned(), anchor.to_owned()));
                }
            }
        }
        texts.insert(path, found.text);
    }
    for (path, anchor) in anchors {
        let is_there = anchor.is_empty() || texts[&path].contains(&format!(" id=\"{anchor}\""));
        assert!(is_there, "{path} has no {anchor}");
    }
    for path in ["/docs/problems/invalid", "/docs/changelog", "/docs/issues.svg"] {
        assert!(texts.contains_key(path), "{path} is not linked");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_guide_leads_to_the_next_and_is_in_the_search_index() {
    let app = TestApp::start().await;
    let index = page(&app, "/docs/search-index.js").await;
    assert_eq!(index.header("content-type"), "text/javascript; charset=utf-8");
    let json = index.text.strip_prefix("export default ").unwrap();
    let json: Value = serde_json::from_str(json.trim_end().trim_end_matches(';')).unwrap();
    let pages = json.as_array().unwrap();
    let next = regex::Regex::new("<a rel=\"next\" href=\"([^\"]*)\">").unwrap();
    let (mut path, mut visited) = ("/docs".to_owned(), Vec::new());
    loop {
        let text = page(&app, &path).await.text;
        assert!(visited.is_empty() || text.contains("<a rel=\"prev\""), "{path}");
        visited.push(path);
        let Some(found) = next.captures(&text) else { break };
        path = found[1].to_owned();
    }
    assert!(visited.len() > 15, "{visited:?}");
    for path in visited.iter().map(String::as_str).chain(["/docs/problems/conflict"]) {
        let text = page(&app, path).await.text;
        let entry = pages.iter().find(|entry| entry[0] == path);
        let sections = entry.unwrap_or_else(|| panic!("{path} is missing"))[2]
            .as_array()
            .unwrap();
        for section in sections.iter().skip(1) {
            let anchor = section[0].as_str().unwrap();
            assert!(text.contains(&format!(" id=\"{anchor}\"")), "{path} has no {anchor}");
        }
    }
    // The index contains what the reader types, and not what the server returned.
    assert!(json.to_string().contains("TOKEN=$(cat data/admin-token)") && !index.text.contains("01a20a9a-7fa7"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn links_between_the_files_are_links_between_the_pages() {
    let app = TestApp::start().await;
    let guide = page(&app, "/docs/python").await.text;
    for link in ["/docs/demo", "/docs/problems#which-errors-to-retry", "/swagger"] {
        assert!(guide.contains(&format!("href=\"{link}\"")), "{link}");
    }
    assert!(!guide.contains(".md\"") && guide.contains("/assets/prism.js"));
    let prism = page(&app, "/assets/prism.js").await;
    assert!(prism.text.len() < 30_000 && prism.text.contains("languages.python"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_may_load_only_what_this_server_has() {
    let app = TestApp::start().await;
    for path in ["/", "/docs", "/docs/problems/invalid", "/swagger"] {
        let found = page(&app, path).await;
        let policy = found.header("content-security-policy");
        assert!(policy.starts_with("default-src 'none'; "), "{path}: {policy}");
        let scripts = policy.split("; ").find(|part| part.starts_with("script-src ")).unwrap();
        assert!(!scripts.contains("unsafe") && !scripts.contains('*'), "{scripts}");
        assert_eq!(found.header("x-content-type-options"), "nosniff");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_weather_is_there_to_try_things_with() {
    let app = TestApp::start().await;
    let found = page(&app, "/docs/weather_nyc_2013.csv").await;
    assert_eq!(found.header("content-type"), "text/csv; charset=utf-8");
    assert_eq!(found.text.lines().count(), 26_116);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_a_demo_has_links_to_its_season() {
    let app = TestApp::start().await;
    let guide = page(&app, "/docs/demo").await;
    assert!(guide.text.contains("href=\"/docs\"") && guide.text.contains("href=\"/swagger\""));
    assert!(!guide.text.contains("href=\"/api/v1/predictions"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_type_of_a_problem_is_a_page() {
    let app = TestApp::start().await;
    let problem = page(&app, "/api/v1/jobs").await.expect(401);
    let explained = page(&app, problem["type"].as_str().unwrap()).await;
    assert_eq!(explained.status, 200);
    assert_eq!(explained.header("content-type"), "text/html; charset=utf-8");
    assert_eq!(page(&app, "/docs/problems/none").await.status, 404);
    assert_eq!(page(&app, "/docs/../../Cargo.toml").await.status, 404);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_problem_of_each_kind_is_as_in_its_snapshot() {
    let app = TestApp::start().await;
    let job = app
        .post("/api/v1/jobs/setup", &setup(ORGANISATION, "Job A"))
        .await
        .expect(201);
    let path = format!("/api/v1/jobs/{}", job["id"].as_str().unwrap());
    let viewer = app.token("viewer", "viewer", ORGANISATION).await;
    let organisations = "/api/v1/organisations";
    let stale = app
        .request("DELETE".parse().unwrap(), &path)
        .bearer_auth(crate::app::ADMIN);
    let plain = app
        .request("POST".parse().unwrap(), organisations)
        .bearer_auth(crate::app::ADMIN);
    let mut other = setup(ORGANISATION, "Job A");
    other["source"]["retention_hours"] = json!(1);
    let mut broken = setup(ORGANISATION, "Job B");
    broken["job"]["nmae"] = json!("Job B");
    broken["role_bindings"][0]["input_type"] = json!("thing");
    for (kind, answer) in [
        ("bad-request", app.get("/api/v1/jobs?limit=0&lmit=1").await),
        ("unauthenticated", page(&app, &path).await),
        ("forbidden", app.call_as(&viewer, "DELETE", &path, &json!(null)).await),
        (
            "not-found",
            app.get("/api/v1/jobs/00000000-0000-0000-0000-000000000000").await,
        ),
        (
            "method-not-allowed",
            app.call("PATCH", "/api/v1/sources", &json!({})).await,
        ),
        ("conflict", app.post("/api/v1/jobs/setup", &other).await),
        ("stale", app.send(stale.header("If-Match", "\"7-0\"")).await),
        (
            "too-large",
            app.post(organisations, &json!({ "name": "x".repeat(BODY_BYTES) }))
                .await,
        ),
        ("unsupported-media-type", app.send(plain.body("name=x")).await),
        ("invalid", app.post("/api/v1/jobs/setup", &broken).await),
    ] {
        assert_is_as_in_its_snapshot(kind, &answer);
    }
}

/// Asserts the problem's kind and its snapshot, without the parts that are new each time.
fn assert_is_as_in_its_snapshot(kind: &str, answer: &Answer) {
    let mut problem = answer.json();
    assert_eq!(problem["type"], format!("/docs/problems/{kind}"), "{}", answer.text);
    assert_eq!(problem["request_id"], answer.header("x-request-id"));
    problem["request_id"] = json!("[request_id]");
    if problem.get("existing_id").is_some() {
        uuid::Uuid::parse_str(problem["existing_id"].as_str().unwrap()).unwrap();
        problem["existing_id"] = json!("[uuid]");
    }
    insta::assert_json_snapshot!(kind, problem);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_another_program_holds_is_unavailable_for_writes_only() {
    let app = TestApp::start().await;
    let other = Connection::open(app.folder.path().join("prediction-api.db")).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let refused = app.post("/api/v1/organisations", &json!({ "name": "x" })).await;
    assert_eq!(refused.status, 503);
    assert_is_as_in_its_snapshot("unavailable", &refused);
    assert!(!refused.header("retry-after").is_empty());
    app.get("/api/v1/organisations").await.expect(200);
    other.execute_batch("ROLLBACK").unwrap();
    app.post("/api/v1/organisations", &json!({ "name": "x" }))
        .await
        .expect(201);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_damaged_run_is_an_error_and_never_another_value() {
    let app = TestApp::start().await;
    let job = app
        .post("/api/v1/jobs/setup", &setup(ORGANISATION, "Job A"))
        .await
        .expect(201);
    let points = json!([{ "role": "risk", "valid_time": "2023-10-27T06:00:00Z", "value": 40.0 }]);
    let post = json!({ "job_id": job["id"], "predictions": points });
    app.post("/api/v1/predictions", &post).await.expect(200);
    let database = Connection::open(app.folder.path().join("prediction-api.db")).unwrap();
    let damage = "UPDATE runs SET payload = CAST(substr(payload, 1, 1) || x'7f' || substr(payload, 3) AS BLOB)";
    database.execute_batch(damage).unwrap();
    let path = format!("/api/v1/predictions?metric=all&job_id={}", job["id"].as_str().unwrap());
    let problem = app.get(&path).await;
    // Only the log contains the cause.
    assert_eq!(problem.status, 500);
    assert_is_as_in_its_snapshot("internal", &problem);
}

/// `Accept` header of Chromium for an address that a person types.
const BROWSER: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mistyped_page_is_a_page_in_a_browser_and_a_problem_elsewhere() {
    let app = TestApp::start().await;
    let get = |path: &str, accept: &str| {
        let request = app.request("GET".parse().unwrap(), path);
        app.send(request.header("accept", accept))
    };
    for path in [
        "/docs/nosuch",
        "/nosuch",
        "/health",
        "/assets/dashboard/nosuch.js",
        "/docs/nosuch.svg",
        "/swagger/nosuch",
        "/jobs",
    ] {
        let found = get(path, BROWSER).await;
        assert_eq!(found.status, 404, "{path}");
        assert_eq!(found.header("content-type"), "text/html; charset=utf-8");
        assert!(found.header("vary").contains("Accept"), "{path}");
        assert!(found.header("content-security-policy").contains("'none'"));
        assert!(!found.header("x-request-id").is_empty());
        for link in ["href=\"/\"", "href=\"/docs\"", "href=\"/swagger\""] {
            assert!(found.text.contains(link), "{path}: {}", found.text);
        }
        for accept in ["*/*", "application/json", "text/html;q=0, */*"] {
            let problem = get(path, accept).await;
            problem.expect_problem(404, &[]);
        }
        let head = app.request("HEAD".parse().unwrap(), path);
        let head = app.send(head.header("accept", BROWSER)).await;
        assert_eq!((head.status, head.text.as_str()), (404, ""), "{path}");
    }
    for probe in ["/health", "/healthz/", "/ping/"] {
        assert!(get(probe, BROWSER).await.text.contains("/readyz"), "{probe}");
    }
    // A script in the address is not run.
    let odd = get("/docs/%3Cscript%3Ealert(1)%3C/script%3E", BROWSER).await;
    assert!(!odd.text.contains("<script>"), "{}", odd.text);
    for path in ["/api", "/api/v1", "/api/v1/nosuch", "/api/v1/jobs/nosuch"] {
        let found = get(path, BROWSER).await;
        assert_eq!(found.header("content-type"), "application/problem+json");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn addresses_that_people_try_lead_to_the_page() {
    let app = TestApp::start().await;
    for (path, target) in [
        ("/docs/", "/docs"),
        ("/docs/quickstart/", "/docs/quickstart"),
        ("/docs/problems/invalid//", "/docs/problems/invalid"),
        ("/swagger/", "/swagger"),
        ("/openapi.json", "/api/v1/openapi.json"),
        ("/openapi.yaml", "/api/v1/openapi.yaml"),
    ] {
        for method in ["GET", "HEAD"] {
            let client = reqwest::Client::builder()
                .redirect(reqwest::redirect::Policy::none())
                .build()
                .unwrap();
            let url = format!("{}{path}", app.url);
            let answer = client.request(method.parse().unwrap(), url).send();
            let answer = answer.await.unwrap();
            assert_eq!(answer.status(), 308, "{path}");
            assert_eq!(answer.headers()["location"], target, "{path}");
        }
        assert_eq!(page(&app, path).await.status, 200, "{path}");
    }
    let icon = page(&app, "/favicon.ico").await;
    assert_eq!((icon.status, icon.header("content-type")), (200, "image/svg+xml"));
}
