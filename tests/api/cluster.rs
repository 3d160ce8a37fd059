//! Several servers on one database of PostgreSQL, and a database that goes away. These tests run if the tests run on
//! PostgreSQL.

use std::{
    fs,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use prediction_api::{
    domain::Timestamp,
    service::webhook::Rules,
    store::{Db, postgres},
};
use serde_json::{Value, json};
use tempfile::tempdir;

use crate::{
    app::{ADMIN, TestApp, WEBHOOKS, store_limits},
    clocks,
    command_line::{Served, assert_refused, command, run},
    field::{Field, issued, risk},
    receiver::{How, Receiver},
    remote::{self, Remote},
    storage,
};

/// Rules of webhooks by which a message that is held does not fail while the servers change places.
fn patient() -> Rules {
    Rules {
        time_out: Duration::from_mins(1),
        ..WEBHOOKS
    }
}

/// Starts a server beside the field's, on the same database.
async fn beside(field: &Field) -> TestApp {
    let folder = tempdir().unwrap();
    storage::share(field.app.folder.path(), folder.path());
    field.app.start_beside(folder, patient()).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn counts_of_posts_through_two_servers_are_exact() {
    if !storage::is_postgres() {
        return;
    }
    let field = Field::start().await;
    let other = beside(&field).await;
    // All posts are about the same four values of one issue, so that each revises another one, or changes nothing.
    let post = async |server: &TestApp, number: u32| {
        let mut body = json!({ "job_id": field.job, "predictions": [risk(number % 4, f64::from(number % 3))] });
        body.as_object_mut()
            .unwrap()
            .extend(issued(0).as_object().unwrap().clone());
        let counts = server.post("/api/v1/predictions", &body).await.expect(200);
        ["stored", "revised", "unchanged"].map(|name| counts[name].as_u64().unwrap())
    };
    let of = async |server: &TestApp, first: u32| {
        let mut sums = [0; 3];
        for round in 0..10 {
            let posts = (0..8).map(|number| post(server, first + round * 8 + number));
            for counts in futures_util::future::join_all(posts).await {
                sums = [sums[0] + counts[0], sums[1] + counts[1], sums[2] + counts[2]];
            }
        }
        sums
    };
    let (here, there) = tokio::join!(of(&field.app, 0), of(&other, 1));
    let [stored, revised, unchanged] = [0, 1, 2].map(|index| here[index] + there[index]);
    assert_eq!((stored, stored + revised + unchanged), (4, 160));
    let revisions = "SELECT count(*), count(DISTINCT available_at) FROM runs";
    let row = |row: &prediction_api::store::engine::Row<'_>| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?));
    let (runs, arrivals) = field.app.database().query_row(revisions, [], row).unwrap();
    assert_eq!(u64::try_from(runs).unwrap(), stored + revised);
    assert_eq!(arrivals, runs, "each revision has a later time of arrival");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_other_server_knows_a_change_within_a_second() {
    if !storage::is_postgres() {
        return;
    }
    let field = Field::start().await;
    let other = beside(&field).await;
    let created = field
        .app
        .ok(
            ADMIN,
            "POST /tokens",
            json!({ "name": "short", "role": "viewer", "organisation_id": field.home }),
        )
        .await;
    let (id, secret) = (created["id"].as_str().unwrap(), created["secret"].as_str().unwrap());
    let whoami = async |server: &TestApp| {
        server
            .call_as(secret, "GET", "/api/v1/whoami", &Value::Null)
            .await
            .status
    };
    assert_eq!((whoami(&field.app).await, whoami(&other).await), (200, 200));
    field.app.ok(ADMIN, &format!("DELETE /tokens/{id}"), Value::Null).await;
    assert_eq!(whoami(&field.app).await, 401);
    other.advance_seconds(1);
    assert_eq!(whoami(&other).await, 401);

    // A post is checked against the contract as it is now, even if the other server has cached another one.
    let body = json!({ "job_id": field.job, "predictions": [risk(1, 1.0)] });
    other.post("/api/v1/predictions", &body).await.expect(200);
    field
        .app
        .ok(ADMIN, &format!("DELETE /jobs/{}", field.job), Value::Null)
        .await;
    other.post("/api/v1/predictions", &body).await.expect(404);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_server_runs_the_loops_and_another_takes_over() {
    if !storage::is_postgres() {
        return;
    }
    let field = Field::start().await;
    let other = beside(&field).await;
    let runs = async |app: &TestApp| app.service().runs_the_loops().await;
    field
        .app
        .until(async || runs(&field.app).await || runs(&other).await)
        .await;
    let (here, there) = (runs(&field.app).await, runs(&other).await);
    assert!(here != there, "{here} {there}");
    let left = match here {
        true => {
            field.app.stop().await;
            other
        }
        false => {
            other.stop().await;
            field.app
        }
    };
    left.until(async || runs(&left).await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_that_two_servers_send_counts_once() {
    if !storage::is_postgres() {
        return;
    }
    let field = Field::on(TestApp::start_ruled(patient()).await).await;
    let other = beside(&field).await;
    let receiver = Receiver::start().await;
    let hook = json!({ "name": "hook", "url": receiver.url("/hook"), "organisation_id": field.home });
    let hook = field.app.make("/api/v1/webhooks", &hook).await;
    receiver.answers("/hook", How::Hold);
    let report = json!({ "status": "failed", "message": "it failed" });
    field
        .app
        .ok(ADMIN, &format!("POST /jobs/{}/runs", field.job), report)
        .await;
    receiver.received("/hook", 1).await;
    // The server that is sending loses its connections, and with them the loops, until the other one has them.
    let runs = async |app: &TestApp| app.service().runs_the_loops().await;
    let (first, second) = match runs(&field.app).await {
        true => (&field.app, &other),
        false => (&other, &field.app),
    };
    let changes = async || {
        storage::disconnect(field.app.folder.path());
        second.until(async || runs(first).await || runs(second).await).await;
        runs(second).await
    };
    second.until(changes).await;
    let received = receiver.received("/hook", 2).await;
    assert_eq!(received[0].id(), received[1].id());
    receiver.answers("/hook", How::Status(204));
    let deliveries = format!("GET /webhooks/{hook}/deliveries");
    let list = async || field.app.ok(ADMIN, &deliveries, Value::Null).await;
    field.app.until(async || list().await[0]["state"] == "delivered").await;
    // The result of the other attempt comes as well, and changes nothing.
    for app in [&field.app, &other] {
        app.tick();
        app.sweep().await;
    }
    let list = list().await;
    assert_eq!((list.as_array().unwrap().len(), &list[0]["attempts"]), (1, &json!(1)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_database_is_unavailable_until_it_is_back() {
    if !storage::is_postgres() {
        return;
    }
    let field = Field::start().await;
    let folder = field.app.folder.path();
    field.post(issued(0), &[risk(1, 1.0)]).await;
    // Connections that were lost while nothing happened are replaced without a failure.
    storage::disconnect(folder);
    field.post(issued(1), &[risk(2, 2.0)]).await;
    assert_eq!(field.values("").await.len(), 2);

    storage::close(folder, true);
    let read = field.app.get("/api/v1/organisations").await;
    read.expect_problem(503, &[]);
    assert!(!read.header("retry-after").is_empty());
    let posted = field.try_post(issued(2), &[risk(3, 3.0)]).await;
    posted.expect_problem(503, &[]);
    assert!(!posted.header("retry-after").is_empty());
    assert_eq!(field.app.get("/readyz").await.status, 503);
    assert_eq!(field.app.get("/livez").await.status, 200);

    storage::close(folder, false);
    let is_back = async || field.try_post(issued(2), &[risk(3, 3.0)]).await.status == 200;
    field.app.until(is_back).await;
    field
        .app
        .until(async || field.app.get("/readyz").await.status == 200)
        .await;
    assert_eq!(field.values("").await.len(), 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn servers_that_start_at_once_create_the_tables_once() {
    if !storage::is_postgres() {
        return;
    }
    let folder = tempdir().unwrap();
    let starts = (0..4).map(|_| {
        let options = storage::options(folder.path());
        tokio::task::spawn_blocking(move || Db::connect(options, store_limits()).is_ok())
    });
    let opened = futures_util::future::join_all(starts).await;
    assert!(opened.into_iter().all(|opened| opened.unwrap()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn databases_that_cannot_be_used_are_refused() {
    if !storage::is_postgres() {
        return;
    }
    let folder = tempdir().unwrap();
    storage::url_of(folder.path());
    let refused = |parts: &[&str]| assert_refused(&run(folder.path(), &["token", "list"]), parts);
    let database = storage::connect(folder.path());
    database.execute_batch("CREATE TABLE other (id bigint)").unwrap();
    refused(&["cannot open the database postgres://", "tables of another program"]);
    database.execute_batch("DROP TABLE other").unwrap();
    drop(Db::connect(storage::options(folder.path()), store_limits()).unwrap());
    database.execute_batch("UPDATE schema SET version = 99").unwrap();
    refused(&["schema version 99", "use a newer prediction-api"]);
    for words in [&["backup", "x"][..], &["restore", "x"], &["demo"]] {
        assert_refused(
            &run(folder.path(), words),
            &["the data is in PostgreSQL", "postgres://"],
        );
    }

    // Passwords are not shown, and nothing is waited for if that is wanted.
    let mut away = command(folder.path(), &["token", "list"]);
    away.env("PREDICTION_API_STORAGE__URL", "postgres://a:secret@127.0.0.1:1/b");
    away.env("PREDICTION_API_STORAGE__START_SECONDS", "0");
    let told = away.output().unwrap();
    assert_refused(
        &told,
        &["cannot open the database postgres://a:***@127.0.0.1:1/b", "refused"],
    );
    let shown = format!("{told:?}");
    assert!(!shown.contains("secret"), "{shown}");
}

#[test]
fn a_server_waits_at_its_start_for_a_database_that_is_away() {
    if !storage::is_postgres() {
        return;
    }
    let folder = tempdir().unwrap();
    let serve = |url: &str, seconds: &str| {
        let mut serve = command(folder.path(), &["serve"]);
        serve.env("PREDICTION_API_STORAGE__URL", url);
        serve.env("PREDICTION_API_STORAGE__START_SECONDS", seconds);
        serve
    };
    let refused = |mut serve: Command, parts: &[&str]| {
        let told = serve.args(["--listen", ":0"]).output().unwrap();
        assert_refused(&told, parts);
        let shown = format!("{told:?}");
        assert!(!shown.contains("panicked"), "{shown}");
    };
    let away = "postgres://a@127.0.0.1:1/b";
    refused(serve(away, "0"), &["cannot open the database", "refused"]);
    let mut without_file = serve(away, "0");
    without_file.env("PREDICTION_API_STORAGE__PASSWORD_FILE", "missing");
    refused(without_file, &["storage.password_file missing cannot be read"]);

    // It serves once the database accepts connections.
    let url = storage::url_of(folder.path());
    storage::close(folder.path(), true);
    let log = folder.path().join("log");
    std::thread::scope(|threads| {
        threads.spawn(|| {
            let says_so =
                || fs::read_to_string(&log).is_ok_and(|log| log.contains("cannot connect to the database yet"));
            let end = Instant::now() + Duration::from_secs(30);
            while !says_so() && Instant::now() < end {
                std::thread::sleep(Duration::from_millis(20));
            }
            storage::close(folder.path(), false);
            assert!(says_so());
        });
        Served::start_logging(serve(&url, "60"), &log);
    });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_servers_that_start_at_once_one_creates_the_first_admin_token() {
    if !storage::is_postgres() {
        return;
    }
    let folder = tempdir().unwrap();
    storage::url_of(folder.path());
    let data = folder.path();
    let starts = (0..4).map(|_| {
        let serve = command(data, &["serve", "--data-dir", "."]);
        tokio::task::spawn_blocking(|| Served::start(serve))
    });
    let served = futures_util::future::join_all(starts).await;
    let token = fs::read_to_string(data.join("admin-token")).unwrap();
    for served in &served {
        let url = served
            .as_ref()
            .unwrap()
            .said("Swagger UI")
            .replace("/swagger", "/api/v1/whoami");
        let asked = reqwest::Client::new().get(url).bearer_auth(token.trim()).send().await;
        assert_eq!(asked.unwrap().status(), 200);
    }
    let others = fs::read_dir(data).unwrap().filter(|entry| {
        let name = entry.as_ref().unwrap().file_name();
        name.to_string_lossy().starts_with("admin-token.")
    });
    assert_eq!(others.count(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn writes_that_wait_too_long_for_another_server_are_unavailable_until_it_is_done() {
    if !storage::is_postgres() {
        return;
    }
    let folder = tempdir().unwrap();
    let url = storage::url_of(folder.path());
    let mut serve = command(folder.path(), &["--data-dir", "."]);
    serve.env("PREDICTION_API_STORAGE__URL", url);
    serve.env("PREDICTION_API_STORAGE__LOCK_SECONDS", "1");
    let server = Remote::start_command(serve, Stdio::null());
    let job = server.caller.job("Waiting").await;
    let post = async |number| {
        let issue = remote::issue(&job, number, 3);
        server.caller.call("POST /predictions", issue).await
    };
    assert_eq!(post(0).await.status, 200);

    let other = storage::connect(folder.path());
    other
        .execute_batch("BEGIN; SELECT pg_advisory_xact_lock(7310000002)")
        .unwrap();
    post(1).await.expect_unavailable();
    // A read as of this moment cannot know whether the other server's write belongs to its answer.
    let now = prediction_api::service::system_clock()();
    let path = format!("GET /predictions?metric=all&job_id={job}&from=2000-01-01T00:00:00Z&as_of={now}");
    server.caller.call(&path, Value::Null).await.expect_unavailable();
    other.execute_batch("ROLLBACK").unwrap();
    assert_eq!(post(1).await.status, 200);
    server.caller.ok(&path, Value::Null).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn defaults_of_the_database_change_nothing() {
    if !storage::is_postgres() {
        return;
    }
    let folder = tempdir().unwrap();
    let url = storage::url_of(folder.path());
    let name = url.rsplit_once('/').unwrap().1.split('?').next().unwrap();
    for setting in [
        "default_transaction_isolation = 'serializable'",
        "default_transaction_read_only = on",
        "search_path = 'other'",
    ] {
        let sql = format!("ALTER DATABASE {name} SET {setting}");
        storage::query(storage::server(), "postgres", &sql);
    }
    let server = Remote::start(folder.path(), ".");
    let job = server.caller.job("Defaults").await;
    server.caller.ok("POST /predictions", remote::issue(&job, 0, 3)).await;
    let checked = run(folder.path(), &["--data-dir", ".", "check"]);
    assert!(checked.status.success(), "{checked:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_check_takes_as_long_as_it_needs() {
    if !storage::is_postgres() {
        return;
    }
    let folder = tempdir().unwrap();
    drop(storage::open(folder.path()));
    let options = postgres::Options {
        statement_seconds: 1,
        ..storage::options(folder.path())
    };
    let other = storage::connect(folder.path());
    other.execute_batch("BEGIN; LOCK TABLE runs").unwrap();
    let checking = tokio::task::spawn_blocking(move || postgres::check_rows(&options));
    // Six seconds are the limit of other statements.
    tokio::time::sleep(Duration::from_secs(7)).await;
    other.execute_batch("ROLLBACK").unwrap();
    assert!(checking.await.unwrap().unwrap().is_current);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_runs_long_statements_stops_them() {
    if !storage::is_postgres() {
        return;
    }
    let folder = tempdir().unwrap();
    let options = postgres::Options {
        statement_seconds: 1,
        ..storage::options(folder.path())
    };
    let connection = postgres::connect(&options).unwrap();
    let error = connection
        .query_row("SELECT 1 FROM pg_sleep(60)", [], |_| Ok(()))
        .unwrap_err();
    let error = prediction_api::domain::Error::from(error);
    assert!(error.to_string().contains("storage.statement_seconds"), "{error}");
    connection.query_row("SELECT 1", [], |_| Ok(())).unwrap();
}

/// On either engine: values arrive while they are read as of this very moment, and what was returned never changes. With
/// PostgreSQL there are two servers, and the clock of the second one is 100 ms ahead.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_was_read_as_of_a_time_never_changes() {
    let folder = tempdir().unwrap();
    if storage::is_postgres() {
        storage::url_of(folder.path());
    }
    let first = Remote::start(folder.path(), ".");
    let second = storage::is_postgres().then(|| {
        let mut serve = command(folder.path(), &["--data-dir", "."]);
        if let Some(library) = clocks::faketime() {
            clocks::show(&mut serve, &library, "+0.1");
        }
        Remote::start_command(serve, Stdio::null())
    });
    let ahead = if second.is_some() { 100_000 } else { 0 };
    let second = second.as_ref().unwrap_or(&first);
    let job = first.caller.job("Moment").await;
    let writing = async {
        for number in 0..60 {
            let posts = (0..4).map(|part| {
                let server = if part % 2 == 0 { &first } else { second };
                let issue = remote::issue(&job, number * 4 + part, 3);
                async move { server.caller.ok("POST /predictions", issue).await }
            });
            futures_util::future::join_all(posts).await;
        }
    };
    let reading = async |server: &Remote, ahead: i64| {
        let mut asked = Vec::new();
        let end = tokio::time::Instant::now() + Duration::from_secs(2);
        while tokio::time::Instant::now() < end {
            let now = prediction_api::service::system_clock()();
            let now = Timestamp::from_micros(now.micros() + ahead);
            let from = remote::hour(0, 0);
            let path = format!(
                "GET /predictions?metric=all&job_id={job}&from={from}&to=2001-01-01T00:00:00Z&as_of={now}&limit=10000"
            );
            let found = server.caller.ok(&path, Value::Null).await;
            asked.push((path, found));
        }
        asked
    };
    let ((), mut asked, more) = tokio::join!(writing, reading(&first, 0), reading(second, ahead));
    asked.extend(more);
    assert!(asked.len() > 10);
    for (path, before) in asked {
        let now = second.caller.ok(&path, Value::Null).await;
        assert_eq!(now.as_array().map(Vec::len), before.as_array().map(Vec::len), "{path}");
        assert_eq!(now, before, "{path}");
    }
}
