//! The command `demo`: the executable fills a fresh folder, serves it, and leaves every other folder alone.

use std::{
    collections::BTreeMap,
    fs,
    path::Path,
    process::{Command, Stdio},
    thread,
    time::Duration,
};

use prediction_api::{
    example::{
        catalogue::SITES,
        mildew::SEASON_2013,
        today,
        weather::{self, STATIONS},
    },
    http,
};
use reqwest::{Client, StatusCode};
use serde_json::Value;
use tempfile::tempdir;

use crate::{
    command_line::{Served, assert_refused, command, run, text},
    mildew::{EXPECTED, check},
};

/// Returns the address of a started server.
fn address(served: &Served) -> String {
    served.said("Swagger UI").replace("/swagger", "")
}

/// Returns the response to a GET without a token.
async fn get(url: &str) -> Value {
    let answer = Client::new().get(url).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK, "{url}");
    answer.json().await.unwrap()
}

/// Returns the values of the rows.
fn values(rows: &Value) -> Vec<f64> {
    let rows = rows.as_array().unwrap().iter();
    rows.map(|row| row["value"].as_f64().unwrap()).collect()
}

/// Returns every file of the folder with its content.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = fs::read_dir(folder).unwrap().map(Result::unwrap);
    let named = |entry: fs::DirEntry| {
        let name = entry.file_name().into_string().unwrap();
        (name, fs::read(entry.path()).unwrap())
    };
    entries.map(named).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_demo_holds_the_season_of_three_stations_as_it_went() {
    let folder = tempdir().unwrap();
    let demo = Served::start(command(folder.path(), &["demo"]));
    let url = address(&demo);
    let weather = weather::hours(&http::weather_csv().unwrap()).unwrap();
    for ((station, site), expected) in STATIONS.iter().zip(SITES).zip(EXPECTED) {
        let predictions = format!("{url}/api/v1/predictions?metric=mildew_risk&job_id={}", site.job);
        let season = "from=2013-04-01T00:00:00Z&to=2013-11-02T00:00:00Z";
        let rows = get(&format!("{predictions}&{season}")).await;
        check(rows.as_array().unwrap(), expected);

        // As of the end of a day, that day's index and its outlook are known.
        for day in SEASON_2013.index(&weather[station.code]).iter().step_by(7) {
            let end = format!("{}T04:00:00Z", day.issued_at.date());
            // The workers of the stations post at the same moment of the clock.
            let known = end.replace("04:00:00", "04:05:01");
            let window = format!("from={end}&to=2014-01-01T00:00:00Z&as_of={known}");
            let rows = get(&format!("{predictions}&{window}")).await;
            let mut expected = vec![f64::from(day.points)];
            expected.extend(day.outlook.map(f64::from));
            assert_eq!(values(&rows), expected, "{} {}", station.code, day.day);
            assert_eq!(rows[3]["lead_seconds"], 259_200.0);
            let arrival = rows[0]["available_at"].as_str().unwrap();
            assert!(arrival.starts_with(&end.replace("04:00:00Z", "04:05:00")), "{arrival}");
        }

        let inputs = format!("{url}/api/v1/jobs/{}/inputs?from=2013-01-01T00:00:00Z", site.job);
        let inputs = get(&format!("{inputs}&to=2014-01-01T00:00:00Z")).await;
        let air = inputs["inputs"].as_array().unwrap();
        let air = air.iter().find(|input| input["role"] == "temperature").unwrap();
        let hours = weather[station.code].iter();
        let measured = hours.filter(|hour| hour.temperature.is_some()).count();
        assert_eq!(air["readings"]["values"].as_array().unwrap().len(), measured);
        let humidity = format!("{url}/api/v1/sensors/{}/readings", site.sensors[1]);
        let day = "from=2013-07-01T04:00:00Z&to=2013-07-02T04:00:00Z";
        assert_eq!(get(&format!("{humidity}?{day}")).await.as_array().unwrap().len(), 24);
        let known = format!("{humidity}?{day}&as_of=2013-07-02T03:59:59Z");
        assert_eq!(get(&known).await, serde_json::json!([]));
    }
    assert_eq!(demo.terminate(), Some(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_state_of_health_is_seen_in_the_demo() {
    let folder = tempdir().unwrap();
    let demo = Served::start(command(folder.path(), &["demo"]));
    let url = address(&demo);
    for (job, state) in [
        (SITES[0].job, "down"),
        (today::ON_TIME, "on_time"),
        (today::HALF, "on_time"),
        (today::LATE, "late"),
        (today::NEW, "new"),
        (today::UNMONITORED, "unmonitored"),
        (today::PAUSED, "paused"),
        (today::FAILED, "failed"),
    ] {
        let job = get(&format!("{url}/api/v1/jobs/{job}")).await;
        assert_eq!(job["health"]["state"], state, "{job}");
    }
    let counts = get(&format!("{url}/api/v1/health")).await;
    let expected = serde_json::json!({
        "paused": 1, "unmonitored": 1, "new": 1, "on_time": 2, "late": 1, "down": 3, "failed": 1,
        "not_covering_now": 6
    });
    assert_eq!(counts, expected);
    let half = get(&format!("{url}/api/v1/jobs?target_health=late&health=on_time")).await;
    assert_eq!(half[0]["id"], today::HALF.to_string());
    let latest = get(&format!(
        "{url}/api/v1/predictions/latest?metric=temperature&job_id={}",
        today::ON_TIME
    ))
    .await;
    assert!(latest[0]["values"].as_array().unwrap().len() > 300, "{latest}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everyone_reads_the_demo_and_only_a_token_changes_it() {
    let folder = tempdir().unwrap();
    let demo = Served::start(command(folder.path(), &["demo"]));
    let whoami = format!("{}/api/v1/whoami", address(&demo));
    assert_eq!(get(&whoami).await["role"], "viewer");
    let client = Client::new();
    let wrong = client.get(&whoami).bearer_auth("wrong").send().await.unwrap();
    assert_eq!(wrong.status(), StatusCode::UNAUTHORIZED);
    let token = demo.said("Admin token").to_owned();
    let admin = client.get(&whoami).bearer_auth(&token).send().await.unwrap();
    assert_eq!(admin.json::<Value>().await.unwrap()["role"], "admin");
    let job = format!("{}/api/v1/jobs/{}", address(&demo), SITES[0].job);
    for request in [client.delete(&job), client.put(&job).json(&serde_json::json!({}))] {
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
    }

    // Every link of the demo's guide works.
    let guide = client.get(format!("{}/docs/demo", address(&demo))).send();
    let guide = guide.await.unwrap().text().await.unwrap();
    let link = regex::Regex::new("href=\"(/api/v1/[^\"]*mildew[^\"]*|/api/v1/sensors[^\"]*)\"").unwrap();
    let links: Vec<_> = link.captures_iter(&guide).map(|link| link[1].to_owned()).collect();
    assert_eq!(links.len(), 24, "{guide}");
    for link in links {
        let link = link.replace("&amp;", "&");
        let answer = client.get(format!("{}{link}", address(&demo))).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK, "{link}");
        let kind = if link.contains("format=csv") {
            "text/csv"
        } else {
            "application/json"
        };
        let found = answer.headers()["content-type"].to_str().unwrap();
        assert!(found.starts_with(kind), "{link}: {found}");
        let rows = answer.text().await.unwrap();
        assert!(rows.matches("2013-05-2").count() >= 7, "{link}: {rows}");
    }

    // The commands that it shows work unchanged.
    let lines = demo.greeting.lines().map(str::trim);
    let calls: Vec<_> = lines.filter(|line| line.starts_with("curl ")).collect();
    assert_eq!(calls.len(), 3, "{}", demo.greeting);
    for call in calls {
        let call = call.replacen("curl", "curl --silent --fail", 1);
        let answer = Command::new("sh").args(["-c", &call]).output().unwrap();
        assert!(answer.status.success(), "{call}");
        assert!(text(&answer.stdout).contains("mildew_risk"), "{call}");
    }
    drop(demo);

    // Served again, it is a server like any other.
    let served = Served::start(command(folder.path(), &["--data-dir", "demo-data"]));
    let job = format!("{}/api/v1/jobs/{}", address(&served), SITES[0].job);
    let bare = client.get(&job).send().await.unwrap();
    assert_eq!(bare.status(), StatusCode::UNAUTHORIZED);
    let known = client.get(&job).bearer_auth(&token).send().await.unwrap();
    assert_eq!(known.status(), StatusCode::OK);
}

#[test]
fn a_folder_that_is_not_empty_stays_unchanged() {
    let folder = tempdir().unwrap();
    Served::start(command(folder.path(), &[])).terminate();
    let data = folder.path().join("data");
    let before = files(&data);
    let arguments = ["demo", "--listen", ":0", "--data-dir", "data"];
    let refused = run(folder.path(), &arguments);
    assert_refused(
        &refused,
        &["the folder data is not empty", "prediction-api --data-dir data"],
    );
    assert_eq!(files(&data), before);

    let other = tempdir().unwrap();
    fs::write(other.path().join("letter.txt"), "dear").unwrap();
    let named = other.path().to_str().unwrap();
    let refused = run(folder.path(), &["demo", "--listen", ":0", "--data-dir", named]);
    assert_refused(&refused, &["is not empty", "demo --data-dir "]);
    assert_eq!(files(other.path()).len(), 1);
    let file = other.path().join("letter.txt");
    let refused = run(
        folder.path(),
        &["demo", "--listen", ":0", "--data-dir", file.to_str().unwrap()],
    );
    assert_refused(&refused, &["letter.txt is not a folder"]);
}

#[test]
fn a_demo_that_was_killed_while_it_filled_the_folder_begins_anew() {
    let folder = tempdir().unwrap();
    let data = folder.path().join("demo-data");
    let unfinished = data.join("prediction-api.db.unfinished");
    let mut killed = command(folder.path(), &["demo", "--listen", ":0"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    while !unfinished.exists() {
        assert!(killed.try_wait().unwrap().is_none(), "it ended by itself");
        thread::sleep(Duration::from_millis(1));
    }
    killed.kill().unwrap();
    killed.wait().unwrap();
    assert!(!data.join("prediction-api.db").exists());
    let demo = Served::start(command(folder.path(), &["demo"]));
    assert!(demo.greeting.contains("2568 predictions of 3 stations"));
    assert_eq!(demo.terminate(), Some(0));
    let names: Vec<_> = files(&data).into_keys().collect();
    assert_eq!(
        names,
        [
            "admin-token",
            "prediction-api.db",
            "prediction-api.lock",
            "prediction-api.reserve"
        ]
    );
}

#[test]
fn the_demo_has_a_folder_of_its_own_unless_one_is_named() {
    let folder = tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    // The first command of the README, then its second.
    Served::start(command(folder.path(), &[])).terminate();
    let before = files(&path("data"));
    let demo = Served::start(command(folder.path(), &["demo"]));
    let token = fs::read_to_string(path("demo-data/admin-token")).unwrap();
    assert_eq!(demo.said("Admin token"), token.trim());
    assert_eq!(demo.terminate(), Some(0));
    assert_eq!(files(&path("data")), before);

    // The folder in a configuration file is the server's.
    fs::write(path("x.toml"), "data_dir = \"served\"").unwrap();
    let again = ["demo", "--listen", ":0", "--config", "x.toml"];
    let refused = run(folder.path(), &again);
    assert_refused(&refused, &["the folder demo-data is not empty"]);
    assert!(!path("served").exists());

    let mut named = command(folder.path(), &["demo"]);
    named.env("PREDICTION_API_DATA_DIR", "by-variable");
    Served::start(named).terminate();
    assert!(path("by-variable/prediction-api.db").exists());
}
