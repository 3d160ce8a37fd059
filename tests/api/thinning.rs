//! Series thinned for a chart: `max_points` of predictions and of readings.

use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    app::ADMIN,
    field::{Field, at, issued, risk},
};

/// Number of minutes, more than the rows of a page.
const MINUTES: usize = 12_000;

/// Window of all minutes.
const ALL: &str = "from=2023-10-27T00:00:00Z&to=2023-11-10T00:00:00Z&shape=series";

/// Returns a sawtooth with one high and one low outlier.
fn saw() -> Vec<f64> {
    let mut values: Vec<_> = (0..MINUTES).map(|minute| (minute % 7) as f64).collect();
    (values[7001], values[9002]) = (99.5, -99.5);
    values
}

async fn series(field: &Field, query: &str) -> Vec<Value> {
    let path = format!("GET /predictions?metric=all&job_id={}&{ALL}&{query}", field.job);
    let answer = field.app.ok(ADMIN, &path, Value::Null).await;
    answer.as_array().unwrap().clone()
}

async fn field_with_a_saw() -> Field {
    let field = Field::start().await;
    let column = json!({ "role": "risk", "start": at(0), "step": "PT1M", "values": saw() });
    let body = json!({ "job_id": field.job, "issue_time": at(0), "series": [column] });
    field.app.post("/api/v1/predictions", &body).await.expect(200);
    field
}

/// Asserts that the thinned series has real points of the saw, its ends and its extremes.
fn assert_is_of_the_saw(series: &Value, times: &str, most: usize) {
    let values = series["values"].as_array().unwrap();
    let times = series[times].as_array().unwrap();
    assert!(values.len() <= most && values.len() == times.len());
    assert_eq!(series["thinned_from"], MINUTES);
    let all = saw();
    let mut last = None;
    for (value, time) in values.iter().zip(times) {
        let minute = minute(time.as_str().unwrap());
        assert_eq!(*value, all[minute], "{time}");
        assert!(last < Some(minute), "{time} is out of order");
        last = Some(minute);
    }
    assert_eq!(minute(times[0].as_str().unwrap()), 0);
    assert_eq!(last, Some(MINUTES - 1));
    for extreme in [99.5, -99.5] {
        assert!(values.iter().any(|value| *value == extreme), "{extreme}");
    }
}

/// Returns the minutes from the first time to a time.
fn minute(time: &str) -> usize {
    let part = |range: std::ops::Range<usize>| time[range].parse::<usize>().unwrap();
    let day = if &time[5..7] == "10" {
        part(8..10) - 27
    } else {
        part(8..10) + 4
    };
    (day * 24 + part(11..13)) * 60 + part(14..16)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn predictions_are_thinned_to_their_extremes_over_the_whole_window() {
    let field = field_with_a_saw().await;
    for most in [10, 100, 10_000] {
        let found = series(&field, &format!("max_points={most}")).await;
        assert_eq!(found.len(), 1);
        assert_is_of_the_saw(&found[0], "valid_times", most);
    }
    // A window with fewer points is returned unchanged.
    let path = format!(
        "metric=all&job_id={}&shape=series&from={}&to={}",
        field.job,
        at(1),
        at(2)
    );
    let path = |more: &str| format!("GET /predictions?{path}{more}");
    let plain = field.app.ok(ADMIN, &path(""), Value::Null).await;
    let few = field.app.ok(ADMIN, &path("&max_points=60"), Value::Null).await;
    assert_eq!(plain, few);
    assert_eq!(few[0]["values"].as_array().unwrap().len(), 60);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn several_jobs_are_thinned_in_one_request() {
    let field = field_with_a_saw().await;
    let other = field.another("another-source").await;
    let body = json!({ "job_id": other, "issue_time": at(0), "predictions": [risk(1, 1.0)] });
    field.app.post("/api/v1/predictions", &body).await.expect(200);
    let path = |jobs: &[&str], more: &str| {
        let jobs: Vec<_> = jobs.iter().map(|id| format!("job_id={id}")).collect();
        format!("/api/v1/predictions?metric=all&{}&{ALL}{more}", jobs.join("&"))
    };
    let read = async |jobs: &[&str]| field.app.get(&path(jobs, "&max_points=100")).await.expect(200);
    let (here, there) = (read(&[&field.job]).await, read(&[&other]).await);
    assert_eq!(
        (here[0]["job_id"].as_str(), there[0]["job_id"].as_str()),
        (Some(field.job.as_str()), Some(other.as_str()))
    );
    // Each is thinned as it would be alone, in the order of the request, and a job that is named twice is returned once.
    assert_eq!(read(&[&other, &field.job, &other]).await, json!([there[0], here[0]]));

    let unknown = "00000000-0000-4000-8000-000000000000";
    let refused = async |jobs: &[&str], more: &str, status: u16, about: &[&str]| {
        field.app.get(&path(jobs, more)).await.expect_problem(status, about);
    };
    refused(&[&field.job, unknown], "&max_points=100", 404, &[]).await;
    refused(&[&field.job, &other], "", 400, &["job_id"]).await;
    let many: Vec<_> = (0..101)
        .map(|n| format!("{n:08x}-0000-4000-8000-000000000000"))
        .collect();
    let many: Vec<_> = many.iter().map(String::as_str).collect();
    refused(&many, "&max_points=100", 400, &["job_id"]).await;
    let place = format!("&max_points=100&location_id={}", field.there);
    refused(&[&field.job], &place, 400, &["job_id"]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_issue_and_each_metric_is_thinned_by_itself() {
    let field = field_with_a_saw().await;
    field.app.advance_minutes(60);
    let step = |role: &str| json!({ "role": role, "start": at(1), "step": "PT1M", "values": vec![50.0; 500] });
    let mut body = issued(1);
    body["job_id"] = json!(field.job);
    body["series"] = json!([step("risk"), step("spread")]);
    field.app.post("/api/v1/predictions", &body).await.expect(200);
    let all = series(&field, "issues=all&max_points=50").await;
    let from: Vec<_> = all.iter().map(|one| one["thinned_from"].as_u64()).collect();
    assert_eq!(from, [Some(MINUTES as u64), Some(500), Some(500)]);
    assert_is_of_the_saw(&all[0], "valid_times", 50);
    // The newest issue fills its hours. Reads as of a time before its arrival do not contain it.
    let newest = series(&field, "max_points=10000").await;
    let values = |one: &Value| one["values"].as_array().unwrap().clone();
    assert!(values(&newest[0]).contains(&json!(50.0)));
    let before = series(&field, "max_points=10000&as_of=2023-10-27T00:30:00Z").await;
    assert_eq!(before.len(), 1);
    assert!(!values(&before[0]).contains(&json!(50.0)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readings_are_thinned_too() {
    let field = Field::start().await;
    field.app.advance_minutes(MINUTES as i64);
    let sensor = json!({ "organisation_id": field.home, "name": "S", "metric": "celsius" });
    let sensor = field.app.make("/api/v1/sensors", &sensor).await;
    let mut csv = "sensor_id,time,value\n".to_owned();
    for (minute, value) in saw().iter().enumerate() {
        let (day, hour) = (minute / 1440, minute / 60 % 24);
        let day = if day < 5 {
            format!("10-{}", 27 + day)
        } else {
            format!("11-{:02}", day - 4)
        };
        csv += &format!("{sensor},2023-{day}T{hour:02}:{:02}:00Z,{value}\n", minute % 60);
    }
    let post = field.app.request(Method::POST, "/api/v1/readings").bearer_auth(ADMIN);
    let post = post.header("content-type", "text/csv").body(csv);
    field.app.send(post).await.expect(200);
    let path = |more: &str| format!("/api/v1/sensors/{sensor}/readings?{more}");
    let found = field.app.get(&path("shape=series&max_points=200")).await.expect(200);
    assert_is_of_the_saw(&found, "times", 200);
    for (query, place) in [
        ("max_points=200", "max_points"),
        ("shape=series&max_points=9", "max_points"),
    ] {
        field.app.get(&path(query)).await.expect_problem(400, &[place]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn thinning_is_for_series_as_a_whole() {
    let field = field_with_a_saw().await;
    let path = |more: &str| format!("/api/v1/predictions?metric=all&job_id={}&{more}", field.job);
    for (query, place) in [
        ("max_points=100", "max_points"),
        ("max_points=100&shape=rows", "max_points"),
        ("max_points=100&format=csv", "max_points"),
        ("max_points=9&shape=series", "max_points"),
        ("max_points=10001&shape=series", "max_points"),
        ("max_points=x&shape=series", "max_points"),
    ] {
        field.app.get(&path(query)).await.expect_problem(400, &[place]);
    }
    let first = field.app.get(&path(&format!("{ALL}&limit=10"))).await;
    let link = first.header("link");
    let cursor = link.split("cursor=").nth(1).unwrap().split('>').next().unwrap();
    let query = format!("{ALL}&max_points=100&cursor={cursor}");
    field.app.get(&path(&query)).await.expect_problem(400, &["cursor"]);
}
