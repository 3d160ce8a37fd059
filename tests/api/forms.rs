//! Formats of predictions: rows, series and CSV contain the same, and responses can be posted again.

use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    app::{ADMIN, Answer},
    field::{Field, WINDOW, at, issued, job_at, point, risk},
};

async fn get(field: &Field, query: &str, accept: &str) -> Answer {
    let path = format!("/api/v1/predictions?metric=all&location_id={}&{query}", field.there);
    let request = field.app.request(Method::GET, &path).bearer_auth(ADMIN);
    let answer = field.app.send(request.header("accept", accept)).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_series_and_csv_say_the_same() {
    let field = Field::start().await;
    let mut odd = job_at(&field.home, &field.there, "Odd");
    odd["source"] = json!({ "name": "a \"b\", c; ä 'd'" });
    odd["source_version"]["output_roles"][0]["unit"] = json!("=°C,\"x\"");
    let odd = field.app.ok(ADMIN, "POST /jobs/setup", odd).await["id"].clone();
    let numbers = [1e-7, 0.1 + 0.2, -0.0, 1e300, 5e-324, 123_456.789, -1.0, 1e16];
    for (hour, number) in (1..).zip(numbers) {
        field
            .post(issued(hour % 3), &[risk(hour, number), point("spread", hour, number)])
            .await;
        field
            .post(json!({ "job_id": odd, "stage": "a,b\"c" }), &[risk(hour * 2, number)])
            .await;
        field.app.advance_minutes(1);
    }
    for more in [
        "",
        "&issues=all",
        "&stage=a,b%22c",
        "&min_lead=PT2H",
        "&as_of=2023-10-27T00:03:00Z",
    ] {
        let query = format!("{WINDOW}{more}");
        let rows = get(&field, &query, "*/*").await.json();
        let rows = rows.as_array().unwrap();
        assert!(!rows.is_empty(), "{more}");
        let csv = get(&field, &query, "text/html, text/csv;q=0.9, */*;q=0.8").await;
        assert_eq!(csv.header("content-type"), "text/csv; charset=utf-8; header=present");
        assert_eq!(
            csv.text,
            get(&field, &format!("{query}&format=csv"), "application/json")
                .await
                .text
        );
        let mut reader = csv::Reader::from_reader(csv.text.as_bytes());
        let header = reader.headers().unwrap().clone();
        let from_csv: Vec<Value> = reader
            .records()
            .map(|record| {
                let record = record.unwrap();
                let member = |(name, text): (&str, &str)| {
                    let is_number = matches!(name, "value" | "lead_seconds");
                    let value = if is_number {
                        serde_json::from_str(text).unwrap()
                    } else {
                        json!(text)
                    };
                    (!text.is_empty()).then(|| (name.to_owned(), value))
                };
                header.iter().zip(&record).filter_map(member).collect()
            })
            .collect();
        assert_eq!(&from_csv, rows, "{more}");
        let series = get(&field, &format!("{query}&shape=series&format=json"), "text/csv")
            .await
            .json();
        let mut from_series = Vec::new();
        for series in series.as_array().unwrap() {
            let values = series["values"].as_array().unwrap();
            for (index, value) in values.iter().enumerate() {
                let of = |one: &str, each: &str| match &series[each] {
                    Value::Null => series[one].clone(),
                    each => each[index].clone(),
                };
                let valid_time = match &series["valid_times"] {
                    Value::Null => {
                        // The steps are whole hours here.
                        let start =
                            prediction_api::domain::Timestamp::parse(series["start"].as_str().unwrap()).unwrap();
                        let step = series["step"].as_str().unwrap().trim_matches(['P', 'T', 'H']);
                        let hours = step.parse::<i64>().unwrap() * i64::try_from(index).unwrap();
                        json!(start.plus_hours(hours))
                    }
                    times => times[index].clone(),
                };
                let mut row = json!({ "value": value, "valid_time": valid_time,
                    "issue_time": of("issue_time", "issue_times"), "available_at": of("available_at", "available_times") });
                for name in [
                    "metric",
                    "unit",
                    "stage",
                    "source",
                    "source_version",
                    "job_id",
                    "location_id",
                ] {
                    if !series[name].is_null() {
                        row[name] = series[name].clone();
                    }
                }
                from_series.push(row);
            }
        }
        let mut bare = rows.clone();
        for row in &mut bare {
            row.as_object_mut().unwrap().remove("lead_seconds");
        }
        let sorted = |mut rows: Vec<Value>| {
            let text = |row: &Value| {
                let names = ["metric", "source", "stage", "valid_time", "issue_time"];
                names.map(|name| row[name].to_string()).concat()
            };
            rows.sort_by_key(text);
            rows
        };
        assert_eq!(sorted(from_series), sorted(bare), "{more}");
        // Every value is returned bit for bit.
        for row in rows.iter().filter(|row| row["metric"] == "mildew_spread") {
            let value = row["value"].as_f64().unwrap().to_bits();
            assert!(numbers.iter().any(|number| number.to_bits() == value), "{row}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readings_that_were_read_as_series_can_be_posted_again() {
    let field = Field::start().await;
    for hour in 0..4 {
        let points: Vec<_> = (hour..hour + 5).map(|at| risk(at, f64::from(at * hour))).collect();
        field.post(issued(hour), &points).await;
    }
    field
        .post(
            json!({ "issue_time": at(1), "stage": "raw" }),
            &[point("spread", 3, 1.0), point("spread", 7, 2.0)],
        )
        .await;
    for more in ["", "&issues=all"] {
        let series = get(&field, &format!("{WINDOW}&shape=series{more}"), "*/*").await.json();
        let count: usize = series
            .as_array()
            .unwrap()
            .iter()
            .map(|s| s["values"].as_array().unwrap().len())
            .sum();
        let body = json!({ "job_id": field.job, "series": series });
        let counts = field.app.post("/api/v1/predictions", &body).await.expect(200);
        assert_eq!(
            counts,
            json!({ "stored": 0, "revised": 0, "unchanged": count, "withdrawn": 0, "skipped": 0, "fresh": false })
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_of_many_rows_comes_whole() {
    let field = Field::start().await;
    let values: Vec<_> = (0..10_000).map(f64::from).collect();
    let series = json!([{ "role": "risk", "start": at(0), "step": "PT1S", "values": values }]);
    let body = json!({ "job_id": field.job, "series": series });
    field.app.post("/api/v1/predictions", &body).await.expect(200);
    for (limit, more) in [(1024, true), (1025, true), (9999, true), (10_000, false)] {
        let answer = get(&field, &format!("{WINDOW}&limit={limit}"), "*/*").await;
        let rows = answer.json();
        let rows = rows.as_array().unwrap();
        assert_eq!((rows.len(), answer.header("link").is_empty()), (limit, !more));
        assert!((0..).zip(rows).all(|(n, row)| row["value"] == f64::from(n)));
        let csv = get(&field, &format!("{WINDOW}&limit={limit}&format=csv"), "*/*").await;
        assert_eq!(csv.text.lines().count(), limit + 1);
        assert_eq!(csv.header("link").is_empty(), !more);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn series_whose_columns_do_not_go_together_are_refused() {
    let field = Field::start().await;
    let good = json!({ "role": "risk", "start": at(1), "step": "PT1H", "values": [1, 2] });
    let with = |more: Value| {
        let mut series = good.clone();
        series
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        series.as_object_mut().unwrap().retain(|_, value| *value != "absent");
        series
    };
    let post = async |series: Value| {
        let body = json!({ "job_id": field.job, "issue_time": at(0), "series": series });
        field.app.post("/api/v1/predictions", &body).await
    };
    for (more, place) in [
        (json!({ "role": "absent" }), "role"),
        (json!({ "role": "temp" }), "role"),
        (json!({ "metric": "mildew_spread" }), "metric"),
        (json!({ "role": "absent", "metric": "risk" }), "metric"),
        (json!({ "unit": "percent" }), "unit"),
        (json!({ "start": "absent" }), "start"),
        (json!({ "step": "absent" }), "step"),
        (json!({ "step": "PT0S" }), "step"),
        (json!({ "step": "-PT1H" }), "step"),
        (json!({ "step": "P1M" }), "step"),
        (json!({ "values": [] }), "values"),
        (json!({ "values": [1, null] }), "values/1"),
        (json!({ "values": [1, "2"] }), "values/1"),
        (json!({ "start": "9999-12-31T23:30:00Z" }), "values"),
        (json!({ "valid_times": [at(1), at(2)] }), "valid_times"),
        (
            json!({ "start": "absent", "step": "absent", "valid_times": [at(1)] }),
            "valid_times",
        ),
        (
            json!({ "start": "absent", "step": "absent", "valid_times": [at(1), at(1)] }),
            "valid_times/1",
        ),
        (json!({ "issue_times": [at(0)] }), "issue_times"),
        (json!({ "issue_time": "2023-10-29T00:00:00Z" }), "issue_time"),
        (json!({ "location_id": Uuid::nil() }), "location_id"),
        (json!({ "stage": "" }), "stage"),
        (json!({ "color": 1 }), "color"),
    ] {
        let answer = post(json!([with(more.clone())])).await;
        assert_eq!(
            (answer.status, answer.places()),
            (422, vec![format!("#/series/0/{place}")]),
            "{more} {}",
            answer.text
        );
    }
    assert!(field.rows(&format!("metric=all&{WINDOW}")).await.is_empty());
    // The same valid_time as a point and in a series, and twice in two series.
    let body =
        json!({ "job_id": field.job, "issue_time": at(0), "predictions": [risk(2, 1.0)], "series": [good, good] });
    let refused = field.app.post("/api/v1/predictions", &body).await;
    let places = [
        "#/series/0/valid_times/1",
        "#/series/1/valid_times/0",
        "#/series/1/valid_times/1",
    ];
    refused.expect_problem(422, &places);
    // One value needs no step, times need no order, and a metric is as good as a role.
    let one = json!({ "metric": "mildew_risk", "unit": "points", "start": at(9), "values": [9.5] });
    let two = json!({ "role": "risk", "metric": "mildew_risk", "valid_times": [at(8), at(7)], "values": [8.5, 7.5] });
    assert_eq!(post(json!([one, two])).await.expect(200)["stored"], 3);
    assert_eq!(field.values(WINDOW).await, [7.5, 8.5, 9.5]);
}
