//! The last arrival of a job's predictions, for the metrics.

use uuid::Uuid;

use crate::domain::{Timestamp, text::Name};

/// Time at which the last predictions of an active job arrived.
#[derive(Debug, Clone, PartialEq)]
pub struct JobArrival {
    /// Id of the job.
    pub job_id: Uuid,
    /// Name of the job.
    pub job: Name,
    /// Time since which this server can return the predictions.
    pub last_arrival: Timestamp,
}
