//! The forms in which predictions come and go: rows, series and CSV say the same, what was read can be posted again, and
//! points without a job or as newline-delimited JSON are kept as the others are.

use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    app::{ADMIN, Answer, setup},
    field::{Field, at, issued, job_at, place, point, risk},
};

const WINDOW: &str = "from=2023-10-26T00:00:00Z&to=2023-10-29T00:00:00Z";

async fn get(field: &Field, query: &str, accept: &str) -> Answer {
    let path = format!(
        "/api/v1/predictions?metric=all&location_id={}&{query}",
        field.there
    );
    let request = field.app.request(Method::GET, &path).bearer_auth(ADMIN);
    let answer = field.app.send(request.header("accept", accept)).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer
}

async fn lines(field: &Field, secret: &str, body: String) -> Answer {
    let request = field
        .app
        .request(Method::POST, "/api/v1/predictions")
        .bearer_auth(secret);
    field
        .app
        .send(
            request
                .header("content-type", "application/x-ndjson")
                .body(body),
        )
        .await
}

/// A point of the field's source without a job.
fn direct(field: &Field, hour: u32, value: f64) -> Value {
    json!({
        "source": field.source, "metric": "mildew_risk", "location_id": field.there,
        "issue_time": at(0), "valid_time": at(hour), "value": value
    })
}

#[tokio::test]
async fn rows_series_and_csv_say_the_same() {
    let field = Field::start().await;
    let mut odd = job_at(&field.home, &field.there, "Odd");
    odd["source"] = json!({ "name": "a \"b\", c; ä 'd'" });
    odd["source_version"]["output_roles"][0]["unit"] = json!("=°C,\"x\"");
    let odd = field.app.ok(ADMIN, "POST /jobs/setup", odd).await["id"].clone();
    let numbers = [
        1e-7,
        0.1 + 0.2,
        -0.0,
        1e300,
        5e-324,
        123_456.789,
        -1.0,
        1e16,
    ];
    for (hour, number) in (1..).zip(numbers) {
        field
            .post(
                issued(hour % 3),
                &[risk(hour, number), point("spread", hour, number)],
            )
            .await;
        field
            .post(
                json!({ "job_id": odd, "stage": "a,b\"c" }),
                &[risk(hour * 2, number)],
            )
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
        let csv = get(&field, &query, "text/html, text/csv;q=0.9, */*").await;
        assert_eq!(csv.header("content-type"), "text/csv");
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
        let series = get(
            &field,
            &format!("{query}&shape=series&format=json"),
            "text/csv",
        )
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
                        let start = prediction_api::domain::Timestamp::parse(
                            series["start"].as_str().unwrap(),
                        )
                        .unwrap();
                        let step = series["step"]
                            .as_str()
                            .unwrap()
                            .trim_matches(['P', 'T', 'H']);
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
        // The bits of every value came through.
        for row in rows.iter().filter(|row| row["metric"] == "mildew_spread") {
            let value = row["value"].as_f64().unwrap().to_bits();
            assert!(
                numbers.iter().any(|number| number.to_bits() == value),
                "{row}"
            );
        }
    }
}

#[tokio::test]
async fn what_was_read_as_series_can_be_posted_again() {
    let field = Field::start().await;
    for hour in 0..4 {
        let points: Vec<_> = (hour..hour + 5)
            .map(|at| risk(at, f64::from(at * hour)))
            .collect();
        field.post(issued(hour), &points).await;
    }
    field
        .post(
            json!({ "issue_time": at(1), "stage": "raw" }),
            &[point("spread", 3, 1.0), point("spread", 7, 2.0)],
        )
        .await;
    for more in ["", "&issues=all"] {
        let series = get(&field, &format!("{WINDOW}&shape=series{more}"), "*/*")
            .await
            .json();
        let count: usize = series
            .as_array()
            .unwrap()
            .iter()
            .map(|s| s["values"].as_array().unwrap().len())
            .sum();
        let body = json!({ "job_id": field.job, "series": series });
        let counts = field
            .app
            .post("/api/v1/predictions", &body)
            .await
            .expect(200);
        assert_eq!(
            counts,
            json!({ "stored": 0, "revised": 0, "unchanged": count })
        );
    }
}

#[tokio::test]
async fn an_answer_of_many_rows_comes_whole() {
    let field = Field::start().await;
    let values: Vec<_> = (0..10_000).map(f64::from).collect();
    let series = json!([{ "role": "risk", "start": at(0), "step": "PT1S", "values": values }]);
    let body = json!({ "job_id": field.job, "series": series });
    field
        .app
        .post("/api/v1/predictions", &body)
        .await
        .expect(200);
    for (limit, more) in [(1024, true), (1025, true), (9999, true), (10_000, false)] {
        let answer = get(&field, &format!("{WINDOW}&limit={limit}"), "*/*").await;
        let rows = answer.json();
        let rows = rows.as_array().unwrap();
        assert_eq!(
            (rows.len(), answer.header("link").is_empty()),
            (limit, !more)
        );
        assert!((0..).zip(rows).all(|(n, row)| row["value"] == f64::from(n)));
        let csv = get(&field, &format!("{WINDOW}&limit={limit}&format=csv"), "*/*").await;
        assert_eq!(csv.text.lines().count(), limit + 1);
        assert_eq!(csv.header("link").is_empty(), !more);
    }
}

#[tokio::test]
async fn series_whose_columns_do_not_go_together_are_refused() {
    let field = Field::start().await;
    let good = json!({ "role": "risk", "start": at(1), "step": "PT1H", "values": [1, 2] });
    let with = |more: Value| {
        let mut series = good.clone();
        series
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        series
            .as_object_mut()
            .unwrap()
            .retain(|_, value| *value != "absent");
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
        (
            json!({ "issue_time": "2023-10-29T00:00:00Z" }),
            "issue_time",
        ),
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
    let body = json!({ "job_id": field.job, "issue_time": at(0), "predictions": [risk(2, 1.0)], "series": [good, good] });
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

#[tokio::test]
async fn points_without_a_job_name_their_source() {
    let field = Field::start().await;
    let elsewhere = field.app.organisation("Elsewhere").await;
    let foreign = place(&field.app, &elsewhere, "foreign").await;
    let worker = field.app.token("worker", "worker", &field.home).await;
    let with = |hour: u32, name: &str, value: Value| {
        let mut point = direct(&field, hour, 1.0);
        point[name] = value;
        point
    };
    // A source of the other organisation, and one without a version.
    let other = json!({ "name": "other", "organisation_id": elsewhere });
    field.app.make("/api/v1/sources", &other).await;
    field
        .app
        .make("/api/v1/sources", &json!({ "name": "bare" }))
        .await;
    let bad = json!([
        direct(&field, 1, 1.0),
        with(2, "source", json!("nobody")),
        with(2, "source", json!("other")),
        with(2, "source", json!("bare")),
        with(2, "source_version", json!("9.9")),
        with(2, "metric", json!("risk")),
        with(2, "location_id", json!(foreign)),
        with(2, "location_id", json!(Uuid::nil())),
        with(2, "issue_time", json!("2023-10-28T00:00:00.000001Z")),
        with(1, "source", json!("mildew-predictor")),
        with(1, "source_version", json!("1.0.0")),
    ]);
    let refused = field
        .app
        .call_as(&worker, "POST", "/api/v1/predictions", &bad)
        .await;
    let places = "1/source 2/source 3/source_version 4/source_version 5/metric 6/location_id 7/location_id 8/issue_time \
        9/valid_time 10/valid_time";
    let places: Vec<_> = places
        .split_whitespace()
        .map(|place| format!("#/{place}"))
        .collect();
    refused.expect_problem(422, &places.iter().map(String::as_str).collect::<Vec<_>>());
    assert!(field.rows(&format!("metric=all&{WINDOW}")).await.is_empty());
    for (body, places) in [
        (json!([]), &["#"][..]),
        (json!("x"), &["#"]),
        (json!(null), &["#"]),
        (
            json!([{ "source": 1 }]),
            &[
                "#/0/source",
                "#/0/metric",
                "#/0/location_id",
                "#/0/valid_time",
                "#/0/value",
            ],
        ),
        (
            json!({ "predictions": [{ "role": 1 }] }),
            &[
                "#/job_id",
                "#/predictions/0/role",
                "#/predictions/0/valid_time",
                "#/predictions/0/value",
            ],
        ),
    ] {
        let request = field
            .app
            .request(Method::POST, "/api/v1/predictions")
            .bearer_auth(ADMIN)
            .json(&body);
        field.app.send(request).await.expect_problem(422, places);
    }
    let good = json!([
        direct(&field, 2, 2.0),
        with(1, "source", json!("mildew-predictor")),
        with(3, "source_version", json!("1.0.0"))
    ]);
    let counts = field
        .app
        .ok(&worker, "POST /predictions", good.clone())
        .await;
    assert_eq!(counts, json!({ "stored": 3, "revised": 0, "unchanged": 0 }));
    let counts = field
        .app
        .ok(&worker, "POST /predictions", good.clone())
        .await;
    assert_eq!(counts["unchanged"], 3);
    let rows = field.rows(&format!("metric=all&{WINDOW}")).await;
    assert_eq!(rows.len(), 3);
    assert_eq!(
        (&rows[0]["unit"], rows[0].get("job_id")),
        (&json!("points"), None)
    );
    let viewer = field.app.token("viewer", "viewer", &field.home).await;
    field
        .app
        .calls(&viewer, json!([["POST /predictions", good, 403]]))
        .await;
    // Without a version it is the newest.
    let mut newer = setup(&field.home, "Newer");
    newer["source_version"]["version"] = json!("2.0.0");
    newer["source_version"]["input_roles"] = json!([]);
    newer["role_bindings"] = json!([]);
    field.app.advance_minutes(1);
    field.app.ok(ADMIN, "POST /jobs/setup", newer).await;
    field
        .app
        .ok(
            &worker,
            "POST /predictions",
            json!([direct(&field, 2, 4.0)]),
        )
        .await;
    let rows = field
        .rows(&format!("metric=all&{WINDOW}&source_version=2.0.0"))
        .await;
    assert_eq!((rows.len(), &rows[0]["value"]), (1, &json!(4.0)));
}

#[tokio::test]
async fn lines_are_kept_part_by_part() {
    let field = Field::start().await;
    let line = |n: usize| {
        let (second, issue) = (n % 1000, n / 1000);
        let valid_time = format!("2023-10-27T12:{:02}:{:02}Z", second / 60, second % 60);
        let mut point = direct(&field, 1, 1.0);
        point["valid_time"] = json!(valid_time);
        point["issue_time"] = json!(format!("2023-10-27T00:00:{issue:02}Z"));
        format!("{point}\n")
    };
    // More than the server takes as one body, with blank lines and without an end of the last.
    let mut all: Vec<String> = (0..25_000).map(line).collect();
    all.insert(5, "\n \r\n".to_owned());
    let whole = all.concat();
    assert!(whole.len() > crate::app::BODY_BYTES * 4);
    let counts = lines(&field, ADMIN, whole.trim_end().to_owned())
        .await
        .expect(200);
    assert_eq!(
        counts,
        json!({ "stored": 25_000, "revised": 0, "unchanged": 0 })
    );
    // A bad line in the second part: the first is kept.
    let field = &Field::start().await;
    let rows = async || {
        field
            .rows(&format!("metric=all&{WINDOW}&limit=10000&issues=all"))
            .await
            .len()
    };
    let mut all: Vec<String> = (0..25_000).map(line).collect();
    for line in &mut all {
        // The ids of the new field's location and source.
        let mut point: Value = serde_json::from_str(line).unwrap();
        point["location_id"] = json!(field.there);
        point["source"] = json!(field.source);
        *line = format!("{point}\n");
    }
    all[20_003] = all[20_003].replace("mildew_risk", "nothing");
    let refused = lines(field, ADMIN, all.concat()).await;
    refused.expect_problem(422, &["#/20003/metric"]);
    let detail = refused.json()["detail"].as_str().unwrap().to_owned();
    assert!(
        detail.contains("the 20000 lines before this part are kept"),
        "{detail}"
    );
    assert_eq!(rows().await, 10_000);
    all[20_003] = all[20_003].replace("nothing", "mildew_risk");
    let counts = lines(field, ADMIN, all.concat()).await.expect(200);
    assert_eq!(
        counts,
        json!({ "stored": 5_000, "revised": 0, "unchanged": 20_000 })
    );

    let field = &Field::start().await;
    let good = direct(field, 1, 1.0);
    for (body, place) in [
        (String::new(), "#"),
        ("\n\n".to_owned(), "#"),
        (format!("{good}\n{good}"), "#/1/valid_time"),
        (format!("{good}\n{{\"source\""), "#/1"),
        (format!("{good}\n[]"), "#/1"),
        (format!("{good}\n{good} {good}"), "#/1"),
        (format!("{good}\n{}", "x".repeat(100_000)), "#/1"),
        (
            format!("{good}\n{}", good.to_string().replace("1.0", "null")),
            "#/1",
        ),
    ] {
        lines(field, ADMIN, body)
            .await
            .expect_problem(422, &[place]);
    }
    let viewer = field.app.token("viewer", "viewer", &field.home).await;
    lines(field, &viewer, good.to_string())
        .await
        .expect_problem(403, &[]);
    assert!(field.rows(&format!("metric=all&{WINDOW}")).await.is_empty());
}
