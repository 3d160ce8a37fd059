//! Runs of a job: what its worker says of them, and what it posted.

use poem_openapi::{Enum, Object};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    error::Result,
    object::{names, objects},
    patch::present,
    text::Message,
    time::Timestamp,
    violations::Violations,
};

names!(RunStatus);

objects!(NewJobRun);

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Enum)]
#[serde(rename_all = "snake_case")]
#[oai(rename_all = "snake_case")]
pub enum RunStatus {
    /// Well, whether it predicted something or had nothing to predict.
    Ok,
    /// It failed.
    Failed,
}

impl RunStatus {
    /// The status's name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Failed => "failed",
        }
    }

    /// The status of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Ok, Self::Failed]
            .into_iter()
            .find(|status| status.as_str() == name)
    }
}

/// What a worker says of a run.
#[derive(Debug, Clone, Deserialize, Object)]
#[serde(remote = "Self", deny_unknown_fields)]
pub struct NewJobRun {
    /// An id of the worker's own making: the same report sent again under it is kept once.
    #[serde(default, deserialize_with = "present")]
    pub id: Option<Uuid>,
    /// How the run ended.
    pub status: RunStatus,
    /// What there is to say of it: why it failed, or why there is nothing to predict.
    #[serde(default, deserialize_with = "present")]
    pub message: Option<Message>,
}

impl NewJobRun {
    /// Refuses with every violation of form.
    pub fn check(&self) -> Result<()> {
        let mut violations = Violations::default();
        if let Some(message) = &self.message {
            message.check(&mut violations, "/message");
        }
        violations.into_result()
    }
}

/// A run of a job: reported by its worker, or seen by the predictions that it posted.
#[derive(Debug, Clone, PartialEq, Serialize, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct JobRun {
    /// The report's id; absent if the run was seen by its predictions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<Uuid>,
    /// How it ended.
    pub status: RunStatus,
    /// The issue that it posted; absent for a report.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issue_time: Option<Timestamp>,
    /// When this server heard of it: when it was reported, or its last predictions arrived.
    pub available_at: Timestamp,
    /// What its worker said of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<Message>,
    /// How many predictions it posted, corrections and withdrawals included.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub predictions: Option<u64>,
}

/// Where a run stands in the list of a job's runs, newest first: by the issue that it posted or the time of its report,
/// then by the report's number (0 if it is none).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct RunPlace {
    /// Its issue_time, or when it was reported.
    pub time: Timestamp,
    /// Counts the job's reports.
    pub number: i64,
}
