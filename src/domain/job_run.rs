//! Runs of a job. The worker of the job reports a run, or the server derives it from the predictions that the worker
//! posted.

use poem_openapi::{Enum, Object};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    error::Result,
    object::{names, objects},
    patch::present,
    text::Message,
    time::Timestamp,
    track::Track,
    violations::Violations,
};

names!(RunStatus);

objects!(JobRunCreation);

/// Result of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Enum)]
#[serde(rename_all = "snake_case")]
#[oai(rename_all = "snake_case")]
pub enum RunStatus {
    /// The run succeeded, with or without predictions.
    Ok,
    /// The run failed.
    Failed,
}

impl RunStatus {
    /// Returns the status's name in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Failed => "failed",
        }
    }

    /// Returns the status with this name in the API, or `None` if the name is unknown.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Ok, Self::Failed]
            .into_iter()
            .find(|status| status.as_str() == name)
    }
}

/// A worker's report about a run.
#[derive(Debug, Clone, Deserialize, Object)]
#[serde(remote = "Self", deny_unknown_fields)]
pub struct JobRunCreation {
    /// Id chosen by the worker. A report that is sent again with the same id is stored once.
    #[serde(default, deserialize_with = "present")]
    pub id: Option<Uuid>,
    /// Result of the run.
    pub status: RunStatus,
    /// Explanation: why the run failed, or why there is nothing to predict.
    #[serde(default, deserialize_with = "present")]
    pub message: Option<Message>,
    /// Version that ran: that of the job, which is the default, or one on trial. The report of a version on trial never
    /// changes the health of the job.
    #[serde(default, deserialize_with = "present")]
    pub source_version_id: Option<Uuid>,
}

impl JobRunCreation {
    /// Validates the format of the message.
    ///
    /// # Errors
    /// `Error::Invalid`, with every violation.
    pub fn check(&self) -> Result<()> {
        let mut violations = Violations::default();
        if let Some(message) = &self.message {
            message.check(&mut violations, "/message");
        }
        violations.into_result()
    }
}

/// A run of a job: reported by its worker, or derived from the predictions that it posted.
#[derive(Debug, Clone, PartialEq, Serialize, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct JobRun {
    /// Id of the report; absent if the run was derived from predictions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<Uuid>,
    /// Result of the run.
    pub status: RunStatus,
    /// Issue that the run posted; absent for a report.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issue_time: Option<Timestamp>,
    /// Time at which the server received the report, or the last predictions of the run.
    pub available_at: Timestamp,
    /// The worker's explanation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<Message>,
    /// Number of predictions that the run posted, including corrections and withdrawals.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub predictions: Option<u64>,
    /// `shadow` if a version on trial ran; absent for the version of the job.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub track: Option<Track>,
}

/// Position of a run in the list of a job's runs. The list is sorted by `time` and then by `number`, newest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct RunPlace {
    /// Issue time of a run that is derived from predictions, or time of the report.
    pub time: Timestamp,
    /// Number of the report among the reports of the job. If the run is derived from predictions: 0, or -1 if they are
    /// those of a version on trial.
    pub number: i64,
}
