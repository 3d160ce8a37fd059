//! The answer to a set-up: the job, and what was created for it.

use poem_openapi::{Enum, Object};
use serde::Serialize;
use uuid::Uuid;

use crate::domain::{job::Job, text::Name};

/// What a set-up made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Enum)]
#[serde(rename_all = "snake_case")]
#[oai(rename_all = "snake_case")]
pub enum CreatedKind {
    /// An organisation.
    Organisation,
    /// A source.
    Source,
    /// A source version.
    SourceVersion,
    /// A placeholder of a sensor.
    Sensor,
    /// A placeholder of a location.
    Location,
    /// The job.
    Job,
}

/// One thing that a set-up made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Object)]
pub struct Created {
    /// What was made.
    pub kind: CreatedKind,
    /// Its id.
    pub id: Uuid,
    /// Its name, or a version's label.
    pub name: Name,
}

/// The job that a set-up found or made.
#[derive(Debug, Clone, PartialEq, Serialize, Object)]
pub struct JobSetupAnswer {
    /// The job.
    #[serde(flatten)]
    #[oai(flatten)]
    pub job: Job,
    /// What was made on the way; empty if all was there.
    pub created: Vec<Created>,
}
