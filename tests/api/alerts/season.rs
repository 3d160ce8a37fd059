//! The demo's season, judged night by night.

use reqwest::Client;
use serde_json::{Value, json};
use tempfile::tempdir;
use uuid::Uuid;

use super::oracle::{Oracle, Rule};
use crate::{
    app::ADMIN,
    command_line::{Served, command},
    demo::{address, get},
};
use prediction_api::{domain::Timestamp, example::catalogue::SITES};

/// Raises (+) and clears (-) of an alert on the season at EWR, by day, computed by another implementation.
const ONE: &str = "04-10+ 04-11- 04-20+ 04-21- 05-11+ 05-12- 05-17+ 05-18- 05-21+ 05-27- 05-28+ 05-30- 05-31+ 09-19- \
    09-20+ 09-30- 10-01+ 10-13-";
const TWO: &str = "05-22+ 05-27- 06-01+ 09-19- 09-21+ 09-30- 10-02+ 10-13-";

fn days(changes: &[Value]) -> String {
    let day = |change: &Value| {
        let sign = if change["state"] == "raised" { "+" } else { "-" };
        format!("{}{sign}", &change["at"].as_str().unwrap()[5..10])
    };
    changes.iter().map(day).collect::<Vec<_>>().join(" ")
}

async fn attempt(url: &str, job: Uuid, issues: usize) -> Value {
    let body = json!({
        "job_id": job, "metric": "mildew_risk", "when": "ge", "value": 60, "clear": 50, "within": "P3D", "issues": issues,
        "from": "2013-01-01T00:00:00Z", "as_of": "2014-01-01T00:00:00Z"
    });
    let request = Client::new()
        .post(format!("{url}/api/v1/alerts/try"))
        .bearer_auth(ADMIN)
        .json(&body);
    let answer = request.send().await.unwrap();
    let (status, text) = (answer.status(), answer.text().await.unwrap());
    assert_eq!(status, 200, "{text}");
    serde_json::from_str(&text).unwrap()
}

/// Returns what the oracle says about the issues of a job, judged at their arrival.
async fn expected(url: &str, job: Uuid, issues: usize) -> Vec<String> {
    let window = "from=2013-01-01T00:00:00Z&to=2014-01-01T00:00:00Z&issues=all&limit=10000";
    let rows = get(&format!(
        "{url}/api/v1/predictions?metric=mildew_risk&job_id={job}&{window}"
    ))
    .await;
    let mut rows = rows.as_array().unwrap().clone();
    rows.sort_by_key(|row| row["available_at"].as_str().unwrap().to_owned());
    let minute = |row: &Value, name: &str| Timestamp::parse(row[name].as_str().unwrap()).unwrap().micros() / 60_000_000;
    let rule = Rule {
        when: "ge",
        value: 60.0,
        clear: 50.0,
        probability: 1.0,
        levels: Vec::new(),
        within: 3 * 24 * 60,
        lasting: 0,
        issues,
        interval: 24 * 60,
    };
    let mut oracle = Oracle::new(rule, minute(&rows[0], "available_at") - 1);
    for posted in rows.chunk_by(|a, b| a["available_at"] == b["available_at"]) {
        oracle.advance(minute(&posted[0], "available_at"));
        let value = |row: &Value| {
            (
                minute(row, "valid_time"),
                row["value"].as_f64().map(|value| vec![value]),
            )
        };
        let values: Vec<_> = posted.iter().map(value).collect();
        oracle.post(minute(&posted[0], "issue_time"), &values);
    }
    let end = Timestamp::parse("2014-01-01T00:00:00Z").unwrap();
    oracle.advance(end.micros() / 60_000_000);
    oracle.texts().iter().map(|text| text[..16].to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_season_has_nine_raises_and_four_if_two_issues_must_agree() {
    let folder = tempdir().unwrap();
    let mut command = command(folder.path(), &["demo", "--as-recorded"]);
    command.env("PREDICTION_API_ADMIN_TOKEN", ADMIN);
    let demo = Served::start(command);
    let url = address(&demo);
    for (issues, known) in [(1, ONE), (2, TWO)] {
        let tried = attempt(&url, SITES[0].job, issues).await;
        let changes = tried["changes"].as_array().unwrap();
        assert_eq!(days(changes), known);
        let raised = known.matches('+').count();
        assert_eq!(
            (&tried["raised"], &tried["messages"]),
            (&json!(raised), &json!(2 * raised))
        );
        if issues == 1 {
            let first = (&changes[8]["first_time"], &changes[8]["peak"]);
            assert_eq!(first, (&json!("2013-05-23T04:00:00Z"), &json!(80.0)));
        }
        for site in &SITES {
            let tried = attempt(&url, site.job, issues).await;
            let changes = tried["changes"].as_array().unwrap().iter();
            let found: Vec<_> = changes
                .map(|change| change["at"].as_str().unwrap()[..16].to_owned())
                .collect();
            assert_eq!(found, expected(&url, site.job, issues).await, "{}", site.job);
        }
    }
    assert_eq!(demo.terminate(), Some(0));
}
