//! Sources: predictive models.

use poem_openapi::Object;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    error::Result,
    object::objects,
    patch::{MaybeUndefined, present, set, set_or_clear},
    text::{Description, Name, check_description, check_optional},
    time::Timestamp,
    violations::Violations,
};

objects!(NewSource, SourceChange);

/// A predictive model. It belongs to an organisation, or is shared by all.
#[derive(Debug, Clone, PartialEq, Serialize, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct Source {
    /// The source's id.
    pub id: Uuid,
    /// The organisation that it belongs to; absent if it is shared.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub organisation_id: Option<Uuid>,
    /// Its name, unique on the server.
    pub name: Name,
    /// What the model does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<Description>,
    /// How often the model is expected to post, in minutes; its jobs' health is judged by it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expected_interval_minutes: Option<i64>,
    /// How much later than expected a post may come, in minutes, before its job is late.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grace_minutes: Option<i64>,
    /// How long predictions are kept, in hours after their valid_time or arrival; absent: for ever.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retention_hours: Option<i64>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// Counts its changes; stands in the ETag.
    #[serde(skip)]
    #[oai(skip)]
    pub revision: i64,
}

/// A new source.
#[derive(Debug, Clone, Deserialize, Object)]
#[serde(remote = "Self", deny_unknown_fields)]
pub struct NewSource {
    /// Its id; made by the server if absent.
    #[oai(nullable)]
    pub id: Option<Uuid>,
    /// The organisation that it belongs to; by default the token's own, and shared if an admin names none.
    #[oai(nullable)]
    pub organisation_id: Option<Uuid>,
    /// Its name, unique on the server.
    pub name: Name,
    /// What the model does.
    #[oai(nullable)]
    pub description: Option<Description>,
    /// How often the model is expected to post, in minutes (at most a year).
    #[oai(nullable, validator(minimum(value = "1"), maximum(value = "525600")))]
    pub expected_interval_minutes: Option<i64>,
    /// Another spelling of `expected_interval_minutes`, read but never written.
    #[oai(nullable, deprecated, validator(minimum(value = "1"), maximum(value = "525600")))]
    pub expectedintervalminutes: Option<i64>,
    /// How much later than expected a post may come, in minutes (at most a year), before its job is late: so that no webhook
    /// tells of a small delay. None if absent.
    #[oai(nullable, validator(minimum(value = "0"), maximum(value = "525600")))]
    pub grace_minutes: Option<i64>,
    /// How long predictions are kept, in hours (at most a hundred years).
    #[oai(nullable, validator(minimum(value = "1"), maximum(value = "876600")))]
    pub retention_hours: Option<i64>,
}

impl NewSource {
    /// Refuses with every violation; afterwards `expected_interval_minutes` holds either spelling's value.
    pub fn check(&mut self) -> Result<()> {
        let mut violations = Violations::default();
        self.name.check(&mut violations, "/name");
        check_description(self.description.as_ref(), &mut violations);
        self.expected_interval_minutes = check_interval(
            self.expected_interval_minutes,
            self.expectedintervalminutes.take(),
            &mut violations,
        );
        check_grace(self.grace_minutes, &mut violations);
        check_retention(self.retention_hours, &mut violations);
        violations.into_result()
    }

    /// The source as it is kept, made at `now` for `organisation_id`.
    pub fn make(self, organisation_id: Option<Uuid>, now: Timestamp) -> Source {
        Source {
            id: self.id.unwrap_or_else(|| super::id::new(now)),
            organisation_id,
            name: self.name,
            description: self.description,
            expected_interval_minutes: self.expected_interval_minutes,
            grace_minutes: self.grace_minutes,
            retention_hours: self.retention_hours,
            created_at: now,
            updated_at: now,
            revision: super::id::first_revision(),
        }
    }
}

/// Changes to a source: what is absent stays.
#[derive(Debug, Clone, Deserialize, Object)]
#[serde(remote = "Self", deny_unknown_fields)]
pub struct SourceChange {
    /// Its new name.
    #[serde(default, deserialize_with = "present")]
    pub name: Option<Name>,
    /// What the model does; null clears it.
    #[serde(default)]
    #[oai(nullable)]
    pub description: MaybeUndefined<Description>,
    /// How often the model is expected to post, in minutes (at most a year); null stops the watch.
    #[serde(default)]
    #[oai(nullable, validator(minimum(value = "1"), maximum(value = "525600")))]
    pub expected_interval_minutes: MaybeUndefined<i64>,
    /// Another spelling of `expected_interval_minutes`, read but never written.
    #[serde(default)]
    #[oai(nullable, deprecated, validator(minimum(value = "1"), maximum(value = "525600")))]
    pub expectedintervalminutes: MaybeUndefined<i64>,
    /// How much later than expected a post may come, in minutes (at most a year), before its job is late; null for none.
    #[serde(default)]
    #[oai(nullable, validator(minimum(value = "0"), maximum(value = "525600")))]
    pub grace_minutes: MaybeUndefined<i64>,
    /// How long predictions are kept, in hours (at most a hundred years); null keeps them for ever.
    #[serde(default)]
    #[oai(nullable, validator(minimum(value = "1"), maximum(value = "876600")))]
    pub retention_hours: MaybeUndefined<i64>,
}

impl SourceChange {
    /// Refuses with every violation; afterwards `expected_interval_minutes` holds either spelling's value.
    pub fn check(&mut self) -> Result<()> {
        let mut violations = Violations::default();
        check_optional(self.name.as_mut(), &mut violations, "/name");
        check_description(self.description.value(), &mut violations);
        let other = std::mem::take(&mut self.expectedintervalminutes);
        let given = |change: &MaybeUndefined<i64>| change.value().copied();
        let value = given(&self.expected_interval_minutes);
        check_interval_ranges(value, given(&other), &mut violations);
        if self.expected_interval_minutes.is_undefined() {
            self.expected_interval_minutes = other;
        } else if !other.is_undefined() && other != self.expected_interval_minutes {
            violations.add("/expectedintervalminutes", TWO_SPELLINGS);
        }
        check_grace(given(&self.grace_minutes), &mut violations);
        check_retention(given(&self.retention_hours), &mut violations);
        violations.into_result()
    }

    /// Puts the changes in place, made at `now`.
    pub fn apply(self, source: &mut Source, now: Timestamp) {
        set(&mut source.name, self.name);
        set_or_clear(&mut source.description, self.description);
        set_or_clear(&mut source.expected_interval_minutes, self.expected_interval_minutes);
        set_or_clear(&mut source.grace_minutes, self.grace_minutes);
        set_or_clear(&mut source.retention_hours, self.retention_hours);
        source.updated_at = now;
        source.revision += 1;
    }
}

/// The longest expected interval: a year of minutes.
const MAX_INTERVAL_MINUTES: i64 = 525_600;
/// The longest retention: a hundred years of hours.
const MAX_RETENTION_HOURS: i64 = 876_600;

const TWO_SPELLINGS: &str = "differs from expected_interval_minutes, whose other spelling it is";

/// Notes what is wrong with an expected interval under either of its spellings. The value that is given.
pub fn check_interval(value: Option<i64>, other: Option<i64>, violations: &mut Violations) -> Option<i64> {
    check_interval_ranges(value, other, violations);
    if value.is_some() && other.is_some() && value != other {
        violations.add("/expectedintervalminutes", TWO_SPELLINGS);
    }
    value.or(other)
}

fn check_interval_ranges(value: Option<i64>, other: Option<i64>, violations: &mut Violations) {
    let most = MAX_INTERVAL_MINUTES;
    check_range(value, most, violations, "/expected_interval_minutes");
    check_range(other, most, violations, "/expectedintervalminutes");
}

/// Notes a grace that is out of its range.
pub fn check_grace(minutes: Option<i64>, violations: &mut Violations) {
    let most = MAX_INTERVAL_MINUTES;
    if minutes.is_some_and(|minutes| !(0..=most).contains(&minutes)) {
        violations.add("/grace_minutes", format!("must be an integer from 0 to {most}"));
    }
}

/// Notes a retention that is out of its range.
pub fn check_retention(hours: Option<i64>, violations: &mut Violations) {
    check_range(hours, MAX_RETENTION_HOURS, violations, "/retention_hours");
}

fn check_range(value: Option<i64>, most: i64, violations: &mut Violations, pointer: &str) {
    if value.is_some_and(|value| !(1..=most).contains(&value)) {
        violations.add(pointer, format!("must be an integer from 1 to {most}"));
    }
}
