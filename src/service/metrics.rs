//! Gauges of the database, of health and of messages.

use metrics::{Unit, describe_gauge, gauge};

use super::{App, clock, counters, health, token};
use crate::{
    domain::{Result, health::JobArrival},
    store,
};

const DATABASE: &str = "prediction_api_database_bytes";
const FREE: &str = "prediction_api_database_free_bytes";
const LOG: &str = "prediction_api_database_wal_bytes";
const QUEUE: &str = "prediction_api_writer_queue_length";
const FAILING: &str = "prediction_api_writer_failing";
const SCANS: &str = "prediction_api_scans_running";
const SCANS_WAITING: &str = "prediction_api_scans_waiting";
const JOBS: &str = "prediction_api_jobs";
const NOT_COVERING: &str = "prediction_api_jobs_not_covering_now";
const CLOCK: &str = "prediction_api_clock_suspect";
const READERS: &str = "prediction_api_readers_in_use";
const ENGINE: &str = "prediction_api_database_info";
const LOOPS: &str = "prediction_api_runs_loops";
const BROKER: &str = "prediction_api_mqtt_connected";
const MESSAGES: &str = "prediction_api_webhook_messages_waiting";

/// Registers the description of each metric.
pub fn describe() {
    store::describe_metrics();
    counters::describe();
    describe_gauge!(
        BROKER,
        "1 if this process receives the messages of the MQTT broker, otherwise 0"
    );
    describe_gauge!(MESSAGES, "Messages to webhooks that are not delivered yet");
    describe_gauge!(DATABASE, Unit::Bytes, "Size of the database");
    describe_gauge!(FREE, Unit::Bytes, "Unused space in the database's file, with SQLite");
    describe_gauge!(LOG, Unit::Bytes, "Size of the database's write-ahead log, with SQLite");
    describe_gauge!(ENGINE, "1 for the engine of the database");
    describe_gauge!(
        LOOPS,
        "1 if this process sends messages and deletes expired data, 0 if another server does"
    );
    describe_gauge!(QUEUE, "Writes that are waiting");
    describe_gauge!(FAILING, "1 if the last commit failed, otherwise 0");
    describe_gauge!(SCANS, "Long reads that are running");
    describe_gauge!(SCANS_WAITING, "Long reads that are waiting");
    describe_gauge!(JOBS, "Jobs by health state");
    describe_gauge!(
        NOT_COVERING,
        "Active jobs whose predictions end before the present, or that have none"
    );
    describe_gauge!(
        CLOCK,
        "1 if the machine's clock has jumped and nothing is deleted by age, otherwise 0"
    );
    describe_gauge!(READERS, "Connections in use by short reads");
}

/// Updates the gauges with the current values. Must be called before the metrics are read. If the database cannot be
/// read, gauges retain their last values.
pub async fn measure(app: &App) {
    let load = app.db.load();
    #[expect(clippy::cast_precision_loss, reason = "a measure need not be exact")]
    let set = |name: &'static str, value: u64| gauge!(name).set(value as f64);
    set(QUEUE, load.writes_waiting);
    set(FAILING, load.is_failing.into());
    set(SCANS, load.scans);
    set(SCANS_WAITING, load.scans_waiting);
    set(READERS, load.readers);
    set(BROKER, app.broker.is_connected().into());
    set(LOOPS, app.runs_the_loops().await.into());
    let is_on_postgres = app.is_on_postgres();
    let engine = if is_on_postgres { "postgresql" } else { "sqlite" };
    gauge!(ENGINE, "engine" => engine).set(1.0);
    if !is_on_postgres {
        set(DATABASE, load.file_bytes);
        set(LOG, load.log_bytes);
    }
    if let Ok(looked) = clock::look(app) {
        set(CLOCK, looked.is_err().into());
    }
    if let Ok(space) = app.read_inline(|connection, _| store::space::measure(connection)) {
        match is_on_postgres {
            true => set(DATABASE, u64::try_from(space.bytes()).unwrap_or(0)),
            false => set(FREE, u64::try_from(space.free * space.page_bytes).unwrap_or(0)),
        }
    }
    #[cfg(feature = "webhooks")]
    if let Ok(waiting) = app
        .read_blocking(|connection, _| store::delivery::waiting(connection))
        .await
    {
        set(MESSAGES, waiting);
    }
    if let Ok(jobs) = health::counts(app, &token::operator(), None).await {
        set(NOT_COVERING, jobs.not_covering_now);
        for (state, jobs) in [
            ("paused", jobs.paused),
            ("unmonitored", jobs.unmonitored),
            ("new", jobs.new),
            ("on_time", jobs.on_time),
            ("late", jobs.late),
            ("down", jobs.down),
            ("failed", jobs.failed),
        ] {
            #[expect(clippy::cast_precision_loss, reason = "a measure need not be exact")]
            gauge!(JOBS, "state" => state).set(jobs as f64);
        }
    }
}

/// Returns the last arrival of each active job that has predictions. Of several servers on one database only one returns
/// them, so that each job is shown once.
///
/// # Errors
/// The database cannot be read.
pub async fn arrivals(app: &App) -> Result<Vec<JobArrival>> {
    match app.runs_the_loops().await {
        true => {
            app.read_blocking(|connection, _| store::health::arrivals(connection))
                .await
        }
        false => Ok(Vec::new()),
    }
}
