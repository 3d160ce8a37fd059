//! CSV responses for spreadsheets and caches: headers, names of files, formulas, and the preferences of `Accept`.

use reqwest::{Method, header::HeaderMap};
use serde_json::{Value, json};

use crate::{
    app::{ADMIN, Answer, TestApp},
    field::{Field, WINDOW, at, risk},
};

async fn get(app: &TestApp, path: &str, accept: &[&str]) -> Answer {
    let mut request = app.request(Method::GET, path).bearer_auth(ADMIN);
    for accept in accept {
        request = request.header("accept", *accept);
    }
    app.send(request).await
}

fn all(headers: &HeaderMap, name: &str) -> String {
    let lines = headers.get_all(name).iter();
    let lines: Vec<_> = lines.map(|line| line.to_str().unwrap()).collect();
    lines.join(", ").to_ascii_lowercase()
}

async fn sensor(field: &Field) -> String {
    let body = json!({ "organisation_id": field.home, "name": "S", "metric": "celsius" });
    let id = field.app.make("/api/v1/sensors", &body).await;
    let reading = json!([{ "sensor_id": id, "time": at(0), "value": -1.5 }]);
    field.app.post("/api/v1/readings", &reading).await.expect(200);
    id
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn accept_is_obeyed_with_its_weights() {
    let field = Field::start().await;
    field.post(json!({}), &[risk(0, 1.0)]).await;
    let sensor = sensor(&field).await;
    let paths = [
        format!("/api/v1/predictions?metric=all&job_id={}&{WINDOW}", field.job),
        format!("/api/v1/sensors/{sensor}/readings?limit=5"),
    ];
    for path in &paths {
        for (accept, is_csv) in [
            (&[][..], false),
            (&["*/*"], false),
            (&["application/*"], false),
            (&["text/csv"], true),
            (&["Text/CSV; header=present"], true),
            (&["text/*"], true),
            (&["text/csv;q=0.1, application/json"], false),
            (&["application/json;q=0.1, text/csv"], true),
            (&["application/json;q=0.1", "text/csv"], true),
            (&["text/csv;q=0"], false),
            (&["text/csv;q=0, */*"], false),
            (&["application/json;q=0, */*"], true),
            (&["text/csv, */*"], true),
            (&["text/csv, */*;q=0.1"], true),
            (&["text/csv;q=0.5, */*"], false),
            (&["text/csv, application/json"], true),
            (&["application/json, text/csv"], false),
            (&["text/html, application/xhtml+xml, */*;q=0.8"], false),
            (&["image/png"], false),
            (&["text/csv;q=x"], false),
        ] {
            let answer = get(&field.app, path, accept).await;
            let kind = if is_csv {
                "text/csv; charset=utf-8; header=present"
            } else {
                "application/json"
            };
            assert_eq!(answer.status, 200);
            assert_eq!(answer.header("content-type"), kind, "{accept:?}");
            assert!(all(&answer.headers, "vary").contains("accept"), "{accept:?}");
        }
        let json = get(&field.app, &format!("{path}&format=json"), &["text/csv"]).await;
        assert_eq!(json.header("content-type"), "application/json");
        let csv = get(&field.app, &format!("{path}&format=csv"), &["application/json"]).await;
        assert!(csv.header("content-type").starts_with("text/csv"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_csv_answer_has_a_name_and_a_byte_order_mark_on_request() {
    let field = Field::start().await;
    field.post(json!({}), &[risk(0, 1.0)]).await;
    let sensor = sensor(&field).await;
    let (job, there) = (&field.job, &field.there);
    for (path, file) in [
        (
            format!("/predictions?metric=all&job_id={job}&{WINDOW}"),
            format!("predictions-all-{job}.csv"),
        ),
        (
            format!("/predictions?metric=a%22%0a%2Fb&location_id={there}&{WINDOW}"),
            format!("predictions-a___b-{there}.csv"),
        ),
        (
            format!("/sensors/{sensor}/readings?limit=1"),
            format!("readings-{sensor}.csv"),
        ),
    ] {
        let path = format!("/api/v1{path}");
        let csv = get(&field.app, &format!("{path}&format=csv"), &[]).await;
        assert_eq!(csv.status, 200, "{}", csv.text);
        assert_eq!(
            csv.header("content-disposition"),
            format!("attachment; filename=\"{file}\"")
        );
        assert!(!csv.text.starts_with('\u{feff}'));
        let marked = get(&field.app, &format!("{path}&format=csv&bom=true"), &[]).await;
        assert_eq!(marked.text, format!("\u{feff}{}", csv.text));
        let json = get(&field.app, &path, &[]).await;
        assert_eq!(json.header("content-disposition"), "");
        for parameter in ["bom=true", "guard=formulas"] {
            let refused = get(&field.app, &format!("{path}&{parameter}"), &[]).await;
            refused.expect_problem(400, &[parameter.split('=').next().unwrap()]);
        }
        get(&field.app, &format!("{path}&format=csv&guard=x"), &[])
            .await
            .expect_problem(400, &["guard"]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn formulas_are_guarded_on_request() {
    let field = Field::start().await;
    for stage in ["=1+1", "+1", "-1", "@SUM(1)", "\u{ff1d}1", "plain", "a=b"] {
        field
            .post(json!({ "issue_time": at(0), "stage": stage }), &[risk(0, -2.5)])
            .await;
    }
    let path = format!(
        "/api/v1/predictions?metric=all&job_id={}&{WINDOW}&format=csv",
        field.job
    );
    let cells = async |more: &str| {
        let text = get(&field.app, &format!("{path}{more}"), &[]).await.text;
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let header = reader.headers().unwrap().clone();
        let records: Vec<_> = reader.records().map(Result::unwrap).collect();
        let column = |name: &str| header.iter().position(|known| known == name).unwrap();
        let of = |name: &str| -> Vec<String> { records.iter().map(|record| record[column(name)].to_owned()).collect() };
        (of("stage"), of("value"))
    };
    let (plain, _) = cells("").await;
    let (guarded, values) = cells("&guard=formulas").await;
    assert!(values.iter().all(|value| value == "-2.5"), "{values:?}");
    for (plain, guarded) in plain.iter().zip(&guarded) {
        let is_risky = plain.starts_with(['=', '+', '-', '@', '\u{ff1d}']);
        let expected = if is_risky { format!("'{plain}") } else { plain.clone() };
        assert_eq!(guarded, &expected);
    }
    assert_eq!(plain.len(), 7);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn responses_to_a_token_must_not_be_cached() {
    let field = Field::start().await;
    let app = &field.app;
    let private = [
        get(app, "/api/v1/organisations", &[]).await,
        get(app, &format!("/api/v1/jobs/{}", field.job), &[]).await,
        get(app, "/api/v1/whoami", &[]).await,
        get(app, "/api/v1/jobs/x", &[]).await,
        get(app, "/api/v1/nothing", &[]).await,
        get(app, "/api/v1/admin/backup", &[]).await,
        app.send(app.request(Method::GET, "/api/v1/organisations")).await,
        app.post("/api/v1/organisations", &json!({ "name": "another" })).await,
        app.post("/api/v1/organisations", &json!({})).await,
        app.call("DELETE", "/api/v1/organisations", &Value::Null).await,
    ];
    for answer in &private {
        assert_eq!(answer.header("cache-control"), "private, no-store", "{}", answer.status);
    }
    let tag = private[1].header("etag").to_owned();
    let request = app.request(Method::GET, &format!("/api/v1/jobs/{}", field.job));
    let request = request.bearer_auth(ADMIN).header("if-none-match", tag);
    let known = app.send(request).await;
    assert_eq!(
        (known.status, known.header("cache-control")),
        (304, "private, no-store")
    );
    for path in ["/api/v1/openapi.json", "/docs"] {
        let open = app.send(app.request(Method::GET, path)).await;
        assert_eq!(open.status, 200);
        assert!(!open.header("cache-control").contains("no-store"), "{path}");
    }
}
