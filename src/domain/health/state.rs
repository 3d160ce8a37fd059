//! How jobs and their targets do, as it is answered.

use poem_openapi::{Enum, Object};
use serde::Serialize;
use uuid::Uuid;

use crate::domain::{
    object::names,
    text::{Message, Name},
    time::Timestamp,
};

names!(HealthState);

/// How a job, or one of its targets, does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Enum)]
#[serde(rename_all = "snake_case")]
#[oai(rename_all = "snake_case")]
pub enum HealthState {
    /// The job is not active.
    Paused,
    /// Its source has no expected interval.
    Unmonitored,
    /// Nothing was posted yet.
    New,
    /// The last post is at most one expected interval old.
    OnTime,
    /// The last post is more than one expected interval old.
    Late,
    /// The last post is more than two expected intervals old.
    Down,
    /// The worker said that its run failed, and has posted nothing good since.
    Failed,
}

impl HealthState {
    /// Every state.
    pub const ALL: [Self; 7] = [
        Self::Paused,
        Self::Unmonitored,
        Self::New,
        Self::OnTime,
        Self::Late,
        Self::Down,
        Self::Failed,
    ];

    /// The state's name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Paused => "paused",
            Self::Unmonitored => "unmonitored",
            Self::New => "new",
            Self::OnTime => "on_time",
            Self::Late => "late",
            Self::Down => "down",
            Self::Failed => "failed",
        }
    }

    /// Whether it says that a post is overdue.
    pub fn is_overdue(self) -> bool {
        matches!(self, Self::Late | Self::Down)
    }

    /// The state of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == name)
    }
}

/// How a job, or one of its targets, does, and what that is judged on.
#[derive(Debug, Clone, PartialEq, Serialize, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct Judgement {
    /// How it does now.
    pub state: HealthState,
    /// Since when it does so.
    pub since: Timestamp,
    /// The last fresh issue that was posted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_issue_time: Option<Timestamp>,
    /// When that issue arrived. Older issues that arrive later do not count: a backfill does not hide a dead worker.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_arrival: Option<Timestamp>,
    /// When the next post is due.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expected_by: Option<Timestamp>,
    /// The latest valid_time that was predicted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub covers_until: Option<Timestamp>,
    /// Whether the predictions reach the present. A job may be on time and post only about the past, as an analysis does.
    pub covers_now: bool,
    /// What the worker said of the run that failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<Message>,
}

/// How a job does: as a whole, and each of its targets.
#[derive(Debug, Clone, PartialEq, Serialize, Object)]
pub struct Health {
    /// As a whole: judged on whatever was posted for the job.
    #[serde(flatten)]
    #[oai(flatten)]
    pub whole: Judgement,
    /// Each target for itself: one output that stopped shows while the others go on.
    pub targets: Vec<TargetHealth>,
}

/// How one of a job's targets does.
#[derive(Debug, Clone, PartialEq, Serialize, Object)]
pub struct TargetHealth {
    /// The output role.
    pub role: Name,
    /// What it predicts.
    pub metric: Name,
    /// How it does.
    #[serde(flatten)]
    #[oai(flatten)]
    pub judgement: Judgement,
}

/// One change of a job's health, or of one of its targets'.
#[derive(Debug, Clone, PartialEq, Serialize, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct HealthChange {
    /// The output role that changed; absent for the job as a whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<Name>,
    /// How it did before.
    pub previous: HealthState,
    /// How it did from then on.
    pub state: HealthState,
    /// When it changed.
    pub at: Timestamp,
    /// What the worker said of the run that failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<Message>,
}

/// The health of a job, and how it came to it.
#[derive(Debug, Clone, PartialEq, Serialize, Object)]
pub struct JobHealth {
    /// The job.
    pub job_id: Uuid,
    /// How it does now.
    #[serde(flatten)]
    #[oai(flatten)]
    pub health: Health,
    /// The changes of its state and of its targets', newest first.
    pub changes: Vec<HealthChange>,
}

/// How many jobs do how.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Object)]
pub struct HealthCounts {
    /// Not active.
    pub paused: u64,
    /// Without an expected interval.
    pub unmonitored: u64,
    /// Nothing was posted yet.
    pub new: u64,
    /// As expected.
    pub on_time: u64,
    /// The last post is more than one expected interval old.
    pub late: u64,
    /// The last post is more than two expected intervals old.
    pub down: u64,
    /// The worker said that its run failed.
    pub failed: u64,
    /// Active jobs, whatever their state, whose predictions end before the present, or that have none.
    pub not_covering_now: u64,
}

impl HealthCounts {
    /// Counts `jobs` more that do so.
    pub fn add(&mut self, state: HealthState, jobs: u64) {
        *match state {
            HealthState::Paused => &mut self.paused,
            HealthState::Unmonitored => &mut self.unmonitored,
            HealthState::New => &mut self.new,
            HealthState::OnTime => &mut self.on_time,
            HealthState::Late => &mut self.late,
            HealthState::Down => &mut self.down,
            HealthState::Failed => &mut self.failed,
        } += jobs;
    }
}
