//! The sign-in link of the first start: valid once, for a quarter of an hour, and without a token in it.

use prediction_api::service::sign_in;
use reqwest::Method;
use serde_json::{Value, json};
use tempfile::tempdir;

use crate::{
    app::{ADMIN, Answer, TestApp},
    command_line::{Served, command},
};

async fn exchange(app: &TestApp, body: &str) -> Answer {
    let request = app.request(Method::POST, "/sign-in");
    app.send(request.header("content-type", "application/json").body(body.to_owned()))
        .await
}

fn body(code: &str) -> String {
    json!({ "code": code }).to_string()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_code_is_exchanged_once_for_an_admins_token() {
    let app = TestApp::start().await;
    exchange(&app, &body("")).await.expect_problem(401, &[]);
    let code = sign_in::offer(app.service());
    exchange(&app, &body("guessed")).await.expect_problem(401, &[]);
    let answer = exchange(&app, &body(&code)).await;
    assert_eq!(answer.header("cache-control"), "no-store");
    let made = answer.expect(201);
    let secret = made["secret"].as_str().unwrap();
    let who = app.ok(secret, "GET /whoami", Value::Null).await;
    assert_eq!([&who["name"], &who["role"]], ["sign-in link", "admin"]);
    exchange(&app, &body(&code)).await.expect_problem(401, &[]);
    let entries = app.ok(ADMIN, "GET /audit?kind=token&limit=1", Value::Null).await;
    assert_eq!(
        [&entries[0]["action"], &entries[0]["token_name"]],
        ["created", "sign-in link"]
    );
    // It is revoked like any other.
    app.ok(
        secret,
        &format!("DELETE /tokens/{}", made["id"].as_str().unwrap()),
        Value::Null,
    )
    .await;
    app.calls(secret, json!([["GET /whoami", null, 401]])).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_code_ends_with_its_time_with_too_many_guesses_and_with_the_next_one() {
    let app = TestApp::start().await;
    let late = sign_in::offer(app.service());
    app.advance_minutes(15);
    exchange(&app, &body(&late)).await.expect_problem(401, &[]);
    let guessed = sign_in::offer(app.service());
    for _ in 0..100 {
        exchange(&app, &body("guessed")).await.expect_problem(401, &[]);
    }
    exchange(&app, &body(&guessed)).await.expect_problem(401, &[]);
    let replaced = sign_in::offer(app.service());
    let code = sign_in::offer(app.service());
    exchange(&app, &body(&replaced)).await.expect_problem(401, &[]);
    for unreadable in ["", "[]", "{}", "{\"code\": 1}", &"x".repeat(2000)] {
        exchange(&app, unreadable).await.expect_problem(400, &[]);
    }
    exchange(&app, &body(&code)).await.expect(201);
}

#[test]
fn the_first_start_prints_a_link_and_the_next_one_does_not() {
    let folder = tempdir().unwrap();
    let served = Served::start(command(folder.path(), &[]));
    let link = served.said("Sign in");
    let (address, code) = link.split_once("#/sign-in?code=").unwrap();
    assert!(served.said("Dashboard").eq(address), "{link}");
    assert!(code.len() == 64 && !served.said("Admin token").contains(code), "{link}");
    assert_eq!(served.terminate(), Some(0));
    let again = Served::start(command(folder.path(), &[]));
    assert!(!again.greeting.contains("Sign in"), "{}", again.greeting);
}
