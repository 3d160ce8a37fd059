//! The existing resources that a set-up or a change of a job names. The store reads them before the decision.

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

/// The existing resources that a set-up names. They may belong to any organisation.
#[derive(Debug, Clone, Default)]
pub struct Found {
    /// Organisations with an id that the set-up names, or with the name that a new organisation would have.
    pub organisations: Vec<Organisation>,
    /// Existing sources, versions, sensors and locations that the set-up names.
    pub things: Things,
    /// Job of the organisation that has the name of the set-up's job.
    pub job: Option<Job>,
    /// Organisation that owns the existing job with the id that the set-up gives its job. `None` if there is no such
    /// job.
    pub owner_of_job_id: Option<Uuid>,
    /// Organisation that owns stored predictions under the id that the set-up gives its job. `None` if there are no
    /// such predictions.
    pub owner_of_predictions: Option<Uuid>,
    /// Whether predictions of a deleted organisation are still stored under the id that a new organisation would have.
    pub has_predictions_of_organisation: bool,
    /// Whether predictions for other organisations are stored under the id that a new source would have.
    pub has_predictions_of_source: bool,
}

impl Found {
    /// Returns the organisation with this id, or `None` if it does not exist.
    pub fn organisation(&self, id: Uuid) -> Option<&Organisation> {
        self.organisations.iter().find(|found| found.id == id)
    }
}

/// Existing sources, source versions, sensors and locations that a request names, by id or by name. The newest version
/// of each source is among the versions.
#[derive(Debug, Clone, Default)]
pub struct Things {
    /// Sources.
    pub sources: Vec<Source>,
    /// Source versions.
    pub versions: Vec<SourceVersion>,
    /// Sensors.
    pub sensors: Vec<Sensor>,
    /// Locations.
    pub locations: Vec<Location>,
}

impl Things {
    /// Returns the source with this id.
    pub fn source(&self, id: Uuid) -> Option<&Source> {
        self.sources.iter().find(|found| found.id == id)
    }

    /// Returns the source with this name.
    pub fn source_named(&self, name: &Name) -> Option<&Source> {
        self.sources.iter().find(|found| found.name == *name)
    }

    /// Returns the version with this id.
    pub fn version(&self, id: Uuid) -> Option<&SourceVersion> {
        self.versions.iter().find(|found| found.id == id)
    }

    /// Returns the version of the source that has this label.
    pub fn version_labelled(&self, source_id: Uuid, label: &Name) -> Option<&SourceVersion> {
        let mut versions = self.versions.iter();
        versions.find(|found| found.source_id == source_id && found.version == *label)
    }

    /// Returns the version of the source that was published last.
    pub fn newest(&self, source_id: Uuid) -> Option<&SourceVersion> {
        let versions = self.versions.iter().filter(|found| found.source_id == source_id);
        versions.max_by_key(|found| (found.created_at, found.id))
    }

    /// Returns the sensor with this id.
    pub fn sensor(&self, id: Uuid) -> Option<&Sensor> {
        self.sensors.iter().find(|found| found.id == id)
    }

    /// Returns the location with this id.
    pub fn location(&self, id: Uuid) -> Option<&Location> {
        self.locations.iter().find(|found| found.id == id)
    }

    /// Returns the properties of a sensor, location or source that are compared with an input role. Returns `None` if
    /// the resource does not exist.
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

    /// Returns the location that follows from bindings. If locations are bound, it is the bound location, provided that
    /// all bindings name the same one. Otherwise it is the location of the bound sensors, provided that all sensors
    /// with a location have the same one. Returns `None` in all other cases. `store::job` contains the same rule for
    /// stored jobs.
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
