//! The resources that a set-up creates, and the job that it returns.

use uuid::Uuid;

use super::answer::{Created, CreatedKind, JobSetupAnswer};
use crate::domain::{
    job::{Job, JobRecord},
    location::Location,
    organisation::Organisation,
    sensor::Sensor,
    source::Source,
    source_version::SourceVersion,
    text::Name,
};

/// One resource that a set-up creates.
#[derive(Debug, Clone, PartialEq)]
pub enum Made {
    /// An organisation that did not exist. Only an admin's set-up creates one.
    Organisation(Organisation),
    /// A source.
    Source(Source),
    /// A version of a source.
    SourceVersion(SourceVersion),
    /// A placeholder of a sensor.
    Sensor(Sensor),
    /// A placeholder of a location.
    Location(Location),
    /// The job.
    Job(JobRecord),
}

/// Result of the decision about a set-up: the resources to create, and the job to return.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// Resources to create, each after the resources that it refers to.
    pub made: Vec<Made>,
    /// The job of the set-up, which exists or is among the resources to create.
    pub job: Job,
}

impl Plan {
    /// Returns the response to the set-up. It is the same for a dry run, which does not apply the plan.
    pub fn answer(self) -> JobSetupAnswer {
        JobSetupAnswer {
            created: self.made.iter().map(Made::created).collect(),
            job: self.job,
        }
    }
}

impl Made {
    fn created(&self) -> Created {
        let (kind, id, name): (_, Uuid, &Name) = match self {
            Self::Organisation(made) => (CreatedKind::Organisation, made.id, &made.name),
            Self::Source(made) => (CreatedKind::Source, made.id, &made.name),
            Self::SourceVersion(made) => (CreatedKind::SourceVersion, made.id, &made.version),
            Self::Sensor(made) => (CreatedKind::Sensor, made.id, &made.name),
            Self::Location(made) => (CreatedKind::Location, made.id, &made.name),
            Self::Job(made) => (CreatedKind::Job, made.id, &made.name),
        };
        let name = name.clone();
        Created { kind, id, name }
    }
}
