//! Sensors: what yields readings of one metric.

use poem_openapi::Object;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    error::Result,
    object::objects,
    patch::{MaybeUndefined, present, set, set_or_clear},
    text::{Name, check_optional},
    time::Timestamp,
    violations::Violations,
};

objects!(NewSensor, SensorChange);

/// Something that yields readings of one metric, optionally at a location.
#[derive(Debug, Clone, PartialEq, Serialize, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct Sensor {
    /// The sensor's id.
    pub id: Uuid,
    /// The organisation that it belongs to.
    pub organisation_id: Uuid,
    /// Its name, unique in the organisation.
    pub name: Name,
    /// What it measures; a role that it is bound to has the same metric.
    pub metric: Name,
    /// The unit of its readings.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<Name>,
    /// Where it stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location_id: Option<Uuid>,
    /// True if a job's set-up made it for an unknown input, until it is first changed with PUT.
    pub placeholder: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// Counts its changes; stands in the ETag.
    #[serde(skip)]
    #[oai(skip)]
    pub revision: i64,
}

/// A new sensor.
#[derive(Debug, Clone, Deserialize, Object)]
#[serde(remote = "Self", deny_unknown_fields)]
pub struct NewSensor {
    /// Its id; made by the server if absent.
    #[oai(nullable)]
    pub id: Option<Uuid>,
    /// The organisation that it belongs to; by default the token's own.
    #[oai(nullable)]
    pub organisation_id: Option<Uuid>,
    /// Its name, unique in the organisation.
    pub name: Name,
    /// What it measures.
    pub metric: Name,
    /// The unit of its readings.
    #[oai(nullable)]
    pub unit: Option<Name>,
    /// Where it stands: a location of the same organisation.
    #[oai(nullable)]
    pub location_id: Option<Uuid>,
}

impl NewSensor {
    /// Refuses with every violation.
    pub fn check(&mut self) -> Result<()> {
        let mut violations = Violations::default();
        self.name.check(&mut violations, "/name");
        self.metric.check(&mut violations, "/metric");
        check_optional(self.unit.as_mut(), &mut violations, "/unit");
        violations.into_result()
    }

    /// The sensor as it is kept, made at `now` for `organisation_id`.
    pub fn make(self, organisation_id: Uuid, now: Timestamp) -> Sensor {
        Sensor {
            id: self.id.unwrap_or_else(|| super::id::new(now)),
            organisation_id,
            name: self.name,
            metric: self.metric,
            unit: self.unit,
            location_id: self.location_id,
            placeholder: false,
            created_at: now,
            updated_at: now,
            revision: super::id::first_revision(),
        }
    }
}

/// Changes to a sensor: what is absent stays.
#[derive(Debug, Clone, Deserialize, Object)]
#[serde(remote = "Self", deny_unknown_fields)]
pub struct SensorChange {
    /// Its new name.
    #[serde(default, deserialize_with = "present")]
    pub name: Option<Name>,
    /// What it measures; refused while the sensor has readings, or a job's role binds it.
    #[serde(default, deserialize_with = "present")]
    pub metric: Option<Name>,
    /// The unit of its readings; null clears it. While the sensor has readings only a missing unit can be given, and it must
    /// be that of the roles that jobs bind the sensor to.
    #[serde(default)]
    #[oai(nullable)]
    pub unit: MaybeUndefined<Name>,
    /// Where it stands: a location of the same organisation; null clears it.
    #[serde(default)]
    #[oai(nullable)]
    pub location_id: MaybeUndefined<Uuid>,
}

impl SensorChange {
    /// Refuses with every violation.
    pub fn check(&mut self) -> Result<()> {
        let mut violations = Violations::default();
        check_optional(self.name.as_mut(), &mut violations, "/name");
        check_optional(self.metric.as_mut(), &mut violations, "/metric");
        if let MaybeUndefined::Value(unit) = &mut self.unit {
            unit.check(&mut violations, "/unit");
        }
        violations.into_result()
    }

    /// Puts the changes in place, made at `now`.
    pub fn apply(self, sensor: &mut Sensor, now: Timestamp) {
        set(&mut sensor.name, self.name);
        set(&mut sensor.metric, self.metric);
        set_or_clear(&mut sensor.unit, self.unit);
        set_or_clear(&mut sensor.location_id, self.location_id);
        sensor.placeholder = false;
        sensor.updated_at = now;
        sensor.revision += 1;
    }
}

/// Which sensors are listed.
#[derive(Debug, Default)]
pub struct SensorFilter {
    /// Only of this organisation.
    pub organisation_id: Option<Uuid>,
    /// Only at this location.
    pub location_id: Option<Uuid>,
    /// Only of this metric.
    pub metric: Option<String>,
    /// Only of this name.
    pub name: Option<String>,
}

/// A placeholder of the role's metric under an id that a job's set-up names and nobody has registered.
pub fn placeholder(id: Uuid, organisation_id: Uuid, metric: Name, unit: Option<Name>, now: Timestamp) -> Sensor {
    Sensor {
        id,
        organisation_id,
        name: Name::new(id.to_string()),
        metric,
        unit,
        location_id: None,
        placeholder: true,
        created_at: now,
        updated_at: now,
        revision: super::id::first_revision(),
    }
}
