//! The document's examples, executed like Swagger UI does: on an empty server and on the demo.

use prediction_api::http;
use reqwest::{Client, Method};
use serde_json::{Value, json};

use crate::app::{ADMIN, TestApp};

/// Requests that create the resources of the examples, in an order that works.
const MAKE: &[&str] = &[
    "create_organisation",
    "create_location",
    "create_sensor",
    "create_source",
    "create_source_version",
    "set_up_job",
    "create_alert",
    "create_feed",
    #[cfg(feature = "webhooks")]
    "create_webhook",
];

/// Requests that create the resources of the examples, of which the first one creates most.
const SET_UP_FIRST: &[&str] = &[
    "set_up_job",
    "create_alert",
    "create_feed",
    #[cfg(feature = "webhooks")]
    "create_webhook",
];

/// Deletions, each before that of the resources that it depends on.
const DELETE: &[&str] = &[
    "delete_alert",
    "delete_feed",
    "delete_job_shadow",
    "revoke_token",
    #[cfg(feature = "webhooks")]
    "delete_webhook",
    "delete_job",
    "delete_source_version",
    "delete_source",
    "delete_sensor",
    "delete_location",
    "delete_organisation",
];

/// An operation with its example.
#[derive(Clone)]
struct Call {
    name: String,
    method: Method,
    path: String,
    body: Option<Value>,
}

/// Returns all operations, with the bodies and parameters that Swagger UI fills in.
fn calls() -> Vec<Call> {
    let document: Value = serde_json::from_str(&http::document().to_json()).unwrap();
    let mut found = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let mut full = path.clone();
            let mut query = url::form_urlencoded::Serializer::new(String::new());
            for parameter in operation["parameters"].as_array().into_iter().flatten() {
                let name = parameter["name"].as_str().unwrap();
                let Some(example) = parameter["example"].as_str() else {
                    continue;
                };
                match parameter["in"].as_str() {
                    Some("path") => full = full.replace(&format!("{{{name}}}"), example),
                    Some("query") => drop(query.append_pair(name, example)),
                    _ => {}
                }
            }
            let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
            found.push(Call {
                name: operation["operationId"].as_str().unwrap().to_owned(),
                method: method.to_uppercase().parse().unwrap(),
                path: format!("{full}?{}", query.finish()),
                body: (!schema.is_null()).then(|| example(&document, schema)),
            });
        }
    }
    found
}

/// Returns the example of a schema; for a choice of several, that of the first.
fn example(document: &Value, schema: &Value) -> Value {
    if !schema["example"].is_null() {
        return schema["example"].clone();
    }
    if let Some(reference) = schema["$ref"].as_str() {
        return example(document, document.pointer(&reference[1..]).unwrap());
    }
    for several in ["oneOf", "anyOf", "allOf"] {
        if let Some(first) = schema[several].get(0) {
            return example(document, first);
        }
    }
    json!([example(document, &schema["items"])])
}

fn named(calls: &[Call], name: &str) -> Call {
    let found = calls.iter().find(|call| call.name == name);
    found.unwrap_or_else(|| panic!("no {name}")).clone()
}

/// Returns the id of the version that the examples put on trial.
fn trial_id(calls: &[Call]) -> String {
    let path = named(calls, "put_job_shadow").path;
    path.trim_end_matches('?').rsplit('/').next().unwrap().to_owned()
}

/// User who executes the examples on a server.
struct Visitor {
    url: String,
    token: String,
    /// Id of the token that the examples created, which the server chose.
    made_token: Option<String>,
    /// Secret of the feed that the examples created.
    feed_secret: String,
}

impl Visitor {
    fn new(url: &str, token: &str) -> Self {
        Self {
            url: url.to_owned(),
            token: token.to_owned(),
            made_token: None,
            feed_secret: String::new(),
        }
    }

    async fn execute(&mut self, mut call: Call) {
        if call.name == "put_job_shadow" {
            self.publish_trial().await;
        }
        if let (true, Some(id)) = (call.name == "revoke_token", &self.made_token) {
            call.path = format!("/api/v1/tokens/{id}");
        }
        let mut request = Client::new()
            .request(call.method.clone(), format!("{}{}", self.url, call.path))
            .bearer_auth(if call.name == "ingest" {
                &self.feed_secret
            } else {
                &self.token
            });
        if let Some(body) = &call.body {
            request = request.json(body);
        }
        let answer = request.send().await.unwrap();
        let (status, bytes) = (answer.status(), answer.bytes().await.unwrap());
        let shown = String::from_utf8_lossy(&bytes[..bytes.len().min(500)]);
        assert!(status.is_success(), "{}: {status} {shown}", call.name);
        if ["create_feed", "rotate_feed_secret"].contains(&call.name.as_str()) {
            let made: Value = serde_json::from_slice(&bytes).unwrap();
            self.feed_secret = made["secret"].as_str().unwrap().to_owned();
        }
        if call.name == "create_token" {
            let made: Value = serde_json::from_slice(&bytes).unwrap();
            self.made_token = made["id"].as_str().map(str::to_owned);
        }
    }

    /// Executes `first` in its order, then the operations that neither create nor delete the examples' resources, then
    /// the deletions.
    async fn execute_all(&mut self, first: &[&str]) {
        let calls = calls();
        for name in first {
            self.execute(named(&calls, name)).await;
        }
        let is_rest = |call: &&Call| ![MAKE, DELETE].concat().contains(&call.name.as_str());
        // A token is created before it is revoked, posts precede reads, and reads precede withdrawals.
        let mut rest: Vec<_> = calls.iter().filter(is_rest).cloned().collect();
        rest.sort_by_key(|call| (call.method == Method::DELETE, call.method == Method::GET));
        for call in rest {
            self.execute(call).await;
        }
        for name in DELETE {
            if *name == "delete_source_version" {
                let mut trial = named(&calls, name);
                trial.path = format!("/api/v1/source_versions/{}", trial_id(&calls));
                self.execute(trial).await;
            }
            self.execute(named(&calls, name)).await;
        }
    }

    /// Publishes the version that the examples put on trial: a later release of the one that they create.
    async fn publish_trial(&mut self) {
        let calls = calls();
        let mut release = named(&calls, "create_source_version");
        let body = release.body.as_mut().unwrap();
        (body["id"], body["version"]) = (json!(trial_id(&calls)), json!("1.1.0"));
        Box::pin(self.execute(release)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_examples_make_everything_one_by_one_and_work_on_it() {
    let app = TestApp::start().await;
    Visitor::new(&app.url, ADMIN).execute_all(MAKE).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_example_that_sets_a_job_up_comes_first_and_makes_what_the_others_need() {
    let app = TestApp::start().await;
    Visitor::new(&app.url, ADMIN).execute_all(SET_UP_FIRST).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn examples_that_need_nothing_work_as_the_very_first_call() {
    let calls = calls();
    for name in ["create_organisation", "create_source", "set_up_job"] {
        let app = TestApp::start().await;
        Visitor::new(&app.url, ADMIN).execute(named(&calls, name)).await;
    }
    // A list is read on an empty server too.
    let app = TestApp::start().await;
    let lists = calls
        .iter()
        .filter(|call| call.method == Method::GET && !call.path.contains('-') && call.name != "download_backup");
    for call in lists {
        Visitor::new(&app.url, ADMIN).execute(call.clone()).await;
    }
}

#[cfg(feature = "demo")]
mod on_a_demo {
    use tempfile::{TempDir, tempdir};

    use super::{MAKE, SET_UP_FIRST, Visitor};
    use crate::command_line::{Served, command};

    /// Starts a demo. Returns its address and its admin token.
    fn demo() -> (TempDir, Served, Visitor) {
        let folder = tempdir().unwrap();
        let served = Served::start(command(folder.path(), &["demo"]));
        let url = served.said("Swagger UI").replace("/swagger", "");
        let visitor = Visitor::new(&url, served.said("Admin token"));
        (folder, served, visitor)
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn the_examples_make_everything_one_by_one_and_work_on_it() {
        let (_folder, _demo, mut visitor) = demo();
        visitor.execute_all(MAKE).await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn the_example_that_sets_a_job_up_comes_first_and_makes_what_the_others_need() {
        let (_folder, _demo, mut visitor) = demo();
        visitor.execute_all(SET_UP_FIRST).await;
    }
}
