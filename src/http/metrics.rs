//! Metrics for Prometheus: counts and durations of requests, and the metrics of the other layers.

mod accuracy;
mod arrivals;
mod text;

use std::{
    sync::{Arc, OnceLock, PoisonError, RwLock},
    time::Duration,
};

use metrics::{Counter, Histogram, counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use poem::{Response, http::header};

use crate::{
    domain::verification::RecentAccuracy,
    service::{self, App},
};

/// Media type of the Prometheus text format.
const TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";

const REQUESTS: &str = "prediction_api_http_requests_total";
const DURATION: &str = "prediction_api_http_request_duration_seconds";
const CONNECTIONS: &str = "prediction_api_http_connections_open";
const BUILD: &str = "prediction_api_build_info";

/// Upper bounds of the buckets for durations, in seconds. They range from reads from a cache to the request timeout.
const SECONDS: [f64; 14] = [
    0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0, 30.0,
];

/// Upper bounds of the buckets for the number of writes that share one commit. At most 256 writes do.
const WRITES: [f64; 9] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0];

/// Metrics recorder of the whole process. Cheap to clone.
#[derive(Clone)]
pub struct Metrics {
    recorder: PrometheusHandle,
    /// The accuracy of the jobs as text. A gauge of the recorder would outlive its job.
    accuracy: Arc<RwLock<String>>,
    has_arrivals: bool,
    process: metrics_process::Collector,
}

impl Metrics {
    /// Installs the recorder for the whole process. `has_arrivals` says whether the metrics have the last arrival of each
    /// job.
    ///
    /// # Errors
    /// A message if the process already has a recorder, or if the recorder cannot be created.
    pub fn install(has_arrivals: bool) -> Result<Self, String> {
        let recorder = PrometheusBuilder::new()
            .set_buckets(&SECONDS)
            .and_then(|builder| {
                let sizes = Matcher::Suffix("batch_size".to_owned());
                builder.set_buckets_for_metric(sizes, &WRITES)
            })
            .map_err(|error| error.to_string())?
            .build_recorder();
        let handle = recorder.handle();
        metrics::set_global_recorder(recorder).map_err(|error| error.to_string())?;
        describe();
        service::metrics::describe();
        gauge!(BUILD, "version" => env!("CARGO_PKG_VERSION")).set(1.0);
        let process = metrics_process::Collector::default();
        process.describe();
        Ok(Self {
            recorder: handle,
            accuracy: Arc::default(),
            has_arrivals,
            process,
        })
    }

    /// Moves recorded durations from a buffer to the histograms. Must be called every few seconds, because the buffer
    /// grows until then.
    pub fn upkeep(&self) {
        self.recorder.run_upkeep();
    }

    /// Returns all metrics in the text format of Prometheus.
    pub async fn text(&self, app: &App) -> Response {
        service::metrics::measure(app).await;
        self.process.collect();
        let mut text = self.recorder.render();
        if self.has_arrivals
            && let Ok(found) = service::metrics::arrivals(app).await
        {
            text += &arrivals::text(&found);
        }
        text += &self.accuracy.read().unwrap_or_else(PoisonError::into_inner);
        Response::builder()
            .content_type(TEXT)
            .header(header::CACHE_CONTROL, "no-store")
            .body(text)
    }

    /// Replaces the accuracy of the jobs.
    pub fn show_accuracy(&self, found: &[RecentAccuracy]) {
        let shown = accuracy::text(found);
        *self.accuracy.write().unwrap_or_else(PoisonError::into_inner) = shown;
    }
}

fn describe() {
    describe_counter!(REQUESTS, "Requests that were answered, by method, route and status");
    describe_histogram!(
        DURATION,
        "How long requests took from their head to that of the answer, by method and route"
    );
    describe_gauge!(CONNECTIONS, "Connections that are open");
    describe_gauge!(BUILD, "Always 1; the label tells the program's version");
}

/// Guard of an open connection, which the gauge of open connections counts until the guard is dropped.
pub struct OpenConnection(());

impl OpenConnection {
    /// Increments the gauge of open connections.
    pub fn new() -> Self {
        gauge!(CONNECTIONS).increment(1);
        Self(())
    }
}

impl Drop for OpenConnection {
    fn drop(&mut self) {
        gauge!(CONNECTIONS).decrement(1);
    }
}

/// Counters by status and histogram of durations for one method of one route. They are cached here, because looking
/// them up in the recorder for each request would be slow.
#[derive(Default)]
pub struct Meters {
    by_status: RwLock<Vec<(u16, Counter)>>,
    durations: OnceLock<Histogram>,
}

impl Meters {
    /// Counts a request with its status and records its duration `took`.
    pub fn count(&self, method: &str, route: &str, status: u16, took: Duration) {
        let durations = self
            .durations
            .get_or_init(|| histogram!(DURATION, "method" => method.to_owned(), "route" => route.to_owned()));
        durations.record(took);
        let known = self.by_status.read().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, counter)) = known.iter().find(|(known, _)| *known == status) {
            return counter.increment(1);
        }
        drop(known);
        let counter = counter!(REQUESTS, "method" => method.to_owned(),
            "route" => route.to_owned(), "status" => status.to_string());
        counter.increment(1);
        let mut known = self.by_status.write().unwrap_or_else(PoisonError::into_inner);
        known.push((status, counter));
    }
}
