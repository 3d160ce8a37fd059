//! Predictions: posts for a job, and the rows that reads return.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    app::ADMIN,
    field::{Field, at, issued, place, point, risk},
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answered_row_says_what_when_and_by_whom() {
    let field = Field::start().await;
    field.app.advance_minutes(1);
    let issue = json!({ "issue_time": "2023-10-27T01:59:59.5+02:00", "stage": " raw " });
    let mut points = [point("risk", 0, 62.5), point("spread", 0, -0.5)];
    points[0]["valid_time"] = json!("2023-10-27T06:00:00.1234567+00:00");
    points[1]["valid_time"] = json!("2023-10-26T20:00:00.000001-04:00");
    assert_eq!(field.post(issue, &points).await, [2, 0, 0]);
    let mut expected = [(); 2].map(|()| {
        json!({
            "issue_time": "2023-10-26T23:59:59.5Z", "available_at": "2023-10-27T00:01:00Z", "stage": "raw",
            "source": "mildew-predictor", "source_version": "1.0.0", "job_id": field.job, "location_id": field.there
        })
    });
    let more = [
        json!({ "metric": "mildew_risk", "value": 62.5, "unit": "points",
            "valid_time": "2023-10-27T06:00:00.123456Z", "lead_seconds": 21_600.623_456 }),
        json!({ "metric": "mildew_spread", "value": -0.5,
            "valid_time": "2023-10-27T00:00:00.000001Z", "lead_seconds": 0.500_001 }),
    ];
    for (row, more) in expected.iter_mut().zip(more) {
        let more = more.as_object().unwrap().clone();
        row.as_object_mut().unwrap().extend(more);
    }
    let from = "from=2023-10-27T02:00:00%2B02:00";
    assert_eq!(field.rows(&format!("metric=all&{from}")).await, expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_batch_is_stored_whole_or_not_at_all() {
    let field = Field::start().await;
    let elsewhere = field.app.organisation("Elsewhere").await;
    let foreign = place(&field.app, &elsewhere, "foreign").await;
    let located = |hour, location: &str| {
        let mut point = risk(hour, 1.0);
        point["location_id"] = json!(location);
        point
    };
    let mut again = risk(1, 9.0);
    again["valid_time"] = json!("2023-10-27T03:00:00+02:00");
    let nowhere = Uuid::nil().to_string();
    let points = [
        risk(1, 1.0),
        point("temp", 4, 1.0),
        located(2, &foreign),
        located(3, &nowhere),
        again,
        located(1, &field.there),
    ];
    let refused = field.try_post(json!({}), &points).await;
    let places = "1/role 2/location_id 3/location_id 4/valid_time 5/valid_time".split(' ');
    let places: Vec<_> = places.map(|place| format!("#/predictions/{place}")).collect();
    let places: Vec<_> = places.iter().map(String::as_str).collect();
    refused.expect_problem(422, &places);
    let refused = field.try_post(json!({}), &[]).await;
    refused.expect_problem(422, &["#/predictions"]);
    assert!(field.rows("metric=all").await.is_empty());
    assert_eq!(field.health().await["state"], "new");
    // The same time of another role is another prediction.
    let points = [risk(1, 1.0), point("spread", 1, 1.0)];
    assert_eq!(field.post(json!({}), &points).await, [2, 0, 0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn up_to_100_bad_points_are_named() {
    let field = Field::start().await;
    for (bad, named) in [(99, 99), (100, 100), (150, 100)] {
        let bad = (0..bad).map(|minutes: u32| {
            let (hour, minute) = (minutes / 60, minutes % 60);
            let valid_time = format!("2023-10-27T{hour:02}:{minute:02}:00Z");
            json!({ "role": "temp", "valid_time": valid_time, "value": 1 })
        });
        let points: Vec<_> = [risk(23, 1.0)].into_iter().chain(bad).collect();
        let refused = field.try_post(json!({}), &points).await;
        let named = (1..=named).map(|n| format!("#/predictions/{n}/role"));
        assert_eq!(refused.places(), named.collect::<Vec<_>>());
        refused.expect(422);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn points_are_counted_as_stored_revised_and_unchanged() {
    let field = Field::start().await;
    let first = [risk(1, 1.0), risk(2, 2.0)];
    let second = [risk(3, 3.0), risk(2, 2.5), risk(1, 1.0)];
    let later = json!({ "issue_time": "2023-10-27T00:00:00.000001Z" });
    let raw = json!({ "issue_time": at(0), "stage": "raw" });
    for (issue, points, counts) in [
        (issued(0), &first[..], [2, 0, 0]),
        (issued(0), &first, [0, 0, 2]),
        (issued(0), &second, [1, 1, 1]),
        (issued(0), &second, [0, 0, 3]),
        // Back to the earlier value: values are compared with the newest revision.
        (issued(0), &first, [0, 1, 1]),
        (later, &second, [3, 0, 0]),
        (raw, &second, [3, 0, 0]),
    ] {
        assert_eq!(field.post(issue.clone(), points).await, counts, "{issue}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_revision_leaves_what_it_does_not_name_and_overwrites_nothing() {
    let field = Field::start().await;
    let points = [risk(1, 1.0), risk(2, 2.0), risk(3, 3.0)];
    field.post(issued(0), &points).await;
    field.app.advance_minutes(10);
    field.post(issued(0), &[risk(2, 2.5)]).await;
    let rows = field.rows("metric=mildew_risk").await;
    let found = rows.iter().map(|row| (&row["value"], &row["available_at"]));
    let (before, after) = (json!(at(0)), json!("2023-10-27T00:10:00Z"));
    let [one, two, three] = [1.0, 2.5, 3.0].map(|value| json!(value));
    let expected = [(&one, &before), (&two, &after), (&three, &before)];
    assert_eq!(found.collect::<Vec<_>>(), expected);

    let database = field.app.database();
    let mut statement = database
        .prepare_cached("SELECT revision, count FROM runs ORDER BY revision")
        .unwrap();
    let kept = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    let kept: Vec<(i64, i64)> = kept.map(Result::unwrap).collect();
    assert_eq!(kept, [(1, 3), (2, 1)]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_newest_issue_is_answered_in_whatever_order_they_arrive() {
    let field = Field::start().await;
    for (issue, hours) in [(2, 4..7), (0, 3..9), (1, 3..8)] {
        let points: Vec<_> = hours.map(|hour| risk(hour, f64::from(issue))).collect();
        field.post(issued(issue), &points).await;
        field.app.advance_minutes(1);
    }
    assert_eq!(field.values("").await, [1.0, 2.0, 2.0, 2.0, 1.0, 0.0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_jobs_of_one_source_at_one_location_are_never_interleaved() {
    let field = Field::start().await;
    let (one, two) = (&field.job, &field.another("mildew-predictor").await);
    // The hour, and the posts in order: the job, the value and the minutes until the next post.
    for (hour, posts) in [
        (4, vec![(one, 1.0, 1), (two, 2.0, 1)]),
        (5, vec![(two, 3.0, 1), (one, 4.0, 1)]),
        // The same without time between the posts.
        (6, vec![(one, 5.0, 0), (one, 5.5, 0), (two, 6.0, 0)]),
        (7, vec![(two, 7.0, 0), (two, 7.5, 0), (one, 8.0, 0)]),
    ] {
        for (job, value, minutes) in posts {
            let issue = json!({ "issue_time": at(hour - 4), "job_id": job });
            field.post(issue, &[risk(hour, value)]).await;
            field.app.advance_minutes(minutes);
        }
    }
    let of = |rows: &[Value]| -> Vec<_> {
        let found = rows
            .iter()
            .map(|row| (row["value"].as_f64().unwrap(), row["job_id"].clone()));
        found.collect()
    };
    let rows = field.rows("metric=mildew_risk").await;
    let mut expected = [(one, [1.0, 4.0, 5.5, 8.0]), (two, [2.0, 3.0, 6.0, 7.5])];
    expected.sort_by_key(|(job, _)| *job);
    let expected = expected
        .into_iter()
        .flat_map(|(job, values)| values.map(|value| (value, json!(job))));
    assert_eq!(of(&rows), expected.collect::<Vec<_>>());
    // Pages do not skip between the jobs.
    let mut path = Some(format!(
        "/api/v1/predictions?metric=mildew_risk&location_id={}&limit=3",
        field.there
    ));
    let mut paged = Vec::new();
    while let Some(next) = path {
        let page = field.app.get(&next).await;
        paged.extend(page.json().as_array().unwrap().clone());
        let link = page.header("link").strip_prefix('<');
        path = link.map(|link| link.split_once('>').unwrap().0.to_owned());
    }
    assert_eq!(paged, rows);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stages_metrics_and_sources_are_distinguished() {
    let field = Field::start().await;
    let another = field.another("another").await;
    for (more, point) in [
        (json!({ "stage": null }), risk(1, 1.0)),
        (json!({ "stage": "raw" }), risk(1, 2.0)),
        (json!({ "stage": "calibrated" }), risk(1, 3.0)),
        (json!({ "job_id": another }), risk(1, 4.0)),
        (json!({}), point("spread", 1, 5.0)),
    ] {
        field.post(more, &[point]).await;
    }
    let upper = field.source.to_uppercase();
    for (query, expected) in [
        ("", &[4.0, 1.0, 3.0, 2.0][..]),
        ("stage=calibrated", &[3.0]),
        ("stage=cooked", &[]),
        ("source=mildew-predictor", &[1.0, 3.0, 2.0]),
        (&format!("source={}", field.source), &[1.0, 3.0, 2.0]),
        (&format!("source={upper}&stage=raw"), &[2.0]),
        ("source=another", &[4.0]),
        ("source=nobody", &[]),
    ] {
        assert_eq!(field.values(query).await, expected, "{query}");
    }
    let all = field.rows("metric=all").await;
    assert_eq!((all.len(), &all[4]["value"]), (5, &json!(5.0)));
    assert_eq!(field.rows("metric=mildew_spread").await, all[4..]);
    assert!(field.rows("metric=celsius").await.is_empty());

    field.change_source(json!({ "name": "renamed" })).await;
    assert_eq!(field.values("source=renamed").await, [1.0, 3.0, 2.0]);
    assert!(field.values("source=mildew-predictor").await.is_empty());
    let rows = field.rows("metric=mildew_spread").await;
    assert_eq!(rows[0]["source"], "renamed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_window_is_half_open_and_begins_now_for_a_day_unless_it_is_given() {
    let field = Field::start().await;
    let times = [
        "2023-10-26T23:59:59.999999Z",
        &at(0),
        &at(6),
        "2023-10-27T23:59:59.999999Z",
        "2023-10-28T00:00:00Z",
    ];
    let points: Vec<_> = (0..)
        .zip(times)
        .map(|(n, time)| json!({ "role": "risk", "valid_time": time, "value": n }))
        .collect();
    field.post(json!({}), &points).await;
    let rows = field.rows("metric=mildew_risk").await;
    assert_eq!(rows[0]["issue_time"], at(0));
    for (query, expected) in [
        ("", &[1.0, 2.0, 3.0][..]),
        ("from=2023-10-27T06:00:00Z", &[2.0, 3.0, 4.0]),
        ("from=2023-10-27T06:00:00.000001Z", &[3.0, 4.0]),
        ("from=2023-10-26T06:00:00Z", &[0.0, 1.0]),
        ("to=2023-10-27T06:00:00Z", &[1.0]),
        ("to=2023-10-27T06:00:00.000001Z", &[1.0, 2.0]),
        ("to=2023-10-27T00:00:00Z", &[]),
        ("from=1999-12-31T00:00:00Z&to=2023-10-27T06:00:00Z", &[0.0, 1.0]),
    ] {
        assert_eq!(field.values(query).await, expected, "{query}");
    }
    field.app.advance_minutes(1);
    assert_eq!(field.values("").await, [2.0, 3.0, 4.0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_may_post_and_read_and_for_what() {
    let field = Field::start().await;
    let elsewhere = field.app.organisation("Elsewhere").await;
    let [viewer, worker] = ["viewer", "worker"].map(|role| field.app.token(role, role, &field.home));
    let (viewer, worker) = (viewer.await, worker.await);
    let foreign = field.app.token("manager", "manager", &elsewhere).await;
    let nobody = Uuid::nil();
    let (of_job, of_place) = (format!("job_id={}", field.job), format!("location_id={}", field.there));
    let read = |query: &str| format!("GET /predictions?metric=all&{query}");
    let own = json!({ "job_id": field.job, "predictions": [risk(1, 1.0)] });
    for (secret, post, get) in [(&viewer, 403, 200), (&worker, 200, 200), (&foreign, 404, 404)] {
        let table = json!([
            ["POST /predictions", own, post],
            [read(&of_job), null, get],
            [read(&of_place), null, get]
        ]);
        field.app.calls(secret, table).await;
    }
    let table = json!([
        ["POST /predictions", { "job_id": nobody, "predictions": [risk(1, 1.0)] }, 404],
        [read(&format!("job_id={nobody}")), null, 404],
        [read(&format!("location_id={nobody}")), null, 404],
        [read(""), null, 400, "location_id"],
        [read(&format!("{of_job}&{of_place}")), null, 400, "job_id"],
        [format!("GET /predictions?{of_job}"), null, 400, "metric"],
        [read(&format!("{of_job}&from=2023-10-27T00:00:00Z&to=2023-10-26T00:00:00Z")), null, 400, "to"],
        [read(&format!("{of_job}&from=yesterday&to=tomorrow")), null, 400, "from", "to"],
        [read(&format!("{of_job}&stages=raw")), null, 400, "stages"]
    ]);
    field.app.calls(&worker, table).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_point_may_be_for_another_location_of_the_organisation() {
    let field = Field::start().await;
    let other = place(&field.app, &field.home, "Other").await;
    let mut points = [risk(1, 1.0), risk(2, 2.0), risk(1, 3.0)];
    points[2]["location_id"] = json!(other);
    assert_eq!(field.post(json!({}), &points).await, [3, 0, 0]);
    assert_eq!(field.values("").await, [1.0, 2.0]);
    let path = format!("GET /predictions?metric=all&location_id={other}");
    let rows = field.app.ok(ADMIN, &path, Value::Null).await;
    assert_eq!(rows.as_array().unwrap().len(), 1);
    let row = &rows[0];
    assert_eq!(row["value"], 3.0);
    assert_eq!([&row["location_id"], &row["job_id"]], [&other, &field.job]);
    // Neither hides the other where the job's are read, although they are for the same time.
    let path = format!("GET /predictions?metric=all&job_id={}", field.job);
    let rows = field.app.ok(ADMIN, &path, Value::Null).await;
    let mut values: Vec<_> = rows
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["value"].as_f64())
        .collect();
    values.sort_by(|a, b| a.partial_cmp(b).unwrap());
    assert_eq!(values, [1.0, 2.0, 3.0].map(Some));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn predictions_outlive_a_restart_their_job_and_their_source() {
    let mut field = Field::start().await;
    let viewer = field.app.token("viewer", "viewer", &field.home).await;
    let elsewhere = field.app.organisation("Elsewhere").await;
    let foreign = field.app.token("manager", "manager", &elsewhere).await;
    let points = [risk(1, 1.0), point("spread", 2, 2.0)];
    field.post(json!({}), &points).await;
    let before = field.rows("metric=all").await;
    assert_eq!(before.len(), 2);
    field.app = field.app.restart().await;
    assert_eq!(field.rows("metric=all").await, before);

    let job = format!("/jobs/{}", field.job);
    let version = field.app.ok(ADMIN, &format!("GET {job}"), Value::Null).await;
    let version = version["source_version_id"].as_str().unwrap();
    let table = json!([
        [format!("DELETE {job}"), null, 204],
        [format!("DELETE /source_versions/{version}"), null, 204],
        [format!("DELETE /sources/{}", field.source), null, 204],
        ["POST /predictions", { "job_id": field.job, "predictions": points }, 404]
    ]);
    field.app.calls(ADMIN, table).await;
    let read = format!("GET /predictions?metric=all&job_id={}", field.job);
    let read_by_viewer = field.app.ok(&viewer, &read, Value::Null).await;
    assert_eq!(read_by_viewer, json!(before));
    let after = field.rows("metric=all&source=mildew-predictor").await;
    assert_eq!(after, before);
    let table = json!([[read, null, 404]]);
    field.app.calls(&foreign, table).await;
}
