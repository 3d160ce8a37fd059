//! Source versions: immutable releases of a source, each with its contract.

use poem_openapi::Object;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    contract::{InputRole, OutputRole, check_contract},
    error::Result,
    object::objects,
    text::{Description, Name, check_description},
    time::Timestamp,
    violations::Violations,
};

objects!(NewSourceVersion);

/// An immutable release of a source. Its input and output roles are the contract of its jobs.
#[derive(Debug, Clone, PartialEq, Serialize, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct SourceVersion {
    /// The version's id; workers fetch their jobs by it.
    pub id: Uuid,
    /// The source that it is a release of.
    pub source_id: Uuid,
    /// Its label, unique in the source.
    pub version: Name,
    /// Release notes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<Description>,
    /// What a job must bind.
    pub input_roles: Vec<InputRole>,
    /// What a job predicts.
    pub output_roles: Vec<OutputRole>,
    /// When it was published; the newest is the one published last.
    pub created_at: Timestamp,
    /// Tells this life of the id from others; stands in the ETag.
    #[serde(skip)]
    #[oai(skip)]
    pub revision: i64,
}

/// A new version of a source.
#[derive(Debug, Clone, Deserialize, Object)]
#[serde(remote = "Self", deny_unknown_fields)]
pub struct NewSourceVersion {
    /// Its id; made by the server if absent.
    #[oai(nullable)]
    pub id: Option<Uuid>,
    /// The source that it is a release of.
    pub source_id: Uuid,
    /// Its label, unique in the source.
    pub version: Name,
    /// Release notes.
    #[oai(nullable)]
    pub description: Option<Description>,
    /// What a job must bind; role names are unique.
    #[oai(validator(max_items = 100))]
    pub input_roles: Vec<InputRole>,
    /// What a job predicts; role names and metrics are unique.
    #[oai(validator(min_items = 1, max_items = 100))]
    pub output_roles: Vec<OutputRole>,
}

impl NewSourceVersion {
    /// Refuses with every violation.
    pub fn check(&mut self) -> Result<()> {
        let mut violations = Violations::default();
        self.version.check(&mut violations, "/version");
        check_description(self.description.as_ref(), &mut violations);
        check_contract(&mut self.input_roles, &mut self.output_roles, &mut violations);
        violations.into_result()
    }

    /// The version as it is kept, published at `now`.
    pub fn make(self, now: Timestamp) -> SourceVersion {
        SourceVersion {
            id: self.id.unwrap_or_else(|| super::id::new(now)),
            source_id: self.source_id,
            version: self.version,
            description: self.description,
            input_roles: self.input_roles,
            output_roles: self.output_roles,
            created_at: now,
            revision: super::id::first_revision(),
        }
    }
}

/// Returns when a version that is published at `now` counts as published: after the source's newest, whatever the clock
/// says.
pub fn published_at(newest: Option<&SourceVersion>, now: Timestamp) -> Timestamp {
    let after = newest.map(|version| Timestamp::from_micros(version.created_at.micros() + 1));
    after.map_or(now, |after| after.max(now))
}
