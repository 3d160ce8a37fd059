//! Predictions in SQL: one row for each run of a series, its points in a payload.

mod post;
mod read;
mod run;

use uuid::Uuid;

use super::{Connection, Transaction, payload, row::FromRow};
use crate::domain::{
    Timestamp,
    text::{Name, Stage},
};

pub use post::post;
pub use read::{is_known, newest, owner};

/// What one series is told apart by, and the names that are answered with it.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// Whose it is.
    pub organisation_id: Uuid,
    /// The model.
    pub source_id: Uuid,
    /// The model's release.
    pub source_version_id: Uuid,
    /// The job that it is posted for.
    pub job_id: Option<Uuid>,
    /// The location that it is for.
    pub location_id: Option<Uuid>,
    /// What is predicted.
    pub metric: Name,
    /// The label given with it.
    pub stage: Option<Stage>,
    /// The unit of the values.
    pub unit: Option<Name>,
    /// The model's name.
    pub source_name: Name,
    /// The release's label.
    pub version_label: Name,
}

/// When a run was made, when it came, and how long it is kept.
#[derive(Debug, Clone, Copy)]
pub struct Issue {
    /// When the model made it.
    pub issue_time: Timestamp,
    /// When it arrived.
    pub available_at: Timestamp,
    /// How long its points are kept after the later of their valid_time and arrival; for ever if `None`.
    pub retention_hours: Option<i64>,
}

impl Series {
    /// The stage as its column has it: empty if there is none.
    fn stage_text(&self) -> &str {
        self.stage.as_ref().map_or("", Stage::as_str)
    }
}
