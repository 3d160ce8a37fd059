//! A server behind a reverse proxy: under a path, and at another address than its own.

use std::collections::BTreeSet;

use prediction_api::http::{Options, Proxies};
use reqwest::{Client, Method, redirect::Policy};
use serde_json::{Value, json};
use tempfile::tempdir;

use crate::{
    app::{ADMIN, Answer, TestApp},
    command_line::{Served, assert_refused, command, run},
};

async fn behind(base_path: &str, trusted: &[&str]) -> TestApp {
    let trusted: Vec<_> = trusted.iter().map(|&text| text.to_owned()).collect();
    let options = Options {
        proxies: Proxies::new(base_path, &trusted).unwrap(),
        ..TestApp::options()
    };
    TestApp::start_with(options).await
}

/// Returns the response to a GET by the admin with these headers; redirects are not followed.
async fn get(app: &TestApp, path: &str, headers: &[(&str, &str)]) -> Answer {
    let client = Client::builder().redirect(Policy::none()).build().unwrap();
    let mut request = client.get(format!("{}{path}", app.url)).bearer_auth(ADMIN);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    app.send(request).await
}

/// Returns the paths that a page refers to.
fn references(html: &str) -> BTreeSet<String> {
    let link = regex::Regex::new("(?:href|src)=\"(/[^\"]*)\"").unwrap();
    let found = link.captures_iter(html).map(|link| link[1].to_owned());
    found.collect()
}

/// Checks that every address has the prefix. `kept` is the start of a request's path: the prefix, if the proxy does not
/// remove it.
async fn assert_under(app: &TestApp, kept: &str, headers: &[(&str, &str)]) {
    let at = |path: &str| format!("{kept}{path}");
    for page in ["/", "/docs", "/docs/quickstart", "/docs/problems", "/docs/demo"] {
        let found = get(app, &at(page), headers).await;
        assert_eq!(found.status, 200, "{page}: {}", found.text);
        let references = references(&found.text);
        assert!(references.len() > 5, "{page}");
        for reference in references {
            assert!(reference.starts_with("/farm/"), "{page}: {reference}");
            let path = reference.split(['#', '?']).next().unwrap();
            let path = path.strip_prefix("/farm").unwrap();
            if !path.starts_with("/api") {
                let target = get(app, &at(path), headers).await;
                assert_eq!(target.status, 200, "{page}: {reference}");
            }
        }
    }
    let swagger = get(app, &at("/swagger"), headers).await;
    assert!(swagger.text.contains("url: 'api/v1/openapi.json'"));
    let json = get(app, &at("/api/v1/openapi.json"), headers).await.json();
    assert_eq!(json["servers"], json!([{ "url": "/farm" }]));
    let yaml = get(app, &at("/api/v1/openapi.yaml"), headers).await.text;
    assert!(yaml.contains("servers:\n- url: /farm\n"));

    for name in ["one", "two"] {
        let body = json!({ "name": format!("{name} {kept} {}", headers.len()) });
        let mut post = app
            .request(Method::POST, &at("/api/v1/organisations"))
            .bearer_auth(ADMIN)
            .json(&body);
        for (name, value) in headers {
            post = post.header(*name, *value);
        }
        let made = app.send(post).await;
        made.expect(201);
        let location = made.header("location");
        assert!(location.starts_with("/farm/api/v1/organisations/"), "{location}");
    }
    let list = get(app, &at("/api/v1/organisations?limit=1"), headers).await;
    let link = list.header("link");
    assert!(
        link.starts_with("</farm/api/v1/organisations?limit=1&cursor="),
        "{link}"
    );
    let missing = get(app, &at("/api/v1/nothing"), headers).await;
    assert_eq!(missing.json()["type"], "/farm/docs/problems/not-found");
    for (from, to) in [
        ("/docs/", "/farm/docs"),
        ("/docs/quickstart/", "/farm/docs/quickstart"),
        ("/swagger/", "/farm/swagger"),
        ("/openapi.json", "/farm/api/v1/openapi.json"),
    ] {
        let moved = get(app, &at(from), headers).await;
        assert_eq!((moved.status, moved.header("location")), (308, to), "{from}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_base_path_holds_for_everything_that_has_an_address() {
    let app = behind("/farm", &[]).await;
    assert_under(&app, "", &[]).await;
    assert_under(&app, "/farm", &[]).await;
    let home = get(&app, "/farm", &[]).await;
    assert_eq!(
        (
            home.status,
            home.text.contains("\"/farm/assets/dashboard/bundle/main.js\"")
        ),
        (200, true)
    );
    assert_eq!(get(&app, "/farmer", &[]).await.status, 404);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_trusted_proxy_names_the_path_and_nobody_else_does() {
    let prefix = ("X-Forwarded-Prefix", "/farm");
    let app = behind("", &["127.0.0.0/8", "::1"]).await;
    assert_under(&app, "", &[prefix]).await;
    assert_under(&app, "/farm", &[prefix]).await;
    let slash = get(&app, "/api/v1/nothing", &[("X-Forwarded-Prefix", "/farm/")]).await;
    assert_eq!(slash.json()["type"], "/farm/docs/problems/not-found");

    let stranger = behind("", &["192.0.2.0/24"]).await;
    let none = behind("", &[]).await;
    for app in [stranger, none] {
        let answer = get(&app, "/api/v1/nothing", &[prefix]).await;
        assert_eq!(answer.json()["type"], "/docs/problems/not-found");
        let page = get(&app, "/docs", &[prefix, ("X-Forwarded-Host", "evil.example")]).await;
        assert!(!page.text.contains("evil.example") && !page.text.contains("/farm"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_forwarded_prefix_that_is_no_plain_path_is_ignored() {
    let app = behind("/own", &["127.0.0.1"]).await;
    for bad in [
        "farm",
        "//evil.example",
        "/a//b",
        "/..",
        "/a/./b",
        "/\"><script>alert(1)</script>",
        "/a b",
        "/a?b",
        "/a%0d%0aX: y",
        "/api",
        "/api/v1",
        "/docs",
        "https://evil.example/farm",
        &format!("/{}", "a".repeat(300)),
    ] {
        let headers = [("X-Forwarded-Prefix", bad)];
        let answer = get(&app, "/api/v1/nothing", &headers).await;
        assert_eq!(answer.json()["type"], "/own/docs/problems/not-found", "{bad}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn guides_have_the_address_by_which_the_server_was_asked() {
    let app = behind("", &["127.0.0.1"]).await;
    let (guide, default) = ("/docs/quickstart", "http://127.0.0.1:8000");
    let plain = get(&app, guide, &[]).await;
    assert!(plain.text.contains(&format!("{}/api/v1/whoami", app.url)));
    assert!(!plain.text.contains(default));
    let known = get(&app, guide, &[("If-None-Match", plain.header("etag"))]).await;
    assert_eq!(known.status, 304);

    let host = ("Host", "farm.example:8443");
    let named = get(&app, guide, &[host]).await;
    assert!(named.text.contains("http://farm.example:8443/api/v1/whoami"));
    assert_ne!(named.header("etag"), plain.header("etag"));

    let proxied = get(
        &app,
        guide,
        &[
            host,
            ("X-Forwarded-Host", "www.example, inner.example"),
            ("X-Forwarded-Proto", "https"),
            ("X-Forwarded-Prefix", "/farm"),
        ],
    )
    .await;
    assert!(proxied.text.contains("https://www.example/farm/api/v1/whoami"));
    assert!(!proxied.text.contains("farm.example"));

    for bad in ["a\"><script>", "a b", "a'$(id)", "a/b", "user@a", ""] {
        for name in ["Host", "X-Forwarded-Host"] {
            let odd = get(&app, guide, &[(name, bad)]).await;
            if odd.status == 200 {
                let own = app.url.strip_prefix("http://").unwrap();
                let address = format!("http://{own}/api/v1/whoami");
                assert!(odd.text.contains(&address), "{name}: {bad}");
            }
        }
    }
}

#[test]
fn settings_about_proxies_are_checked() {
    let folder = tempdir().unwrap();
    for bad in [
        "farm",
        "/farm/",
        "/",
        "/a//b",
        "/a b",
        "/api",
        "/api/v1/x",
        "/docs/x",
        "/../x",
    ] {
        let output = run(folder.path(), &["config", "--base-path", bad]);
        assert_refused(&output, &["base_path", bad, "a flag", "/farm"]);
    }
    for good in ["/farm", "/a/b-c_d.e~f", "/api/prediction", ""] {
        let output = run(folder.path(), &["config", "--base-path", good]);
        assert!(output.status.success(), "{good}");
    }
    for (value, is_good) in [
        ("127.0.0.1", true),
        ("10.0.0.0/8,fd00::/8", true),
        ("::1", true),
        ("proxy.example", false),
        ("10.0.0.0/33", false),
    ] {
        let output = command(folder.path(), &["config"])
            .env("PREDICTION_API_TRUSTED_PROXIES", value)
            .output()
            .unwrap();
        if is_good {
            assert!(output.status.success(), "{value}");
        } else {
            assert_refused(&output, &["trusted_proxies", value, "10.0.0.0/8"]);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_banner_has_the_base_path_and_its_addresses_open() {
    let folder = tempdir().unwrap();
    let served = Served::start(command(folder.path(), &["--base-path", "/farm"]));
    for name in ["Dashboard", "Swagger UI", "Guides"] {
        let address = served.said(name);
        assert!(address.contains("/farm/"), "{address}");
        let answer = Client::new().get(address).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{address}");
    }
    let whoami = served.said("Dashboard").to_owned() + "api/v1/whoami";
    let answer = Client::new()
        .get(whoami)
        .bearer_auth(served.said("Admin token"))
        .send()
        .await
        .unwrap();
    assert_eq!(answer.json::<Value>().await.unwrap()["role"], "admin");
}
