//! The dashboard's files: their permissions, their caching by browsers, and their total size. `tests/browser` tests the
//! dashboard itself.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::Write,
};

use flate2::{Compression, write::GzEncoder};
use regex::Regex;
use reqwest::Method;

use crate::app::{Answer, HAS_WEBHOOKS, TestApp};

/// Largest size of the whole page, compressed.
const MAX_BYTES: usize = 200_000;

async fn page(app: &TestApp, path: &str) -> Answer {
    app.send(app.request(Method::GET, path)).await
}

/// Returns the page and every file that it loads, by path.
async fn files(app: &TestApp) -> BTreeMap<String, Answer> {
    let named = Regex::new(r#"(?:href|src)="([^"]+)"|(?:from|import) "([^"]+)""#).unwrap();
    let (mut found, mut waiting) = (BTreeMap::new(), vec!["/".to_owned()]);
    while let Some(path) = waiting.pop() {
        if found.contains_key(&path) {
            continue;
        }
        let answer = page(app, &path).await;
        assert_eq!(answer.status, 200, "{path}");
        // Links lead to other pages; scripts also hold links of the views.
        let is_code = path.ends_with(".js");
        for name in named.captures_iter(&answer.text) {
            let to = match (name.get(1), name.get(2)) {
                (Some(link), _) if !is_code => link.as_str(),
                (_, Some(import)) if is_code => import.as_str(),
                _ => continue,
            };
            let to = resolve(&path, to);
            if to.starts_with("/assets/") {
                waiting.push(to);
            }
        }
        found.insert(path, answer);
    }
    found
}

/// Resolves the reference `to` from the file at `path`.
fn resolve(path: &str, to: &str) -> String {
    if to.starts_with('/') {
        return to.to_owned();
    }
    let mut folders: Vec<_> = path.split('/').collect();
    folders.pop();
    for part in to.split('/') {
        match part {
            "." => {}
            ".." => {
                folders.pop();
            }
            part => folders.push(part),
        }
    }
    folders.join("/")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_page_and_its_files_are_small_and_of_this_server() {
    let app = TestApp::start().await;
    let files = files(&app).await;
    assert!(files.contains_key("/assets/dashboard/bundle/main.js"));
    assert!(files.contains_key("/assets/dashboard/bundle/main.css"));
    let mut bytes = 0;
    for (path, answer) in &files {
        let expected = match path.rsplit_once('.').map(|(_, ending)| ending) {
            Some("js") => "text/javascript; charset=utf-8",
            Some("css") => "text/css; charset=utf-8",
            Some("svg") => "image/svg+xml",
            _ => "text/html; charset=utf-8",
        };
        assert_eq!(answer.header("content-type"), expected, "{path}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(answer.header("cache-control"), "no-cache", "{path}");
        let mut compressed = GzEncoder::new(Vec::new(), Compression::best());
        compressed.write_all(answer.text.as_bytes()).unwrap();
        bytes += compressed.finish().unwrap().len();
    }
    assert!(bytes < MAX_BYTES, "{bytes} bytes");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_stands_inline_and_nothing_else_may_be_called() {
    let app = TestApp::start().await;
    let front = page(&app, "/").await;
    let policy = front.header("content-security-policy");
    assert_eq!(
        policy,
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; \
         base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    );
    let inline = Regex::new(r"<script(?:[^>]*)>[^<]|<style|\son[a-z]+=|\sstyle=").unwrap();
    assert!(!inline.is_match(&front.text), "{}", front.text);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn browsers_keep_files_and_ask_whether_they_changed() {
    let app = TestApp::start().await;
    for path in [
        "/",
        "/docs",
        "/assets/style.css",
        "/assets/dashboard/bundle/main.js",
        "/assets/vendor/uplot/uPlot.esm.js",
    ] {
        let first = page(&app, path).await;
        let tag = first.header("etag").to_owned();
        assert!(tag.starts_with('"'), "{path}: {tag}");
        let ask = |tag: &str| app.request(Method::GET, path).header("if-none-match", tag);
        let again = app.send(ask(&tag)).await;
        assert_eq!((again.status, again.text.as_str()), (304, ""), "{path}");
        assert_eq!(again.header("etag"), tag);
        let other = app.send(ask("\"0000000000000000\"")).await;
        assert_eq!(other.status, 200, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_files_of_the_folders_are_answered() {
    let app = TestApp::start().await;
    for path in [
        "/assets/dashboard/none.js",
        "/assets/dashboard/main.js",
        "/assets/dashboard/bundle/none.js",
        "/assets/dashboard/index.html",
        "/assets/dashboard/",
        "/assets/dashboard/bundle/%2e%2e/%2e%2e/Cargo.toml",
        "/assets/dashboard/bundle/..%2f..%2fCargo.toml",
        "/assets/vendor/..%2fstyle.css",
        "/assets/vendor/%2fetc%2fpasswd",
        "/assets/vendor",
        "/clients/none.whl",
        "/clients/..%2f..%2fCargo.toml",
        "/clients",
    ] {
        page(&app, path).await.expect_problem(404, &[]);
    }
    let licence = page(&app, "/assets/vendor/uplot/LICENSE").await;
    assert_eq!(licence.header("content-type"), "text/plain; charset=utf-8");
    assert!(licence.text.contains("MIT"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_client_of_python_is_served_as_the_guide_says() {
    let app = TestApp::start().await;
    let guide = page(&app, "/docs/python-client").await;
    let name = Regex::new(r"/clients/([\w.-]+\.whl)").unwrap();
    let name = &name.captures(&guide.text).unwrap()[1];
    assert_eq!(
        name,
        format!("prediction_api_client-{}-py3-none-any.whl", env!("CARGO_PKG_VERSION"))
    );
    let path = format!("/clients/{name}");
    let answer = app.request(Method::GET, &path).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers()["content-type"], "application/zip");
    let expected = std::fs::read(format!("assets{path}")).unwrap();
    assert_eq!(answer.bytes().await.unwrap(), expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_to_copy_are_served_as_the_guides_say() {
    let app = TestApp::start().await;
    let link = Regex::new(r"(/docs/(?:grafana|recipes)/[\w.-]+|/clients/[\w-]+\.mjs)").unwrap();
    let mut found = BTreeSet::new();
    for guide in ["grafana", "recipes", "javascript"] {
        let guide = page(&app, &format!("/docs/{guide}")).await;
        found.extend(link.find_iter(&guide.text).map(|link| link.as_str().to_owned()));
    }
    assert_eq!(found.len(), 6, "{found:?}");
    for path in found {
        let file = page(&app, &path).await;
        let expected = match path.rsplit_once('.').unwrap().1 {
            "json" => "application/json",
            // Browsers run a module only with the type of JavaScript.
            "mjs" => "text/javascript; charset=utf-8",
            _ => "text/plain; charset=utf-8",
        };
        assert_eq!((file.status, file.header("content-type")), (200, expected), "{path}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_page_is_marked_if_the_api_has_webhooks() {
    let app = TestApp::start().await;
    let front = page(&app, "/").await;
    assert_eq!(front.text.contains("data-webhooks"), HAS_WEBHOOKS, "{}", front.text);
    let script = page(&app, "/assets/dashboard/bundle/main.js").await;
    assert!(script.text.contains("\"webhooks\"in document.body.dataset"));
}
