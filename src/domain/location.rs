//! Locations: named points.

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

objects!(NewLocation, LocationChange);

/// A named point of an organisation.
#[derive(Debug, Clone, PartialEq, Serialize, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct Location {
    /// The location's id.
    pub id: Uuid,
    /// The organisation that it belongs to.
    pub organisation_id: Uuid,
    /// Its name, unique in the organisation.
    pub name: Name,
    /// Degrees north (WGS 84), -90 to 90. Absent while the location is a placeholder.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub latitude: Option<f64>,
    /// Degrees east (WGS 84), -180 to 180. Absent while the location is a placeholder.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub longitude: Option<f64>,
    /// Metres above mean sea level, -500 to 10000.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub elevation: Option<f64>,
    /// True if a job's set-up made it for an unknown input: give it coordinates with PUT.
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

/// A new location.
#[derive(Debug, Clone, Deserialize, Object)]
#[serde(remote = "Self", deny_unknown_fields)]
pub struct NewLocation {
    /// Its id; made by the server if absent.
    #[oai(nullable)]
    pub id: Option<Uuid>,
    /// The organisation that it belongs to; by default the token's own.
    #[oai(nullable)]
    pub organisation_id: Option<Uuid>,
    /// Its name, unique in the organisation.
    pub name: Name,
    /// Degrees north (WGS 84).
    #[oai(validator(minimum(value = "-90"), maximum(value = "90")))]
    pub latitude: f64,
    /// Degrees east (WGS 84).
    #[oai(validator(minimum(value = "-180"), maximum(value = "180")))]
    pub longitude: f64,
    /// Metres above mean sea level.
    #[oai(nullable, validator(minimum(value = "-500"), maximum(value = "10000")))]
    pub elevation: Option<f64>,
}

impl NewLocation {
    /// Refuses with every violation.
    pub fn check(&mut self) -> Result<()> {
        let mut violations = Violations::default();
        self.name.check(&mut violations, "/name");
        check_range(Some(self.latitude), &LATITUDE, &mut violations);
        check_range(Some(self.longitude), &LONGITUDE, &mut violations);
        check_range(self.elevation, &ELEVATION, &mut violations);
        violations.into_result()
    }

    /// The location as it is kept, made at `now` for `organisation_id`.
    pub fn make(self, organisation_id: Uuid, now: Timestamp) -> Location {
        Location {
            id: self.id.unwrap_or_else(|| super::id::new(now)),
            organisation_id,
            name: self.name,
            latitude: Some(self.latitude),
            longitude: Some(self.longitude),
            elevation: self.elevation,
            placeholder: false,
            created_at: now,
            updated_at: now,
            revision: super::id::first_revision(),
        }
    }
}

/// Changes to a location: what is absent stays.
#[derive(Debug, Clone, Deserialize, Object)]
#[serde(remote = "Self", deny_unknown_fields)]
pub struct LocationChange {
    /// Its new name.
    #[serde(default, deserialize_with = "present")]
    pub name: Option<Name>,
    /// Degrees north (WGS 84).
    #[serde(default, deserialize_with = "present")]
    #[oai(validator(minimum(value = "-90"), maximum(value = "90")))]
    pub latitude: Option<f64>,
    /// Degrees east (WGS 84).
    #[serde(default, deserialize_with = "present")]
    #[oai(validator(minimum(value = "-180"), maximum(value = "180")))]
    pub longitude: Option<f64>,
    /// Metres above mean sea level; null clears it.
    #[serde(default)]
    #[oai(nullable, validator(minimum(value = "-500"), maximum(value = "10000")))]
    pub elevation: MaybeUndefined<f64>,
}

impl LocationChange {
    /// Refuses with every violation.
    pub fn check(&mut self) -> Result<()> {
        let mut violations = Violations::default();
        check_optional(self.name.as_mut(), &mut violations, "/name");
        check_range(self.latitude, &LATITUDE, &mut violations);
        check_range(self.longitude, &LONGITUDE, &mut violations);
        let elevation = self.elevation.value().copied();
        check_range(elevation, &ELEVATION, &mut violations);
        violations.into_result()
    }

    /// Puts the changes in place, made at `now`. With both coordinates it is no placeholder any more.
    pub fn apply(self, location: &mut Location, now: Timestamp) {
        set(&mut location.name, self.name);
        location.latitude = self.latitude.or(location.latitude);
        location.longitude = self.longitude.or(location.longitude);
        set_or_clear(&mut location.elevation, self.elevation);
        location.placeholder &= location.latitude.is_none() || location.longitude.is_none();
        location.updated_at = now;
        location.revision += 1;
    }
}

/// A placeholder under an id that a job's set-up names and nobody has registered.
pub fn placeholder(id: Uuid, organisation_id: Uuid, now: Timestamp) -> Location {
    Location {
        id,
        organisation_id,
        name: Name::new(id.to_string()),
        latitude: None,
        longitude: None,
        elevation: None,
        placeholder: true,
        created_at: now,
        updated_at: now,
        revision: super::id::first_revision(),
    }
}

/// Adds a violation at `pointer` if the organisation does not have the location.
pub fn check_owned(
    found: Option<&Location>,
    id: Uuid,
    organisation_id: Uuid,
    violations: &mut Violations,
    pointer: &str,
) {
    if found.is_none_or(|found| found.organisation_id != organisation_id) {
        violations.add(pointer, format!("the organisation has no location {id}"));
    }
}

/// A member of the body and its inclusive limits.
type Range = (&'static str, f64, f64);

const LATITUDE: Range = ("/latitude", -90.0, 90.0);
const LONGITUDE: Range = ("/longitude", -180.0, 180.0);
const ELEVATION: Range = ("/elevation", -500.0, 10_000.0);

fn check_range(value: Option<f64>, range: &Range, violations: &mut Violations) {
    let (pointer, least, most) = *range;
    if value.is_some_and(|value| !(least..=most).contains(&value)) {
        violations.add(pointer, format!("must be from {least} to {most}"));
    }
}
