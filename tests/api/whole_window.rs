//! All rows of a window in one response: CSV without `limit`, and `limit=all`.

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use crate::{
    app::{ADMIN, TestApp},
    field::{Field, at, issued},
};

/// Number of values, more than those of two pages.
const VALUES: usize = 21_000;

/// Number of values, more than those of a page and of the buffers of a connection.
const MANY: usize = 60_000;

/// Window of all values: minutes from the first hour on.
const WINDOW: &str = "from=2023-10-27T00:00:00Z&to=2024-01-01T00:00:00Z";

async fn filled(count: usize) -> Field {
    let field = Field::start().await;
    for (hour, add) in [(0, 0.0), (1, 0.5)] {
        let values: Vec<_> = (0..count).map(|minute| (minute % 100) as f64 + add).collect();
        let column = json!({ "role": "risk", "start": at(hour), "step": "PT1M", "values": values });
        let mut body = issued(hour);
        body["job_id"] = json!(field.job);
        body["series"] = json!([column]);
        field.app.post("/api/v1/predictions", &body).await.expect(200);
        field.app.advance_minutes(60);
    }
    field
}

fn predictions(field: &Field, more: &str) -> String {
    format!("/api/v1/predictions?metric=all&job_id={}&{WINDOW}{more}", field.job)
}

/// Returns the texts of all pages that follow from a path.
async fn pages(app: &TestApp, path: &str) -> Vec<String> {
    let (mut found, mut next) = (Vec::new(), Some(path.to_owned()));
    while let Some(path) = next {
        let page = app.get(&path).await;
        assert_eq!(page.status, 200, "{}", page.text);
        let link = page.header("link").strip_prefix('<').map(str::to_owned);
        next = link.and_then(|link| Some(link.split_once('>')?.0.to_owned()));
        found.push(page.text);
    }
    found
}

fn rows(texts: &[String]) -> Vec<Value> {
    let parse = |text: &String| serde_json::from_str::<Vec<Value>>(text).unwrap();
    texts.iter().flat_map(parse).collect()
}

/// Returns the lines of CSV without those of the headers but the first.
fn lines(texts: &[String]) -> Vec<&str> {
    let without = texts.iter().skip(1).flat_map(|text| text.lines().skip(1));
    texts[0].lines().chain(without).collect()
}

/// Asserts that a window is the same in one response as in pages.
async fn is_whole(app: &TestApp, path: &str, count: usize) {
    let whole = pages(app, &format!("{path}&limit=all")).await;
    assert_eq!((whole.len(), rows(&whole).len()), (1, count), "{path}");
    assert!(
        rows(&whole) == rows(&pages(app, &format!("{path}&limit=10000")).await),
        "{path}"
    );

    let csv = pages(app, &format!("{path}&format=csv")).await;
    assert_eq!((csv.len(), lines(&csv).len()), (1, count + 1));
    assert!(
        lines(&csv) == lines(&pages(app, &format!("{path}&format=csv&limit=9999")).await),
        "{path}"
    );
    assert_eq!(pages(app, &format!("{path}&format=csv&limit=all")).await, csv);
    // A page is still a page, and JSON has pages by default.
    let page = app.get(&format!("{path}&format=csv&limit=10")).await;
    assert_eq!((page.text.lines().count(), page.header("link").is_empty()), (11, false));
    let page = app.get(path).await;
    assert_eq!(
        (
            page.expect(200).as_array().unwrap().len(),
            page.header("link").is_empty()
        ),
        (1000, false)
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_predictions_of_a_window_come_in_one_response() {
    let field = filled(VALUES).await;
    is_whole(&field.app, &predictions(&field, ""), VALUES + 60).await;
    is_whole(&field.app, &predictions(&field, "&issues=all"), 2 * VALUES).await;
    let as_of = format!("&as_of={}", at(0));
    is_whole(&field.app, &predictions(&field, &as_of), VALUES).await;
    // As series they are one page.
    let series = field.app.get(&predictions(&field, "&shape=series&limit=all")).await;
    let found = series.expect(200);
    assert_eq!((found.as_array().unwrap().len(), series.header("link")), (1, ""));
    assert_eq!(found[0]["values"].as_array().unwrap().len(), VALUES + 60);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_readings_and_pairs_of_a_window_come_in_one_response() {
    let field = filled(VALUES).await;
    // The measurements are not of the future, and the predictions have not expired.
    field.app.advance_minutes(20 * 24 * 60);
    let sensor = json!({ "organisation_id": field.home, "location_id": field.there, "name": "s", "metric": "mildew_risk", "unit": "points" });
    let sensor = field.app.ok(ADMIN, "POST /sensors", sensor).await;
    let id = sensor["id"].as_str().unwrap();
    let mut csv = "time,value\n".to_owned();
    let begin = prediction_api::domain::Timestamp::parse(&at(0)).unwrap();
    for minute in 0..12_000 {
        csv += &format!("{},{}\n", begin.plus_minutes(minute), minute % 90);
    }
    let request = field
        .app
        .request(Method::POST, &format!("/api/v1/readings?sensor_id={id}"));
    let request = request.bearer_auth(ADMIN).header("content-type", "text/csv").body(csv);
    field.app.send(request).await.expect(200);
    let path = format!("/api/v1/sensors/{id}/readings?{WINDOW}");
    is_whole(&field.app, &path, 12_000).await;
    let series = field.app.get(&format!("{path}&shape=series&limit=all")).await;
    assert_eq!(
        (
            series.expect(200)["values"].as_array().unwrap().len(),
            series.header("link")
        ),
        (12_000, "")
    );

    let of_job = format!(
        "metric=mildew_risk&job_id={}&sensor_id={id}&lead_edges=PT0S,P40D&{WINDOW}",
        field.job
    );
    let pairs = format!("/api/v1/accuracy/pairs?{of_job}");
    is_whole(&field.app, &pairs, 12_000).await;
    // Scores are few, and their CSV has all of them.
    let scores = format!("/api/v1/accuracy?{of_job}&by=day&by=hour");
    let all = pages(&field.app, &format!("{scores}&format=csv")).await;
    assert_eq!(all.len(), 1);
    assert!(lines(&all) == lines(&pages(&field.app, &format!("{scores}&format=csv&limit=100")).await));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_empty_window_and_limits_that_are_none() {
    let field = Field::start().await;
    assert_eq!(
        field.app.get(&predictions(&field, "&limit=all")).await.expect(200),
        json!([])
    );
    let csv = field.app.get(&predictions(&field, "&format=csv")).await;
    assert_eq!((csv.status, csv.text.lines().count()), (200, 1));
    for limit in ["0", "10001", "-1", "1.5", "", "ALL", "x"] {
        let path = predictions(&field, &format!("&limit={limit}"));
        field.app.get(&path).await.expect_problem(400, &["limit"]);
    }
    // Errors of the first page have their status.
    let unknown = predictions(&field, "&limit=all").replace(&field.job, "00000000-0000-4000-8000-000000000000");
    field.app.get(&unknown).await.expect_problem(404, &[]);
}

fn reads(app: &TestApp, secret: &str, path: &str) -> RequestBuilder {
    app.request(Method::GET, path).bearer_auth(secret)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_arrives_while_a_window_is_sent_is_not_in_it() {
    let field = filled(MANY).await;
    let path = predictions(&field, "&limit=all");
    let before = rows(&pages(&field.app, &path).await);
    let mut answer = reads(&field.app, ADMIN, &path).send().await.unwrap();
    let mut text = answer.chunk().await.unwrap().unwrap().to_vec();
    // The last value is revised by an issue that is newer, while the first page is on its way.
    let last = json!({ "role": "risk", "valid_time": "2023-12-01T00:00:00Z", "value": -1.0 });
    field.post(issued(2), &[last]).await;
    while let Some(chunk) = answer.chunk().await.unwrap() {
        text.extend(chunk);
    }
    assert!(rows(&[String::from_utf8(text).unwrap()]) == before);
    assert!(rows(&pages(&field.app, &path).await) != before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_revoked_token_gets_no_further_page() {
    let field = filled(MANY).await;
    let token = json!({ "name": "reader", "role": "viewer", "organisation_id": field.home });
    let token = field.app.ok(ADMIN, "POST /tokens", token).await;
    let secret = token["secret"].as_str().unwrap();
    let path = predictions(&field, "&issues=all&limit=all");
    let mut answer = reads(&field.app, secret, &path).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    answer.chunk().await.unwrap().unwrap();
    let id = token["id"].as_str().unwrap();
    field.app.ok(ADMIN, &format!("DELETE /tokens/{id}"), Value::Null).await;
    let cut = loop {
        match answer.chunk().await {
            Ok(Some(_)) => {}
            Ok(None) => break false,
            Err(_) => break true,
        }
    };
    assert!(cut, "the response ended as if it were whole");
}
