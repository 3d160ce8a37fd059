//! A real worker on a real season: three stations, 214 days each, posted by `examples/mildew_worker.rs` and read back.

use std::{env, path::PathBuf, process::Command};

use serde_json::{Value, json};
use tokio::task::spawn_blocking;

use crate::app::{ADMIN, TestApp};
use prediction_api::{
    example::{
        mildew::{Class, DailyIndex, SEASON_2013},
        weather::{self, STATIONS, Station},
    },
    http,
};

/// Results of an independent implementation on the same weather: the days in the classes low, moderate and high, the
/// sum of all points, and the sum of each day's points times its number in the season.
pub const EXPECTED: [(&str, [usize; 3], u64, u64); 3] = [
    ("EWR", [68, 7, 139], 13_600, 1_669_950),
    ("JFK", [87, 11, 116], 11_610, 1_436_590),
    ("LGA", [73, 9, 132], 13_030, 1_560_210),
];

/// Returns the path of the worker, which `cargo test` builds next to the tests.
fn worker() -> PathBuf {
    let test = env::current_exe().unwrap();
    let profile = test.parent().unwrap().parent().unwrap();
    let name = format!("mildew_worker{}", env::consts::EXE_SUFFIX);
    let worker = profile.join("examples").join(name);
    assert!(worker.exists(), "build it: cargo build --example mildew_worker");
    worker
}

/// Runs the worker to its end, and returns its output.
async fn work(app: &TestApp) -> String {
    let mut command = Command::new(worker());
    command.args(["--url", &app.url, "--token", ADMIN]);
    let output = spawn_blocking(move || command.output()).await.unwrap();
    let output = output.unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{error}");
    String::from_utf8(output.stdout).unwrap()
}

/// Returns the worker's job at a station.
async fn job(app: &TestApp, station: &Station) -> Value {
    let path = format!("GET /jobs?name=Mildew%20risk%20{}", station.code);
    let jobs = app.ok(ADMIN, &path, Value::Null).await;
    assert_eq!(jobs.as_array().unwrap().len(), 1, "{jobs}");
    jobs[0].clone()
}

/// Returns the season's predictions for a job or a location.
async fn season(app: &TestApp, scope: &str, id: &Value) -> Value {
    let window = "from=2013-04-01T00:00:00Z&to=2013-11-02T00:00:00Z";
    let id = id.as_str().unwrap();
    let path = format!("GET /predictions?metric=mildew_risk&{scope}={id}&{window}");
    app.ok(ADMIN, &path, Value::Null).await
}

fn points(row: &Value) -> u64 {
    let value = row["value"].as_f64().unwrap();
    let all = (0..=100_u32).find(|points| f64::from(*points) == value);
    u64::from(all.unwrap_or_else(|| panic!("{row}")))
}

/// Compares the predictions of 2013 with the results of the other implementation.
pub fn check_recorded(rows: &[Value], expected: (&str, [usize; 3], u64, u64)) {
    check(rows, expected);
    assert_eq!(rows[0]["valid_time"], "2013-04-02T04:00:00Z");
    assert_eq!(rows[213]["valid_time"], "2013-11-01T04:00:00Z");
}

/// Compares the values of a season's predictions with the results of the other implementation.
pub fn check(rows: &[Value], (code, days, sum, weighted): (&str, [usize; 3], u64, u64)) {
    assert_eq!(rows.len(), 214, "{code}");
    let class = |row| Class::of(i32::try_from(points(row)).unwrap());
    let found =
        [Class::Low, Class::Moderate, Class::High].map(|wanted| rows.iter().filter(|row| class(row) == wanted).count());
    assert_eq!(found, days, "{code}");
    assert_eq!(rows.iter().map(points).sum::<u64>(), sum, "{code}");
    let numbered = (1..).zip(rows).map(|(n, row): (u64, _)| n * points(row));
    assert_eq!(numbered.sum::<u64>(), weighted, "{code}");
}

/// Compares a row with the day that the worker's own model computed.
fn check_row(row: &Value, day: &DailyIndex, job: &Value) {
    assert_eq!(row["issue_time"], row["valid_time"], "{}", day.day);
    assert_eq!(row["lead_seconds"], 0.0);
    assert_eq!(points(row), u64::try_from(day.points).unwrap());
    assert_eq!([&row["metric"], &row["unit"]], ["mildew_risk", "points"]);
    assert_eq!([&row["source"], &row["source_version"]], ["mildew-predictor", "1.0.0"]);
    assert_eq!([&row["job_id"], &row["location_id"]], [&job["id"], &job["location_id"]]);
}

/// Compares the accuracy of the outlook at Newark with the results of an independent program: the analyses of the model are
/// the truth, and the reference is "as today".
async fn check_outlook(app: &TestApp) {
    let job = job(app, &STATIONS[0]).await;
    let query = format!(
        "metric=mildew_risk&job_id={}&from=2013-03-01T00:00:00Z&to=2013-12-01T00:00:00Z&truth=analysis\
         &lead_edges=P1D,P2D,P3D,P4D&reference=persistence&threshold=60",
        job["id"].as_str().unwrap()
    );
    let rows = app.ok(ADMIN, &format!("GET /accuracy?{query}"), Value::Null).await;
    #[rustfmt::skip]
    let expected = [
        (213, 1, [-0.328_638, 3.333_333, 9.469_496, 4.131_455, 0.193_182], [135, 0, 4, 74]),
        (212, 2, [-1.084_906, 6.367_925, 15.706_626, 6.037_736, -0.054_688], [130, 5, 9, 68]),
        (211, 3, [-2.085_308, 9.194_313, 21.396_727, 7.014_218, -0.310_811], [124, 5, 15, 67]),
    ];
    assert_eq!(rows.as_array().unwrap().len(), expected.len());
    for (row, (pairs, without, scores, counts)) in rows.as_array().unwrap().iter().zip(expected) {
        assert_eq!(
            (&row["pairs"], &row["without_reading"]),
            (&json!(pairs), &json!(without))
        );
        let names = ["bias", "mae", "rmse", "reference_mae", "skill_mae"];
        for (name, expected) in names.into_iter().zip(scores) {
            let found = row[name].as_f64().unwrap();
            assert!(
                (found - expected).abs() < 1e-6 * expected.abs().max(1.0),
                "{name}: {found}, not {expected}"
            );
        }
        let event = &row["events"][0];
        let found = ["hits", "false_alarms", "misses", "correct_negatives"].map(|name| event[name].as_i64().unwrap());
        assert_eq!(found, counts);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_season_of_2013_comes_back_as_the_worker_computed_it() {
    let app = TestApp::start().await;
    let first = work(&app).await;
    assert_eq!(
        first.matches("856 stored, 0 revised, 0 unchanged").count(),
        3,
        "{first}"
    );
    let weather = weather::hours(&http::weather_csv().unwrap()).unwrap();
    for (station, expected) in STATIONS.iter().zip(EXPECTED) {
        assert_eq!(station.code, expected.0);
        let job = job(&app, station).await;
        let at = job["location_id"].as_str().unwrap();
        let at = app.ok(ADMIN, &format!("GET /locations/{at}"), Value::Null).await;
        assert_eq!(at["name"], station.name);
        assert_eq!(
            [&at["latitude"], &at["longitude"]],
            [&json!(station.latitude), &json!(station.longitude)]
        );

        let of_job = season(&app, "job_id", &job["id"]).await;
        assert_eq!(season(&app, "location_id", &job["location_id"]).await, of_job);
        let rows = of_job.as_array().unwrap();
        check_recorded(rows, expected);
        for (row, day) in rows.iter().zip(SEASON_2013.index(&weather[station.code])) {
            check_row(row, &day, &job);
        }
    }

    check_outlook(&app).await;

    let second = work(&app).await;
    assert_eq!(
        second.matches("0 stored, 0 revised, 856 unchanged").count(),
        3,
        "{second}"
    );
}
