//! Health states of jobs and their targets, as the API returns them.

use poem_openapi::{Enum, Object};
use serde::Serialize;
use uuid::Uuid;

use crate::domain::{
    object::names,
    text::{Message, Name},
    time::Timestamp,
};

names!(HealthState);

/// Health state of a job or one of its targets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Enum)]
#[serde(rename_all = "snake_case")]
#[oai(rename_all = "snake_case")]
pub enum HealthState {
    /// The job is not active.
    Paused,
    /// Its source has no expected interval.
    Unmonitored,
    /// Nothing has been posted yet.
    New,
    /// The last post is not older than one expected interval plus the grace period.
    OnTime,
    /// The last post is older than one expected interval plus the grace period.
    Late,
    /// The last post is older than two expected intervals plus the grace period.
    Down,
    /// The worker reported a failed run, and no run has succeeded since.
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

    /// Returns the state's name in the API.
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

    /// Returns whether a post is overdue in this state.
    pub fn is_overdue(self) -> bool {
        matches!(self, Self::Late | Self::Down)
    }

    /// Returns the state with this name in the API, or `None` if the name is unknown.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == name)
    }
}

/// Health of a job or one of its targets, and the data that it is based on.
#[derive(Debug, Clone, PartialEq, Serialize, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct Judgement {
    /// Current health state.
    pub state: HealthState,
    /// Time since which the state holds.
    pub since: Timestamp,
    /// Issue time of the last fresh issue that was posted. An issue is fresh if it is new and later than all earlier ones.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_issue_time: Option<Timestamp>,
    /// Time of arrival of that issue. Older issues that arrive later do not count, so that a backfill does not hide a
    /// dead worker.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_arrival: Option<Timestamp>,
    /// Time by which the next post is expected.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expected_by: Option<Timestamp>,
    /// Latest valid_time that was predicted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub covers_until: Option<Timestamp>,
    /// Whether the predictions reach the present. A job can be on time and still predict only the past, as an analysis
    /// does.
    pub covers_now: bool,
    /// Worker's message about the failed run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<Message>,
}

/// Health of a job: as a whole, and of each of its targets.
#[derive(Debug, Clone, PartialEq, Serialize, Object)]
pub struct Health {
    /// Health of the job as a whole, judged on everything posted for it.
    #[serde(flatten)]
    #[oai(flatten)]
    pub whole: Judgement,
    /// Health of each target, so that one output that stopped is visible while the others continue.
    pub targets: Vec<TargetHealth>,
}

/// Health of one target of a job.
#[derive(Debug, Clone, PartialEq, Serialize, Object)]
pub struct TargetHealth {
    /// Output role of the target.
    pub role: Name,
    /// Metric that the target predicts.
    pub metric: Name,
    /// Health of the target.
    #[serde(flatten)]
    #[oai(flatten)]
    pub judgement: Judgement,
}

/// A change of the health state of a job or one of its targets.
#[derive(Debug, Clone, PartialEq, Serialize, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct HealthChange {
    /// Output role that changed; absent for the job as a whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<Name>,
    /// Health state before the change.
    pub previous: HealthState,
    /// Health state after the change.
    pub state: HealthState,
    /// Time of the change.
    pub at: Timestamp,
    /// Worker's message about the failed run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<Message>,
}

/// Health of a job, with its history.
#[derive(Debug, Clone, PartialEq, Serialize, Object)]
pub struct JobHealth {
    /// Id of the job.
    pub job_id: Uuid,
    /// Current health.
    #[serde(flatten)]
    #[oai(flatten)]
    pub health: Health,
    /// Changes of the health states of the job and its targets, newest first.
    pub changes: Vec<HealthChange>,
}

/// Counts of jobs by health state.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Object)]
pub struct HealthCounts {
    /// Jobs that are not active.
    pub paused: u64,
    /// Jobs whose source has no expected interval.
    pub unmonitored: u64,
    /// Jobs for which nothing has been posted yet.
    pub new: u64,
    /// Jobs whose last post is not older than one expected interval plus the grace period.
    pub on_time: u64,
    /// Jobs whose last post is older than one expected interval plus the grace period.
    pub late: u64,
    /// Jobs whose last post is older than two expected intervals plus the grace period.
    pub down: u64,
    /// Jobs whose worker reported a failed run.
    pub failed: u64,
    /// Active jobs in any state without predictions for the present or the future.
    pub not_covering_now: u64,
}

impl HealthCounts {
    /// Adds jobs of one state.
    pub fn add(&mut self, jobs: JobsInState) {
        if jobs.state != HealthState::Paused {
            self.not_covering_now += jobs.jobs.saturating_sub(jobs.covering);
        }
        *match jobs.state {
            HealthState::Paused => &mut self.paused,
            HealthState::Unmonitored => &mut self.unmonitored,
            HealthState::New => &mut self.new,
            HealthState::OnTime => &mut self.on_time,
            HealthState::Late => &mut self.late,
            HealthState::Down => &mut self.down,
            HealthState::Failed => &mut self.failed,
        } += jobs.jobs;
    }
}

/// The number of jobs in one health state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JobsInState {
    /// Health state.
    pub state: HealthState,
    /// Number of jobs.
    pub jobs: u64,
    /// Number of those that are active and whose predictions reach the present.
    pub covering: u64,
}

impl JobsInState {
    /// Returns the count of a single job.
    pub fn one(state: HealthState, covers_now: bool) -> Self {
        Self {
            state,
            jobs: 1,
            covering: covers_now.into(),
        }
    }

    /// Returns the count without a single job.
    #[must_use]
    pub fn without(self, covers_now: bool) -> Self {
        Self {
            jobs: self.jobs.saturating_sub(1),
            covering: self.covering.saturating_sub(covers_now.into()),
            ..self
        }
    }
}
