//! `import readings`: the CSV of the API, into the database of a running server.

use std::{
    fs::{self, File},
    path::Path,
    process::Output,
};

use serde_json::{Value, json};

use crate::{
    app::{ADMIN, TestApp},
    cli_manage::{done_by, json_of},
    command_line::{assert_refused, command, run, text},
};

/// A running server with a sensor, and a file of readings.
struct Gauge {
    app: TestApp,
    sensor: String,
}

impl Gauge {
    async fn start() -> Self {
        let app = TestApp::start().await;
        let home = app.organisation("Home").await;
        let sensor = json!({ "organisation_id": home, "name": "Gauge", "metric": "rain" });
        let sensor = app.make("/api/v1/sensors", &sensor).await;
        Self { app, sensor }
    }

    fn folder(&self) -> &Path {
        self.app.folder.path()
    }

    fn import(&self, file: &str, more: &[&str]) -> Output {
        fs::write(self.folder().join("r.csv"), file).unwrap();
        run(
            self.folder(),
            &[&["import", "readings", "--data-dir", ".", "r.csv"], more].concat(),
        )
    }

    /// Returns the times and values that the server returns.
    async fn readings(&self) -> Vec<(String, f64)> {
        let path = format!("GET /sensors/{}/readings", self.sensor);
        let found = self.app.ok(ADMIN, &path, Value::Null).await;
        let reading = |one: &Value| (one["time"].as_str().unwrap().to_owned(), one["value"].as_f64().unwrap());
        found.as_array().unwrap().iter().map(reading).collect()
    }
}

fn lines(output: &Output) -> Vec<String> {
    text(&output.stdout)
        .lines()
        .map(|line| line.trim().to_owned())
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_is_imported_while_the_server_runs_and_again_without_effect() {
    let gauge = Gauge::start().await;
    let file = "Time;Value\n2023-10-01T00:00:00+02:00;1,5\n2023-10-01T01:00:00+02:00;2\n";
    for (stored, unchanged) in [(2, 0), (0, 2)] {
        let output = gauge.import(file, &["--sensor", "Gauge"]);
        let expected = [
            format!("stored     {stored}"),
            "revised    0".to_owned(),
            format!("unchanged  {unchanged}"),
            "refused    0".to_owned(),
        ];
        assert_eq!(lines(&output), expected, "{}", text(&output.stderr));
        let times = ["2023-09-30T22:00:00Z", "2023-09-30T23:00:00Z"].map(str::to_owned);
        assert_eq!(
            gauge.readings().await,
            times.into_iter().zip([1.5, 2.0]).collect::<Vec<_>>()
        );
    }
    let corrected = format!("sensor_id,time,value\n{},2023-09-30T22:00:00Z,3\n", gauge.sensor);
    assert_eq!(
        lines(&gauge.import(&corrected, &[]))[..2],
        ["stored     0", "revised    1"]
    );
    let mut piped = command(
        gauge.folder(),
        &["import", "--data-dir", ".", "readings", "--json", "-"],
    );
    let said = done_by(piped.stdin(File::open(gauge.folder().join("r.csv")).unwrap()));
    let said: Value = serde_json::from_str(&said).unwrap();
    assert_eq!((&said["unchanged"], &said["refused"]), (&json!(1), &json!(0)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refused_lines_are_listed_and_nothing_is_stored_unless_they_are_skipped() {
    let gauge = Gauge::start().await;
    let file = "time,value\n2023-10-01T00:00:00Z,1\n# a comment\n2023-10-01T01:00:00Z,x\n2023-10-01T02:00:00Z,\n\
                2023-10-01T00:00:00Z,2\n2999-01-01T00:00:00Z,2\nnonsense\n2023-10-01T03:00:00Z,4\n";
    let refused = gauge.import(file, &["--sensor", "Gauge"]);
    assert_refused(&refused, &["5 of the 7 lines", "nothing was stored", "--skip-refused"]);
    let said = lines(&refused);
    let expected = [
        "line 4: value must be a number",
        "line 5: value is empty: use --gaps skip",
        "line 6: time is repeated for the sensor: see line 2",
        "line 7: time is in the future",
        "line 8: has 1 fields",
    ];
    for (line, expected) in said[4..].iter().zip(expected) {
        assert!(line.starts_with(expected), "{expected}: {said:?}");
    }
    assert!(gauge.readings().await.is_empty());
    let skipped = gauge.import(file, &["--sensor", "Gauge", "--skip-refused"]);
    assert!(skipped.status.success());
    assert_eq!(lines(&skipped)[0], "stored     2");
    assert_eq!(gauge.readings().await.len(), 2);
    let gaps = gauge.import(
        "time,value\n2023-10-01T00:00:00Z,\n",
        &["--sensor", "Gauge", "--gaps", "withdraw"],
    );
    assert!(lines(&gaps).contains(&"withdrawn  1".to_owned()), "{gaps:?}");
    assert_eq!(gauge.readings().await.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_of_an_unknown_sensor_is_refused() {
    let gauge = Gauge::start().await;
    let unknown = "55555555-5555-5555-5555-555555555555";
    let mut file = "sensor_id,time,value\n".to_owned();
    for minute in 0..150 {
        file += &format!("{unknown},2023-10-01T{:02}:{:02}:00Z,1\n", minute / 60, minute % 60);
    }
    let refused = gauge.import(&file, &[]);
    assert_refused(&refused, &["at least 100 of the 150 lines"]);
    let reason = format!("line 2: sensor_id there is no sensor {unknown}");
    assert!(lines(&refused).contains(&reason), "{refused:?}");
    let skipped = gauge.import(&file, &["--skip-refused"]);
    assert!(lines(&skipped).contains(&"and 50 more lines".to_owned()), "{skipped:?}");
    assert_refused(
        &gauge.import("time,value\n", &[]),
        &["sensor_id is missing", "--sensor"],
    );
    assert_refused(
        &gauge.import("", &["--sensor", "Gage"]),
        &["no sensor", "Gage", "prediction-api sensors"],
    );
    let listed = json_of(gauge.folder(), &["sensors", "--data-dir", ".", "--json"]);
    assert_eq!(listed[0]["id"], json!(gauge.sensor));
    let missing = run(gauge.folder(), &["import", "readings", "--data-dir", ".", "none.csv"]);
    assert_refused(&missing, &["cannot import readings from none.csv"]);
}
