//! Pages of lists: following `Link` returns every row once, in the order of the list that is not paged.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::{
    app::{ADMIN, HAS_WEBHOOKS, TestApp, setup},
    field::{Field, WINDOW, at, issued, point, risk},
};

/// Number of rows in each list of [`start`].
const ROWS: usize = 5;

/// Starts a server with [`ROWS`] rows in each list. Returns the lists' paths, each with a filter that accepts every
/// row.
async fn start() -> (TestApp, Vec<String>) {
    let app = TestApp::start().await;
    let mut homes = Vec::new();
    for n in 0..ROWS {
        homes.push(app.organisation(&format!("organisation {n}")).await);
    }
    let home = &homes[0];
    let mut job = Value::Null;
    for n in 0..ROWS {
        job = app
            .ok(ADMIN, "POST /jobs/setup", setup(home, &format!("Job {n}")))
            .await;
    }
    let source = &job["source_id"];
    for n in 1..ROWS {
        let name = format!("thing {n}");
        let output = json!({ "role": "p", "metric": "m" });
        let version = json!({ "source_id": source, "version": name, "input_roles": [], "output_roles": [output] });
        for (list, body) in [
            ("sources", json!({ "name": name })),
            ("source_versions", version),
            ("sensors", sensor(home, Uuid::new_v4(), &name)),
        ] {
            app.make(&format!("/api/v1/{list}"), &body).await;
        }
        app.token(&name, "viewer", home).await;
    }
    app.token("thing", "viewer", home).await;
    for n in 0..ROWS {
        let body = json!({ "organisation_id": home, "name": format!("thing {n}"), "latitude": 0, "longitude": n });
        app.make("/api/v1/locations", &body).await;
        if HAS_WEBHOOKS {
            let body = json!({ "organisation_id": home, "name": format!("hook {n}"), "url": "http://127.0.0.1:9/" });
            app.make("/api/v1/webhooks", &body).await;
        }
    }
    let first = format!("GET /sensors?organisation_id={home}&limit=1");
    let fed = app.ok(ADMIN, &first, Value::Null).await[0]["id"].clone();
    for n in 0..ROWS {
        let mappings = json!([{ "sensor_id": fed, "value": "" }]);
        let name = format!("feed {n}");
        let body = json!({ "organisation_id": home, "name": name, "kind": "http", "mappings": mappings });
        app.make("/api/v1/feeds", &body).await;
    }
    let version = job["source_version_id"].as_str().unwrap();
    let source = source.as_str().unwrap();
    let lists = [
        "organisations?".to_owned(),
        format!("locations?organisation_id={home}"),
        format!("sensors?organisation_id={home}"),
        "sources?".to_owned(),
        format!("source_versions?source_id={source}"),
        format!("jobs?active=true&source_id={source}&organisation_id={home}"),
        format!("jobs/service/{version}?"),
        format!("tokens?organisation_id={home}"),
        format!("feeds?kind=http&organisation_id={home}"),
        #[cfg(feature = "webhooks")]
        format!("webhooks?organisation_id={home}"),
    ];
    (app, lists.map(|list| format!("/api/v1/{list}")).into())
}

fn sensor(organisation: &str, id: Uuid, name: &str) -> Value {
    json!({ "id": id, "organisation_id": organisation, "name": name, "metric": "celsius" })
}

/// Posts points of a job at these hours of 2023-10-27, in each of two stages.
async fn predict(app: &TestApp, job: &Value, hours: &[u32]) {
    let point = |hour: &u32| {
        let valid_time = format!("2023-10-27T{hour:02}:00:00Z");
        json!({ "role": "risk", "valid_time": valid_time, "value": hour })
    };
    let points: Vec<_> = hours.iter().map(point).collect();
    for stage in ["calibrated", "raw"] {
        let post = json!({ "job_id": job, "stage": stage, "predictions": points });
        app.ok(ADMIN, "POST /predictions", post).await;
    }
}

/// Starts a server with a job. Returns the path of its predictions, of which there are [`ROWS`] in each of two stages.
async fn predictions() -> (TestApp, Value, String) {
    let app = TestApp::start().await;
    let home = app.organisation("Home").await;
    let job = setup(&home, "Job A");
    let job = app.ok(ADMIN, "POST /jobs/setup", job).await["id"].clone();
    predict(&app, &job, &[1, 3, 5, 7, 9]).await;
    let path = format!("/api/v1/predictions?metric=all&job_id={}", job.as_str().unwrap());
    (app, job, path)
}

/// Returns a page's rows and the path of the next one.
async fn page(app: &TestApp, path: &str) -> (Vec<Value>, Option<String>) {
    let answer = app.get(path).await;
    let rows = answer.expect(200).as_array().unwrap().clone();
    let next = match answer.header("link") {
        "" => None,
        link => {
            let target = link.strip_prefix('<').unwrap();
            Some(target.strip_suffix(">; rel=\"next\"").unwrap().to_owned())
        }
    };
    (rows, next)
}

/// Returns the pages of a list, from the given one on.
async fn pages(app: &TestApp, first: &str) -> Vec<Vec<Value>> {
    let (mut pages, mut next) = (Vec::new(), Some(first.to_owned()));
    while let Some(path) = next {
        let (rows, following) = page(app, &path).await;
        pages.push(rows);
        next = following;
    }
    pages
}

/// Returns the key of a row: its id, or the whole row if it has none.
fn key(row: &Value) -> Value {
    row.get("id").unwrap_or(row).clone()
}

fn keys(rows: &[Value]) -> Vec<Value> {
    rows.iter().map(key).collect()
}

/// Compares a list in pages of every size with the list that is not paged.
async fn check(app: &TestApp, path: &str, rows: usize) {
    let (all, next) = page(app, path).await;
    assert_eq!((all.len(), next), (rows, None), "{path}");
    for limit in 1..=rows + 1 {
        let pages = pages(app, &format!("{path}&limit={limit}")).await;
        let lengths: Vec<_> = pages.iter().map(Vec::len).collect();
        let expected: Vec<_> = all.chunks(limit).map(<[Value]>::len).collect();
        assert_eq!(lengths, expected, "{path}");
        assert_eq!(keys(&pages.concat()), keys(&all), "{path}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn following_the_links_gives_every_row_once_and_in_order() {
    let (app, lists) = start().await;
    for path in lists {
        check(&app, &path, ROWS).await;
    }
    let (app, _, path) = predictions().await;
    check(&app, &path, 2 * ROWS).await;
    check(&app, &format!("{path}&stage=raw"), ROWS).await;
    let window = "from=2023-10-27T03:00:00Z&to=2023-10-27T09:00:00Z";
    check(&app, &format!("{path}&{window}"), 6).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn things_stand_in_the_order_of_their_ids() {
    let (app, lists) = start().await;
    for path in lists {
        let (rows, _) = page(&app, &path).await;
        assert!(rows.is_sorted_by_key(|row| row["id"].as_str()), "{path}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_keeps_the_filters() {
    let app = TestApp::start().await;
    let [home, elsewhere] = ["Home", "Elsewhere"].map(|name| app.organisation(name));
    let (home, elsewhere) = (home.await, elsewhere.await);
    for (n, owner) in [&home, &elsewhere, &home, &elsewhere, &home].iter().enumerate() {
        for metric in ["soil moisture", "celsius"] {
            let mut body = sensor(owner, Uuid::new_v4(), &format!("{metric} {n}"));
            body["metric"] = json!(metric);
            app.make("/api/v1/sensors", &body).await;
        }
    }
    let filter = format!("metric=soil%20moisture&organisation_id={home}");
    let (rows, next) = page(&app, &format!("/api/v1/sensors?limit=1&{filter}")).await;
    let next = next.unwrap();
    assert_eq!(rows.len(), 1);
    assert!(next.contains(&filter) && next.contains("limit=1"), "{next}");
    let rows = [rows, pages(&app, &next).await.concat()].concat();
    assert_eq!(rows.len(), 3);
    for row in rows {
        assert_eq!([&row["metric"], &row["organisation_id"]], ["soil moisture", &*home]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_page_contains_resources_that_the_token_may_not_see() {
    let (app, lists) = start().await;
    let elsewhere = app.organisation("Elsewhere").await;
    for name in ["a", "b", "c"] {
        app.make("/api/v1/sensors", &sensor(&elsewhere, Uuid::new_v4(), name))
            .await;
    }
    let home = lists[2].rsplit('=').next().unwrap();
    let viewer = app.token("reader", "viewer", home).await;
    let mut next = Some("/api/v1/sensors?limit=2".to_owned());
    let mut count = 0;
    while let Some(path) = next {
        let answer = app.call_as(&viewer, "GET", &path, &Value::Null).await;
        for row in answer.expect(200).as_array().unwrap() {
            assert_eq!(row["organisation_id"], home);
            count += 1;
        }
        let link = answer.header("link").strip_prefix('<');
        next = link.map(|link| link.split_once('>').unwrap().0.to_owned());
    }
    assert_eq!(count, ROWS);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_made_meanwhile_do_not_disturb() {
    let (app, lists) = start().await;
    let path = &lists[2];
    let home = path.rsplit('=').next().unwrap();
    let (before, _) = page(&app, path).await;
    let (mut rows, next) = page(&app, &format!("{path}&limit=2")).await;
    for (id, name) in [(1, "first"), (u128::MAX, "last")] {
        let body = sensor(home, Uuid::from_u128(id), name);
        app.make("/api/v1/sensors", &body).await;
    }
    rows.extend(pages(&app, &next.unwrap()).await.concat());
    assert_eq!(rows.pop().unwrap()["name"], "last");
    assert_eq!(rows, before);

    let (app, job, path) = predictions().await;
    let (before, _) = page(&app, &path).await;
    let (mut rows, next) = page(&app, &format!("{path}&limit=2")).await;
    predict(&app, &job, &[2, 11]).await;
    rows.extend(pages(&app, &next.unwrap()).await.concat());
    assert_eq!(rows, before, "all pages are of the moment of the first");
    let (after, _) = page(&app, &path).await;
    assert!(after.len() > before.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_deleted_meanwhile_do_not_disturb() {
    let (app, lists) = start().await;
    let path = &lists[2];
    let (before, _) = page(&app, path).await;
    let (_, next) = page(&app, &format!("{path}&limit=2")).await;
    for row in &before[1..3] {
        // The binding that the first one may have is of no interest here.
        let id = row["id"].as_str().unwrap();
        app.delete(&format!("/api/v1/sensors/{id}")).await;
    }
    let (left, _) = page(&app, path).await;
    let rest = pages(&app, &next.unwrap()).await.concat();
    let expected: Vec<_> = left.into_iter().filter(|row| before[2..].contains(row)).collect();
    assert_eq!(rest, expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_pages_of_predictions_share_the_window_of_the_first() {
    let (app, _, path) = predictions().await;
    let (before, _) = page(&app, &path).await;
    let (mut rows, next) = page(&app, &format!("{path}&limit=2")).await;
    // The window begins now unless it is given; by the time of the second page now is later.
    app.advance_minutes(4 * 60);
    rows.extend(pages(&app, &next.unwrap()).await.concat());
    let what = |rows: &[Value]| -> Vec<_> {
        let row = |row: &Value| format!("{} {}", row["stage"], row["valid_time"]);
        rows.iter().map(row).collect()
    };
    assert_eq!(what(&rows), what(&before));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thing_under_the_smallest_id_is_listed() {
    let app = TestApp::start().await;
    let home = app.organisation("Home").await;
    app.make("/api/v1/sensors", &sensor(&home, Uuid::nil(), "a")).await;
    let (rows, _) = page(&app, "/api/v1/sensors").await;
    assert_eq!(keys(&rows), [json!(Uuid::nil())]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_limit_or_cursor_that_cannot_be_used_is_named() {
    let (app, lists) = start().await;
    let (predicted, _, predictions) = predictions().await;
    let (_, next) = page(&predicted, &format!("{predictions}&limit=1")).await;
    let foreign = next.unwrap().rsplit_once("cursor=").unwrap().1.to_owned();
    let lists = lists.iter().map(|path| (&app, path));
    for (app, path) in lists.chain([(&predicted, &predictions)]) {
        for limit in ["0", "10001", "-1", "all", "", "1.5"] {
            // All predictions of a window can be requested, but not all resources.
            if limit == "all" && *path == predictions {
                continue;
            }
            let answer = app.get(&format!("{path}&limit={limit}")).await;
            answer.expect_problem(400, &["limit"]);
        }
        // Others than cursors, and one of an earlier release.
        for cursor in [
            "",
            "x",
            "e30",
            "IjEi",
            "IjU1NTU1NTU1LTU1NTUtNTU1NS01NTU1LTU1NTU1NTU1NTU1NSI",
        ] {
            let answer = app.get(&format!("{path}&cursor={cursor}")).await;
            answer.expect_problem(400, &["cursor"]);
        }
        let answer = app.get(&format!("{path}&cursor={foreign}")).await;
        if path == &predictions {
            answer.expect(200);
        } else {
            answer.expect_problem(400, &["cursor"]);
            let detail = "belongs to another list or other filters";
            assert!(answer.text.contains(detail), "{path}: {}", answer.text);
        }
        app.get(&format!("{path}&limit=10000")).await.expect(200);
    }
}

/// Returns the cursor of the page after the first, and the rows of the first.
async fn first_page(app: &TestApp, secret: &str, path: &str) -> (Value, String) {
    let answer = app.call_as(secret, "GET", path, &Value::Null).await;
    let rows = answer.expect(200);
    let link = answer.header("link");
    let cursor = link.split_once("cursor=").unwrap().1;
    (rows, cursor.split_once('>').unwrap().0.to_owned())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cursor_belongs_to_its_list_its_filters_and_its_organisation() {
    let app = TestApp::start().await;
    let (home, away) = (app.organisation("Home").await, app.organisation("Away").await);
    for number in 0..3 {
        for of in [&home, &away] {
            let body = sensor(of, Uuid::new_v4(), &format!("{number}"));
            app.make("/api/v1/sensors", &body).await;
        }
        let source = json!({ "name": format!("source {number}") });
        app.make("/api/v1/sources", &source).await;
    }
    let ours = app.token("ours", "viewer", &home).await;
    let theirs = app.token("theirs", "viewer", &away).await;
    let path = format!("/api/v1/sensors?metric=celsius&organisation_id={home}");
    let (_, cursor) = first_page(&app, ADMIN, &format!("{path}&limit=1")).await;
    let get = async |secret: &str, path: &str| {
        let path = format!("{path}&cursor={cursor}");
        app.call_as(secret, "GET", &path, &Value::Null).await
    };
    // The limit may change, and the order of the filters.
    for limit in ["", "&limit=1", "&limit=2"] {
        get(ADMIN, &format!("{path}{limit}")).await.expect(200);
    }
    let turned = format!("/api/v1/sensors?limit=5&organisation_id={home}&metric=%63elsius");
    get(ADMIN, &turned).await.expect(200);
    for (secret, other) in [
        (ADMIN, "/api/v1/sensors?limit=1".to_owned()),
        (ADMIN, format!("/api/v1/sensors?organisation_id={home}")),
        (ADMIN, format!("/api/v1/sensors?metric=celsius&organisation_id={away}")),
        (ADMIN, format!("/api/v1/sensors?metric=kelvin&organisation_id={home}")),
        (ADMIN, format!("{path}&name=1")),
        (ADMIN, "/api/v1/sources?limit=1".to_owned()),
        (ADMIN, format!("/api/v1/jobs?organisation_id={home}")),
        (&*ours, path.clone()),
        (&*theirs, "/api/v1/sensors?metric=celsius".to_owned()),
    ] {
        let answer = get(secret, &other).await;
        answer.expect_problem(400, &["cursor"]);
        let detail = "belongs to another list or other filters";
        assert!(answer.text.contains(detail), "{other}: {}", answer.text);
    }
    // One that was cut off or changed anywhere is refused.
    let tried = async |cursor: &str| {
        let answer = app.get(&format!("{path}&cursor={cursor}")).await;
        answer.expect_problem(400, &["cursor"]);
    };
    for length in 0..cursor.len() {
        tried(&cursor[..length]).await;
    }
    for place in 0..cursor.len() - 1 {
        let mut changed = cursor.clone().into_bytes();
        changed[place] = if changed[place] == b'A' { b'B' } else { b'A' };
        tried(&String::from_utf8(changed).unwrap()).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_pages_of_predictions_are_of_the_moment_of_the_first() {
    for issues in ["latest", "all"] {
        let field = Field::start().await;
        let hours: Vec<_> = (1..6).map(|hour| risk(hour, f64::from(hour))).collect();
        field.post(issued(0), &hours).await;
        field.app.advance_seconds(1);
        let path = format!(
            "/api/v1/predictions?metric=all&location_id={}&{WINDOW}&issues={issues}",
            field.there
        );
        let before = field.app.get(&path).await.expect(200);
        let limited = format!("{path}&limit=2");
        let (first, mut cursor) = first_page(&field.app, ADMIN, &limited).await;
        let mut rows = first.as_array().unwrap().clone();
        // A revision, a new issue with other valid times, an older issue, and another series arrive in between.
        field.app.advance_seconds(1);
        field.post(issued(0), &[risk(1, 11.0), risk(3, 33.0)]).await;
        field
            .post(
                json!({ "issue_time": "2023-10-27T00:00:01Z" }),
                &[risk(2, 22.0), risk(4, 44.0), risk(9, 9.0)],
            )
            .await;
        field
            .post(
                json!({ "issue_time": "2023-10-26T00:00:00Z" }),
                &[risk(4, 4.5), risk(5, 5.5)],
            )
            .await;
        field.post(issued(0), &[point("spread", 1, 1.0)]).await;
        let now = field.app.get(&path).await.expect(200);
        assert_ne!(now, before);
        loop {
            let answer = field.app.get(&format!("{limited}&cursor={cursor}")).await;
            rows.extend(answer.expect(200).as_array().unwrap().clone());
            match answer.header("link").split_once("cursor=") {
                Some((_, next)) => cursor = next.split_once('>').unwrap().0.to_owned(),
                None => break,
            }
        }
        assert_eq!(json!(rows), before, "{issues}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_shows_what_a_clock_ahead_stamped() {
    let field = Field::start().await;
    field.app.advance_minutes(60);
    let hours: Vec<_> = (1..6).map(|hour| risk(hour, f64::from(hour))).collect();
    field.post(issued(0), &hours).await;
    field.app.advance_minutes(-60);
    let path = format!("/api/v1/predictions?metric=all&location_id={}&{WINDOW}", field.there);
    let whole = field.app.get(&path).await.expect(200);
    let (first, cursor) = first_page(&field.app, ADMIN, &format!("{path}&limit=2")).await;
    let rest = field.app.get(&format!("{path}&cursor={cursor}")).await.expect(200);
    let rows = [first.as_array().unwrap().clone(), rest.as_array().unwrap().clone()].concat();
    assert_eq!((rows.len(), json!(rows)), (5, whole));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_pages_of_readings_are_of_the_moment_of_the_first() {
    let app = TestApp::start().await;
    let home = app.organisation("Home").await;
    let id = app.make("/api/v1/sensors", &sensor(&home, Uuid::new_v4(), "a")).await;
    let post = async |hour: u32, value: f64| {
        let body = json!([{ "sensor_id": id, "time": at(hour), "value": value }]);
        app.ok(ADMIN, "POST /readings", body).await;
        app.advance_seconds(1);
    };
    for hour in [1, 3, 5] {
        post(hour, f64::from(hour)).await;
    }
    let path = format!("/api/v1/sensors/{id}/readings?shape=rows");
    let before = app.get(&path).await.expect(200);
    let (first, cursor) = first_page(&app, ADMIN, &format!("{path}&limit=1")).await;
    post(3, 33.0).await;
    post(4, 4.0).await;
    let rest = app.get(&format!("{path}&cursor={cursor}")).await.expect(200);
    let rows = [first.as_array().unwrap().clone(), rest.as_array().unwrap().clone()].concat();
    assert_eq!(json!(rows), before);
}

/// Returns the cursor as it was issued before keys of groups had jobs.
fn without_job(cursor: &str) -> String {
    let bytes = URL_SAFE_NO_PAD.decode(cursor).unwrap();
    let (list, mut position): (_, Value) = (&bytes[..8], serde_json::from_slice(&bytes[12..]).unwrap());
    let group = position["after"]["group"].as_object_mut().unwrap();
    assert!(group.remove("job").is_some());
    let position = position.to_string().into_bytes();
    let checksum = Sha256::digest([list, &position].concat());
    URL_SAFE_NO_PAD.encode([list, &checksum[..4], &position].concat())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cursor_of_an_earlier_release_continues_where_it_stopped() {
    let field = Field::start().await;
    let hours: Vec<_> = (1..6).map(|hour| risk(hour, f64::from(hour))).collect();
    field.post(issued(0), &hours).await;
    for issues in ["latest", "all"] {
        let path = format!(
            "/api/v1/predictions?metric=all&location_id={}&{WINDOW}&issues={issues}",
            field.there
        );
        let whole = field.app.get(&path).await.expect(200);
        let (first, cursor) = first_page(&field.app, ADMIN, &format!("{path}&limit=2")).await;
        let old = without_job(&cursor);
        let rest = field.app.get(&format!("{path}&cursor={old}")).await.expect(200);
        let rows = [first.as_array().unwrap().clone(), rest.as_array().unwrap().clone()].concat();
        assert_eq!((rows.len(), json!(rows)), (5, whole), "{issues}");
    }
}
