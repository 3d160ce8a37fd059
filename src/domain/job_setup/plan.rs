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
    /// An organisation that an admin named.
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

/// The decision: each resource to create, after those that it refers to, and the resulting job.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// Resources to create.
    pub made: Vec<Made>,
    /// The job, whether it exists or is to be created.
    pub job: Job,
}

impl Plan {
    /// Returns the response, which is the same whether the plan is applied or not.
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
