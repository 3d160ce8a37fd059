//! The response to a set-up: the job, and the resources that were created for it.

use poem_openapi::{Enum, Object};
use serde::Serialize;
use uuid::Uuid;

use crate::domain::{job::Job, text::Name};

/// Kind of a created resource.
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
    /// A placeholder for a sensor.
    Sensor,
    /// A placeholder for a location.
    Location,
    /// The job.
    Job,
}

/// A resource that a set-up created.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Object)]
pub struct Created {
    /// Kind of the resource.
    pub kind: CreatedKind,
    /// Id of the resource.
    pub id: Uuid,
    /// Name of the resource, or label of the version.
    pub name: Name,
}

/// The existing or created job.
#[derive(Debug, Clone, PartialEq, Serialize, Object)]
pub struct JobSetupAnswer {
    /// The job.
    #[serde(flatten)]
    #[oai(flatten)]
    pub job: Job,
    /// Resources that were created; empty if all existed.
    pub created: Vec<Created>,
}
