//! The command `demo`: the executable fills a fresh folder and serves it.

use std::{collections::BTreeMap, fs, path::Path, process::Command};

use prediction_api::{
    example::{
        calendar::Calendar,
        catalogue::SITES,
        jobs,
        mildew::SEASON_2013,
        weather::{self, STATIONS},
    },
    http,
};
use reqwest::{Client, StatusCode};
use serde_json::Value;
use tempfile::tempdir;
use time::OffsetDateTime;

use crate::{
    command_line::{Served, command, text},
    mildew::{EXPECTED, check, check_recorded},
};

/// Returns the address of a started server.
pub fn address(served: &Served) -> String {
    served.said("Swagger UI").replace("/swagger", "")
}

/// Returns the response to a GET without a token.
pub async fn get(url: &str) -> Value {
    let answer = Client::new().get(url).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK, "{url}");
    answer.json().await.unwrap()
}

/// Returns the values of the rows.
fn values(rows: &Value) -> Vec<f64> {
    let rows = rows.as_array().unwrap().iter();
    rows.map(|row| row["value"].as_f64().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_demo_holds_the_season_of_three_stations_as_it_went() {
    let folder = tempdir().unwrap();
    let demo = Served::start(command(folder.path(), &["demo", "--as-recorded"]));
    let url = address(&demo);
    let weather = weather::hours(&http::weather_csv().unwrap()).unwrap();
    for ((station, site), expected) in STATIONS.iter().zip(SITES).zip(EXPECTED) {
        let predictions = format!("{url}/api/v1/predictions?metric=mildew_risk&job_id={}", site.job);
        let season = "from=2013-04-01T00:00:00Z&to=2013-11-02T00:00:00Z";
        let rows = get(&format!("{predictions}&{season}")).await;
        check_recorded(rows.as_array().unwrap(), expected);

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
    let mut states = vec![
        (jobs::HALF, "on_time"),
        (jobs::LATE, "late"),
        (jobs::DOWN, "down"),
        (jobs::NEW, "new"),
        (jobs::UNMONITORED, "unmonitored"),
        (jobs::PAUSED, "paused"),
        (jobs::FAILED, "failed"),
    ];
    states.extend(SITES.map(|site| (site.job, "on_time")));
    states.extend(jobs::TEMPERATURE.map(|job| (job, "on_time")));
    let guide = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/docs/demo.md")).unwrap();
    for (job, state) in &states {
        let job = get(&format!("{url}/api/v1/jobs/{job}")).await;
        assert_eq!(job["health"]["state"], *state, "{job}");
        // The guide lists the jobs with their states.
        let line = format!("\n{}:{state}\n", job["name"].as_str().unwrap());
        assert!(guide.contains(&line), "{line}");
    }
    assert_eq!(
        get(&format!("{url}/api/v1/jobs")).await.as_array().unwrap().len(),
        states.len()
    );
    let counts = get(&format!("{url}/api/v1/health")).await;
    let expected = serde_json::json!({
        "paused": 1, "unmonitored": 1, "new": 1, "on_time": 7, "late": 1, "down": 1, "failed": 1,
        "not_covering_now": 5
    });
    assert_eq!(counts, expected);
    let half = get(&format!("{url}/api/v1/jobs?target_health=late&health=on_time")).await;
    assert_eq!(half[0]["id"], jobs::HALF.to_string());
    assert_eq!(half.as_array().unwrap().len(), 1);
    let paused = get(&format!("{url}/api/v1/jobs?health=paused")).await;
    assert!(paused[0]["name"].as_str().unwrap().contains("paused on purpose"));
}

/// Returns the times and values of a list of readings or predictions.
fn points(rows: &Value, time: &str) -> Vec<(String, f64)> {
    let rows = rows.as_array().unwrap().iter();
    rows.map(|row| (row[time].as_str().unwrap().to_owned(), row["value"].as_f64().unwrap()))
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_season_ends_last_night_with_the_values_and_local_hours_of_2013() {
    let folder = tempdir().unwrap();
    let demo = Served::start(command(folder.path(), &["demo"]));
    let url = address(&demo);
    let calendar = Calendar::ending_before(OffsetDateTime::now_utc());
    let last = calendar.day(SEASON_2013.last_day);
    assert!(
        demo.greeting.contains(&format!("it ends with {last}")),
        "{}",
        demo.greeting
    );
    let weather = weather::hours(&http::weather_csv().unwrap()).unwrap();
    let rfc3339 = &time::format_description::well_known::Rfc3339;
    let text = |time: OffsetDateTime| time.format(rfc3339).unwrap();
    // Until the last night: some hours later, days that were an outlook then have passed as well.
    let end = calendar.midnight(SEASON_2013.last_day.next_day().unwrap());
    let (from, to) = (calendar.midnight(SEASON_2013.first_day), end + time::Duration::SECOND);
    let window = format!("from={}&to={}&limit=10000", text(from), text(to));
    for ((station, site), (job, expected)) in STATIONS.iter().zip(SITES).zip(jobs::TEMPERATURE.iter().zip(EXPECTED)) {
        // The risk of each day is that of 2013, at the local midnight.
        let predictions = format!("{url}/api/v1/predictions?metric=mildew_risk&job_id={}", site.job);
        let rows = get(&format!("{predictions}&{window}")).await;
        check(rows.as_array().unwrap(), expected);
        let ends = SEASON_2013.index(&[]);
        for (row, night) in rows.as_array().unwrap().iter().zip(&ends) {
            let end = calendar.midnight(night.day.next_day().unwrap());
            assert_eq!(row["valid_time"], text(end));
            assert_eq!(row["issue_time"], text(end));
        }
        let age = OffsetDateTime::now_utc() - calendar.midnight(SEASON_2013.last_day.next_day().unwrap());
        assert!(age.is_positive() && age < time::Duration::hours(26), "{age}");

        // The forecast of the temperature is what was measured at the same local hour of the day before.
        let measured = get(&format!("{url}/api/v1/sensors/{}/readings?{window}", site.sensors[0])).await;
        let measured = points(&measured, "time");
        let kept: Vec<_> = weather[station.code]
            .iter()
            .filter_map(|hour| Some((calendar.time(hour.time)?, f64::from(hour.temperature?) / 10.0)))
            .filter(|(time, _)| *time >= from && *time < calendar.midnight(SEASON_2013.last_day.next_day().unwrap()))
            .map(|(time, value)| (text(time), value))
            .collect();
        assert_eq!(measured, kept, "{}", station.code);
        let forecast = format!("{url}/api/v1/predictions?metric=temperature&job_id={job}");
        let rows = get(&format!("{forecast}&{window}&max_lead=PT23H30M")).await;
        let predicted: BTreeMap<_, _> = points(&rows, "valid_time").into_iter().collect();
        let noons = SEASON_2013.index(&[]).into_iter().skip(1).filter_map(|night| {
            let noon = night.day.with_hms(12, 0, 0).unwrap();
            let before = text(calendar.hour(noon - time::Duration::DAY)?);
            Some((
                measured.iter().find(|(time, _)| *time == before)?.1,
                text(calendar.hour(noon)?),
            ))
        });
        let noons: Vec<_> = noons.collect();
        assert!(noons.len() > 200, "{}", noons.len());
        for (value, noon) in noons {
            assert_eq!(predicted.get(&noon), Some(&value), "{} {noon}", station.code);
        }
        let trial = get(&format!("{forecast}&{window}&track=shadow")).await;
        assert!(trial.as_array().unwrap().len() > 1400, "{trial}");
    }
    // The guide has the dates of the demo, and the dashboard's page its last day.
    let client = Client::new();
    let page = async |path: &str| {
        client
            .get(format!("{url}{path}"))
            .send()
            .await
            .unwrap()
            .text()
            .await
            .unwrap()
    };
    let guide = page("/docs/demo").await;
    assert!(
        guide.contains(&last.to_string()) && !guide.contains("2013-05"),
        "{guide}"
    );
    assert!(page("/").await.contains(&format!("data-demo=\"{last}\"")));
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

    // Every link of the demo's guide works, and leads to the days on which the season began.
    let calendar = Calendar::ending_before(OffsetDateTime::now_utc());
    let days: Vec<_> = (20..=26)
        .map(|day| time::Date::from_calendar_date(2013, time::Month::May, day).unwrap())
        .map(|day| calendar.day(day).to_string())
        .collect();
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
        for day in &days {
            assert!(rows.contains(day), "{day}, {link}: {rows}");
        }
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
