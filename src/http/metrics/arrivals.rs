//! The last arrival of each job's predictions in the text format of Prometheus.

use super::text::gauge;
use crate::domain::{Timestamp, health::JobArrival};

const ARRIVAL: &str = "prediction_api_job_last_arrival_timestamp_seconds";

/// Returns the metric of the jobs. The text is empty if there are none.
pub fn text(found: &[JobArrival]) -> String {
    let help = "Time at which the last predictions of an active job arrived, in seconds since 1970";
    let sample = |one: &JobArrival| {
        let labels = vec![("job_id", one.job_id.to_string()), ("job", one.job.to_string())];
        (labels, one.last_arrival.seconds_since(Timestamp::from_micros(0)))
    };
    gauge(ARRIVAL, help, found.iter().map(sample))
}
