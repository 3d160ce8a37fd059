//! The existing resources that a request names, as the store has gathered them.

use uuid::Uuid;

use crate::domain::{
    contract::{Input, InputKind, RoleBinding},
    job::Job,
    location::Location,
    organisation::Organisation,
    sensor::Sensor,
    source::Source,
    source_version::SourceVersion,
    text::Name,
};

/// The existing resources that a set-up names, of any owner.
#[derive(Debug, Clone, Default)]
pub struct Found {
    /// The organisations with the ids that are named, or with the name of one that is to be created.
    pub organisations: Vec<Organisation>,
    /// Existing sources, versions, sensors and locations that the set-up names.
    pub things: Things,
    /// The organisation's job of that name.
    pub job: Option<Job>,
    /// The organisation of the job that has the new job's id.
    pub owner_of_job_id: Option<Uuid>,
    /// The organisation that predictions with the new job's id belong to.
    pub owner_of_predictions: Option<Uuid>,
    /// Whether predictions of a deleted organisation are still stored under the id of the organisation that is to be
    /// created.
    pub has_predictions_of_organisation: bool,
    /// Whether predictions for other organisations are stored under the new source's id.
    pub has_predictions_of_source: bool,
}

impl Found {
    /// Returns the organisation of that id.
    pub fn organisation(&self, id: Uuid) -> Option<&Organisation> {
        self.organisations.iter().find(|found| found.id == id)
    }
}

/// Sources, versions, sensors and locations that are named, by id or by name. The newest version of each source is
/// among the versions.
#[derive(Debug, Clone, Default)]
pub struct Things {
    /// Sources.
    pub sources: Vec<Source>,
    /// Versions.
    pub versions: Vec<SourceVersion>,
    /// Sensors.
    pub sensors: Vec<Sensor>,
    /// Locations.
    pub locations: Vec<Location>,
}

impl Things {
    /// Returns the source of that id.
    pub fn source(&self, id: Uuid) -> Option<&Source> {
        self.sources.iter().find(|found| found.id == id)
    }

    /// Returns the source of that name.
    pub fn source_named(&self, name: &Name) -> Option<&Source> {
        self.sources.iter().find(|found| found.name == *name)
    }

    /// Returns the version of that id.
    pub fn version(&self, id: Uuid) -> Option<&SourceVersion> {
        self.versions.iter().find(|found| found.id == id)
    }

    /// Returns the source's version of that label.
    pub fn version_labelled(&self, source_id: Uuid, label: &Name) -> Option<&SourceVersion> {
        let mut versions = self.versions.iter();
        versions.find(|found| found.source_id == source_id && found.version == *label)
    }

    /// Returns the version of the source that was published last.
    pub fn newest(&self, source_id: Uuid) -> Option<&SourceVersion> {
        let versions = self.versions.iter().filter(|found| found.source_id == source_id);
        versions.max_by_key(|found| (found.created_at, found.id))
    }

    /// Returns the sensor of that id.
    pub fn sensor(&self, id: Uuid) -> Option<&Sensor> {
        self.sensors.iter().find(|found| found.id == id)
    }

    /// Returns the location of that id.
    pub fn location(&self, id: Uuid) -> Option<&Location> {
        self.locations.iter().find(|found| found.id == id)
    }

    /// Returns the facts about an input that the rules need.
    pub fn input(&self, kind: InputKind, id: Uuid) -> Option<Input> {
        Some(match kind {
            InputKind::Sensor => {
                let sensor = self.sensor(id)?;
                Input {
                    organisation_id: Some(sensor.organisation_id),
                    metric: Some(sensor.metric.clone()),
                    unit: sensor.unit.clone(),
                    outputs: Vec::new(),
                }
            }
            InputKind::Location => Input {
                organisation_id: Some(self.location(id)?.organisation_id),
                metric: None,
                unit: None,
                outputs: Vec::new(),
            },
            InputKind::Source => Input {
                organisation_id: self.source(id)?.organisation_id,
                metric: None,
                unit: None,
                outputs: self
                    .newest(id)
                    .map_or_else(Vec::new, |newest| newest.output_roles.clone()),
            },
        })
    }

    /// Returns the location that follows from bindings: the only one that is bound; if none is, the only one of the
    /// bound sensors. `store::job` has the same rule for stored jobs.
    pub fn bound_location(&self, bindings: &[RoleBinding]) -> Option<Uuid> {
        let of_kind = |kind| {
            let bound = bindings.iter().filter(move |binding| binding.input_type == kind);
            bound.map(|binding| binding.input_id)
        };
        let mut bound: Vec<_> = of_kind(InputKind::Location).collect();
        if bound.is_empty() {
            bound = of_kind(InputKind::Sensor)
                .filter_map(|id| self.sensor(id)?.location_id)
                .collect();
        }
        let first = *bound.first()?;
        bound.iter().all(|other| *other == first).then_some(first)
    }
}
