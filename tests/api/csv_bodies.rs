//! CSV bodies as exporters and spreadsheets write them, the server's own CSV posted back, and newline-delimited JSON.

use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    app::{ADMIN, Answer, TestApp},
    field::{Field, WINDOW, at, issued, point, risk},
};

async fn post(app: &TestApp, path: &str, kind: &str, body: &str) -> Answer {
    let request = app.request(Method::POST, &format!("/api/v1{path}"));
    let request = request.bearer_auth(ADMIN).header("content-type", kind);
    app.send(request.body(body.to_owned())).await
}

async fn csv(app: &TestApp, path: &str, body: &str) -> Answer {
    post(app, path, "text/csv", body).await
}

async fn sensor(app: &TestApp) -> String {
    let home = app.organisation("Home").await;
    let body = json!({ "organisation_id": home, "name": "S", "metric": "celsius", "unit": "°C" });
    app.make("/api/v1/sensors", &body).await
}

fn detail(answer: &Answer) -> String {
    let errors = answer.json()["errors"].clone();
    errors[0]["detail"].as_str().unwrap_or_default().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_dialects_of_exporters_are_read() {
    let app = TestApp::start().await;
    let id = sensor(&app).await;
    let time = "2023-10-26T01:00:00Z";
    csv(&app, "/readings", &format!("sensor_id,time,value\n{id},{time},1.5\n"))
        .await
        .expect(200);
    for body in [
        format!("sensor_id;time;value\r\n{id};{time};1,5\r\n"),
        format!("sensor_id\ttime\tvalue\n{id}\t{time}\t1,5\n"),
        format!("sensor_id;time;value\n{id};{time};1.5\n"),
        format!("\"sensor_id\";\"time\";\"value\"\n\"{id}\";\"{time}\";\"1,5\"\n"),
        format!("sep=;\r\nsensor_id;time;value\r\n{id};{time};1,5\r\n"),
        format!("sensor_id,time,value\r{id},{time},1.5\r"),
        format!("# a comment\n\nsensor_id,time,value\n# another\n\n{id},{time},1.5\n\n,,\n"),
        format!(" Sensor_ID , TIME,Value \n{id},{time},1.5"),
        format!(",sensor_id,time,value\n0,{id},{time},1.5\n"),
        format!("Unnamed: 0,sensor_id,time,value\n0,{id},{time},1.5\n"),
        format!("sensor_id,time,value,\n{id},{time},1.5,\n"),
        format!("sensor_id,time,value\n{id},{time},1.5,,\n"),
        format!("value,available_at,time,sensor_id\n1.5,2023-10-27T00:00:00Z,{time},{id}\n"),
        format!("sensor_id,time,value\n{id},2023-10-26 01:00:00+0000,15e-1\n"),
    ] {
        let counts = csv(&app, "/readings", &body).await.expect(200);
        assert_eq!(counts["unchanged"], 1, "{body}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn faults_of_a_rows_values_name_its_line() {
    let field = Field::start().await;
    let sensor = json!({ "organisation_id": field.home, "name": "Sensor", "metric": "celsius" });
    let sensor = field.app.make("/api/v1/sensors", &sensor).await;
    let (job, hour) = (&field.job, "2023-10-27T01:00:00Z");
    let nobody = Uuid::new_v4();
    for (path, body, place, line) in [
        (
            "/predictions",
            format!("job_id,role,valid_time,value\r\n\r\n{job},risk,{hour},1\r\n{job},rain,{hour},1\r\n"),
            "#/1/role",
            "(line 4)",
        ),
        (
            "/predictions",
            format!("job_id,role,valid_time,value\n# twice\n{job},risk,{hour},1\n{job},risk,{hour},2\n"),
            "#/1/valid_time",
            "(line 4)",
        ),
        (
            "/predictions",
            format!("source,metric,location_id,valid_time,value\nnone,risk,{nobody},{hour},1\n"),
            "#/0/location_id",
            "(line 2)",
        ),
        (
            "/readings",
            format!("sensor_id,time,value\n{sensor},{hour},1\n\n{nobody},{hour},1\n"),
            "#/1/sensor_id",
            "(line 4)",
        ),
        (
            "/readings",
            format!("sensor_id,time,value\n{sensor},{hour},1\n{sensor},{hour},2\n"),
            "#/1/time",
            "(line 3)",
        ),
    ] {
        let refused = csv(&field.app, path, &body).await;
        refused.expect_problem(422, &[place]);
        let detail = refused.json()["errors"][0]["detail"].to_string();
        assert_eq!(detail.matches(line).count(), 1, "{detail}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn faults_of_a_table_are_named() {
    let app = TestApp::start().await;
    let id = sensor(&app).await;
    let time = "2023-10-26T01:00:00Z";
    for (body, place, words) in [
        (
            "sensor_id,time,valeu\n".to_owned(),
            "#",
            &["value is missing", "unknown column valeu"][..],
        ),
        (
            format!("sensor_id,time,value,colour,size\n{id},{time},1,red,2"),
            "#",
            &["unknown columns colour, size"],
        ),
        (
            format!("sensor_id,time,value,colour\n{id},{time},1,red"),
            "#",
            &["colour"],
        ),
        (
            format!("sensor_id,time,value,time\n{id},{time},1,{time}"),
            "#",
            &["time twice"],
        ),
        (format!("sensor_id time value\n{id} {time} 1"), "#", &["is missing"]),
        (
            format!("sensor_id,time,value\n{id},{time},\"1,5\""),
            "#/0/value",
            &["comma"],
        ),
        (format!("sensor_id,time,value\n{id},{time},1,5"), "#/0", &["4 fields"]),
        (
            format!("sensor_id,time,value\n{id},{time},\"1,234.5\""),
            "#/0/value",
            &["thousands"],
        ),
        (
            format!("sensor_id;time;value\n{id};{time};1.234,5"),
            "#/0/value",
            &["thousands"],
        ),
        (
            format!("sensor_id;time;value\n{id};{time};1 234,5"),
            "#/0/value",
            &["thousands"],
        ),
        (
            format!("sensor_id,time,value\n{id},{time},unavailable"),
            "#/0/value",
            &["number"],
        ),
    ] {
        let answer = csv(&app, "/readings", &body).await;
        answer.expect_problem(422, &[place]);
        for word in words {
            assert!(detail(&answer).contains(word), "{body}: {}", answer.text);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_line_of_a_bad_row_is_the_one_that_an_editor_shows() {
    let app = TestApp::start().await;
    let id = sensor(&app).await;
    for mark in ["", "\u{feff}"] {
        for end in ["\n", "\r\n", "\r"] {
            let good = |hour: u32| format!("{id},2023-10-26T{hour:02}:00:00Z,1");
            let mut lines = vec!["sensor_id,time,value".to_owned()];
            lines.extend((1..6).map(good));
            lines.push(format!("{id},2023-10-26T06:00:00Z,x"));
            lines.push(good(7));
            let body = mark.to_owned() + &lines.join(end) + end;
            let answer = csv(&app, "/readings", &body).await;
            answer.expect_problem(422, &["#/5/value"]);
            assert!(detail(&answer).contains("(line 7)"), "{end:?}: {}", answer.text);
            // Comments, blank lines and line breaks within quotes are lines too.
            lines.insert(3, "# a comment".to_owned());
            lines.insert(3, String::new());
            lines[1] = format!("\"{id}\",\"2023-10-26T01:00:00Z{end}\",1");
            let body = mark.to_owned() + &lines.join(end);
            let answer = csv(&app, "/readings", &body).await;
            answer.expect_problem(422, &["#/5/value"]);
            assert!(detail(&answer).contains("(line 10)"), "{end:?}: {}", answer.text);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readings_that_were_read_as_csv_can_be_posted_back() {
    let app = TestApp::start().await;
    let id = sensor(&app).await;
    let body: Vec<_> = (0..24)
        .map(|hour| json!({ "sensor_id": id, "time": format!("2023-10-26T{hour:02}:00:00Z"), "value": f64::from(hour) / 3.0 }))
        .collect();
    app.post("/api/v1/readings", &json!(body)).await.expect(200);
    for more in ["", "&bom=true", "&guard=formulas"] {
        let path = format!("/api/v1/sensors/{id}/readings?format=csv{more}");
        let read = app.get(&path).await;
        let counts = csv(&app, "/readings", &read.text).await.expect(200);
        assert_eq!(counts["unchanged"], 24, "{more}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_rows_of_one_sensor_need_not_name_it() {
    let app = TestApp::start().await;
    let id = sensor(&app).await;
    let path = format!("/readings?sensor_id={id}");
    let body = "time,value\n2023-10-26T01:00:00Z,1\n2023-10-26T02:00:00Z,2\n";
    assert_eq!(csv(&app, &path, body).await.expect(200)["stored"], 2);
    let named = format!("time,value,sensor_id\n2023-10-26T01:00:00Z,1,{id}\n2023-10-26T02:00:00Z,2,\n");
    assert_eq!(csv(&app, &path, &named).await.expect(200)["unchanged"], 2);
    let other = format!("time,value,sensor_id\n2023-10-26T01:00:00Z,1,{}\n", uuid::Uuid::nil());
    csv(&app, &path, &other).await.expect_problem(422, &["#/0/sensor_id"]);
    csv(&app, "/readings", body).await.expect_problem(422, &["#"]);
    csv(&app, "/readings?sensor_id=x", body)
        .await
        .expect_problem(400, &["sensor_id"]);
    app.post(&format!("/api/v1{path}"), &json!([]))
        .await
        .expect_problem(400, &["sensor_id"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readings_are_taken_as_newline_delimited_json() {
    let app = TestApp::start().await;
    let id = sensor(&app).await;
    let line = |hour: u32| json!({ "sensor_id": id, "time": at(hour), "value": hour }).to_string();
    let body = format!("{}\n\n{}\r\n{}", line(0), line(1), line(2));
    for kind in [
        "application/x-ndjson",
        "application/ndjson; charset=utf-8",
        "application/jsonl",
        "application/jsonlines",
    ] {
        let counts = post(&app, "/readings", kind, &body).await.expect(200);
        let all = counts["stored"].as_u64().unwrap() + counts["unchanged"].as_u64().unwrap();
        assert_eq!(all, 3, "{kind}");
    }
    let bad = format!("{}\n\n{{\"sensor_id\": \"x\"}}\n", line(0));
    let answer = post(&app, "/readings", "application/x-ndjson", &bad).await;
    answer.expect_problem(422, &["#/1/sensor_id"]);
    assert!(detail(&answer).contains("(line 3)"), "{}", answer.text);
    let path = format!("/api/v1/sensors/{id}/readings?from=2023-10-27");
    assert_eq!(app.get(&path).await.expect(200).as_array().unwrap().len(), 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn predictions_of_a_job_that_were_read_as_csv_can_be_posted_back() {
    let field = Field::start().await;
    let app = &field.app;
    field.post(issued(0), &[risk(1, 1.5), point("spread", 1, 2.0)]).await;
    field
        .post(json!({ "issue_time": at(0), "stage": "=raw" }), &[risk(2, 3.0)])
        .await;
    let path = format!(
        "/api/v1/predictions?metric=all&job_id={}&{WINDOW}&format=csv",
        field.job
    );
    let read = app.get(&path).await;
    let counts = csv(app, "/predictions", &read.text).await.expect(200);
    assert_eq!(counts["unchanged"], 3, "{}", read.text);
    let changed = read.text.replace(",1.5,", ",1.75,");
    let counts = csv(app, "/predictions", &changed).await.expect(200);
    assert_eq!((&counts["revised"], &counts["unchanged"]), (&json!(1), &json!(2)));
    let semicolons = format!("job_id;role;valid_time;value\n{};risk;{};2,5\n", field.job, at(5));
    assert_eq!(csv(app, "/predictions", &semicolons).await.expect(200)["stored"], 1);
    assert!(field.values(WINDOW).await.contains(&2.5));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn predictions_without_a_job_are_taken_as_csv() {
    let field = Field::start().await;
    let app = &field.app;
    let source = app.get(&format!("/api/v1/sources/{}", field.source)).await.json()["name"].clone();
    let source = source.as_str().unwrap();
    let body = format!(
        "source,metric,location_id,valid_time,value,issue_time,stage\n\
         {source},mildew_risk,{there},{},1.5,{},\n\
         {source},mildew_risk,{there},{},2.5,,raw\n",
        at(1),
        at(0),
        at(2),
        there = field.there
    );
    assert_eq!(csv(app, "/predictions", &body).await.expect(200)["stored"], 2);
    let rows = field.rows(&format!("metric=all&{WINDOW}")).await;
    let stages: Vec<_> = rows.iter().map(|row| row["stage"].clone()).collect();
    assert_eq!(rows.len(), 2, "{stages:?}");
    assert!(stages.contains(&json!("raw")) && stages.contains(&Value::Null));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bad_rows_of_predictions_are_named() {
    let field = Field::start().await;
    let (app, job, there) = (&field.app, &field.job, &field.there);
    let other = field.another("Other").await;
    let t = at(1);
    for (body, places) in [
        (
            format!("job_id,role,valid_time,value\n{job},risk,{t},x"),
            &["#/0/value"][..],
        ),
        (
            format!("job_id,role,valid_time,value\n{job},risk,{t},1\n{job},rsk,{t},1"),
            &["#/1/role"],
        ),
        (
            format!("job_id,role,valid_time,value\n{job},risk,{t},1\n{other},risk,{t},1"),
            &["#/1/job_id"],
        ),
        (
            format!("job_id,role,valid_time,value\n{job},risk,,1"),
            &["#/0/valid_time"],
        ),
        (
            format!("job_id,role,unit,valid_time,value\n{job},risk,furlongs,{t},1"),
            &["#/0/unit"],
        ),
        (
            format!("role,valid_time,value\nrisk,{t},1"),
            &["#/0/source", "#/0/metric", "#/0/location_id", "#/0/role"],
        ),
        (
            format!("source,metric,location_id,valid_time,value\n,m,{there},{t},1"),
            &["#/0/source"],
        ),
        (
            format!("source,metric,location_id,valid_time,value\ns,m,x,{t},1"),
            &["#/0/location_id"],
        ),
        ("job_id,role,valid_time,value\n".to_owned(), &["#"]),
        ("job_id,role,value\n".to_owned(), &["#"]),
    ] {
        csv(app, "/predictions", &body).await.expect_problem(422, places);
    }
    assert!(field.values(WINDOW).await.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_header_of_many_columns_and_deep_nesting_are_refused_at_once() {
    let app = TestApp::start().await;
    let wide = csv(&app, "/readings", &"value,".repeat(100_000)).await;
    assert_eq!(wide.status, 422);
    assert_eq!(detail(&wide), "must have at most 500 columns");
    let deep = "[".repeat(200_000);
    let refused = post(&app, "/readings", "application/json", &deep).await;
    assert_eq!(refused.status, 400);
}
