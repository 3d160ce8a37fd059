//! The latest predictions: the newest issue of each series with its age and coverage, or the value that is valid at a
//! time.

use serde_json::{Value, json};

use crate::{
    app::ADMIN,
    field::{Field, at, issued, place, point, risk},
};

async fn latest(field: &Field, query: &str) -> Value {
    let path = format!("GET /predictions/latest?{query}");
    field.app.ok(ADMIN, &path, Value::Null).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_newest_issue_with_its_age_and_reach() {
    let field = Field::start().await;
    let job = format!("job_id={}", field.job);
    assert_eq!(latest(&field, &job).await, json!([]));
    field.post(issued(1), &[risk(3, 3.0), risk(4, 4.0), risk(9, 9.0)]).await;
    field.app.advance_minutes(180);
    field.post(issued(2), &[risk(4, 4.5), risk(5, 5.0)]).await;
    field.post(issued(2), &[risk(5, 5.5)]).await;
    // A backfill of an older issue is not the newest.
    field.post(issued(0), &[risk(5, 0.0)]).await;
    field.post(issued(2), &[point("spread", 6, 6.0)]).await;
    field.app.advance_minutes(30);
    let found = latest(&field, &job).await;
    let [newest, spread] = found.as_array().unwrap().as_slice() else {
        panic!("{found}");
    };
    assert_eq!(newest["metric"], "mildew_risk");
    assert_eq!(
        (&newest["last_issue_time"], &newest["issue_time"]),
        (&json!(at(2)), &json!(at(2)))
    );
    assert_eq!(newest["age_seconds"], 5400.0);
    assert_eq!(newest["covers_until"], at(9));
    assert_eq!((&newest["start"], &newest["step"]), (&json!(at(4)), &json!("PT1H")));
    assert_eq!(newest["values"], json!([4.5, 5.5]));
    assert_eq!(newest["unit"], "points");
    assert_eq!(
        (&spread["valid_times"], &spread["values"]),
        (&json!([at(6)]), &json!([6.0]))
    );
    assert_eq!(
        latest(&field, &format!("{job}&metric=mildew_spread")).await,
        json!([spread])
    );
    assert_eq!(latest(&field, &format!("{job}&metric=all&stage=raw")).await, json!([]));
    assert_eq!(latest(&field, &format!("{job}&source=mildew-predictor")).await, found);
    assert_eq!(
        latest(&field, &format!("location_id={}&metric=all", field.there)).await,
        found
    );

    for (minute, value) in [
        ("02:59", None),
        ("03:00", Some((3, 3.0))),
        ("03:59", Some((3, 3.0))),
        ("04:00", Some((4, 4.5))),
        ("05:30", Some((5, 5.5))),
        // There are no predictions between 5 and 9: the last value holds until the next one.
        ("08:59", Some((5, 5.5))),
        ("09:00", Some((9, 9.0))),
        ("09:01", None),
    ] {
        let query = format!("{job}&metric=mildew_risk&at=2023-10-27T{minute}:00Z");
        let found = latest(&field, &query).await;
        match value {
            None => assert_eq!(found, json!([]), "{minute}"),
            Some((hour, value)) => {
                let found = (&found[0]["valid_times"], &found[0]["values"]);
                assert_eq!(found, (&json!([at(hour)]), &json!([value])), "{minute}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn several_locations_at_once_and_borders() {
    let field = Field::start().await;
    let other = place(&field.app, &field.home, "Other").await;
    let elsewhere = field.app.organisation("Elsewhere").await;
    let foreign = place(&field.app, &elsewhere, "Foreign").await;
    let viewer = field.app.token("viewer", "viewer", &field.home).await;
    let mut there = risk(3, 2.0);
    there["location_id"] = json!(other);
    field.post(issued(1), &[risk(3, 1.0), there]).await;
    let (here, metric) = (&field.there, "metric=mildew_risk");
    let found = latest(&field, &format!("location_id={here}&location_id={other}&{metric}")).await;
    let values: Vec<_> = found.as_array().unwrap().iter().map(|one| &one["values"][0]).collect();
    assert_eq!(values, [&json!(1.0), &json!(2.0)]);
    let path = "GET /predictions/latest";
    let many: String = (0..101)
        .map(|_| format!("location_id={}&", uuid::Uuid::new_v4()))
        .collect();
    let table = json!([
        [
            format!("{path}?location_id={here}&location_id={foreign}&{metric}"),
            null,
            404
        ],
        [format!("{path}?location_id={here}"), null, 400, "metric"],
        [
            format!("{path}?location_id={here}&job_id={}&{metric}", field.job),
            null,
            400,
            "job_id"
        ],
        [format!("{path}?{metric}"), null, 400, "location_id"],
        [
            format!("{path}?location_id=x&location_id={here}&at=now"),
            null,
            400,
            "location_id",
            "at"
        ],
        [format!("{path}?{many}{metric}"), null, 400, "location_id"],
        [
            format!("{path}?{}", many.replace("location_id", "job_id")),
            null,
            400,
            "job_id"
        ]
    ]);
    field.app.calls(&viewer, table).await;
    // Expired predictions are no longer the latest.
    field.change_source(json!({ "retention_hours": 1 })).await;
    field.app.advance_minutes(24 * 60);
    assert_eq!(latest(&field, &format!("job_id={}", field.job)).await, json!([]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_jobs_at_one_location_are_answered_beside_each_other() {
    let field = Field::start().await;
    let other = field.another("mildew-predictor").await;
    field.post(issued(0), &[risk(3, 3.0)]).await;
    let theirs = json!({
        "job_id": other, "issue_time": at(2), "predictions": [risk(5, 1.0), risk(6, 2.0)]
    });
    field.app.ok(ADMIN, "POST /predictions", theirs.clone()).await;
    field.app.advance_minutes(1);
    field.post(issued(2), &[risk(5, 7.0)]).await;
    let place = format!("location_id={}&metric=mildew_risk", field.there);
    let found = latest(&field, &place).await;
    let values = |found: &Value| -> Vec<_> {
        let series = found.as_array().unwrap().iter();
        series
            .map(|series| (series["job_id"].clone(), series["values"].clone()))
            .collect()
    };
    // The jobs are in the order of their ids.
    let expected = |values: [Value; 2]| {
        let mut expected: Vec<_> = [json!(field.job), json!(other)].into_iter().zip(values).collect();
        expected.sort_by_key(|(job, _)| job.to_string());
        expected
    };
    assert_eq!(values(&found), expected([json!([7.0]), json!([1.0, 2.0])]));
    let found = latest(&field, &format!("{place}&at={}", at(5))).await;
    assert_eq!(values(&found), expected([json!([7.0]), json!([1.0])]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_repeated_location_is_returned_once() {
    let field = Field::start().await;
    let there = place(&field.app, &field.home, "Elsewhere").await;
    field.post(issued(1), &[risk(3, 3.0)]).await;
    let (a, b) = (&field.there, &there);
    for ids in [vec![a, b, a], vec![a, a, b], vec![b, a, b, a]] {
        let ids: Vec<_> = ids.iter().map(|id| format!("location_id={id}")).collect();
        let found = latest(&field, &format!("{}&metric=all", ids.join("&"))).await;
        assert_eq!(found.as_array().unwrap().len(), 1, "{found}");
    }
    // The bound counts different locations.
    let many = vec![format!("location_id={a}"); 150].join("&");
    let found = latest(&field, &format!("{many}&metric=all")).await;
    assert_eq!(found.as_array().unwrap().len(), 1, "{found}");
    // The same holds for jobs.
    let other = field.another("another-source").await;
    let ask = |ids: &[&str]| {
        ids.iter()
            .map(|id| format!("job_id={id}"))
            .collect::<Vec<_>>()
            .join("&")
    };
    let (one, both) = (ask(&[&field.job]), ask(&[&field.job, &other, &field.job]));
    assert_eq!(latest(&field, &both).await, latest(&field, &one).await);
    let body = json!({ "job_id": other, "predictions": [risk(3, 4.0)] });
    field.app.post("/api/v1/predictions", &body).await.expect(200);
    let found = latest(&field, &both).await;
    let of = |row: usize| (found[row]["job_id"].as_str().unwrap(), found[row]["values"].clone());
    assert_eq!(
        [of(0), of(1)],
        [(field.job.as_str(), json!([3.0])), (other.as_str(), json!([4.0]))]
    );
}
