//! The audit trail: who made, changed or deleted what, and when.

use std::collections::BTreeMap;

use poem_openapi::{Enum, Object, types::Any};
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use super::{text::Name, time::Timestamp};

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Enum)]
#[serde(rename_all = "lowercase")]
#[oai(rename_all = "lowercase")]
pub enum AuditAction {
    /// It was made.
    Created,
    /// Some of its fields were changed.
    Changed,
    /// It was deleted; a token: revoked.
    Deleted,
    /// Readings of a sensor, or predictions of a job or a location, were withdrawn.
    Withdrawn,
}

/// What it was done to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Enum)]
#[serde(rename_all = "snake_case")]
#[oai(rename_all = "snake_case")]
pub enum AuditKind {
    /// An organisation.
    Organisation,
    /// A token.
    Token,
    /// A location.
    Location,
    /// A sensor.
    Sensor,
    /// A source.
    Source,
    /// A source version.
    SourceVersion,
    /// A job.
    Job,
    /// A webhook.
    Webhook,
}

impl AuditAction {
    /// The action's name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Changed => "changed",
            Self::Deleted => "deleted",
            Self::Withdrawn => "withdrawn",
        }
    }

    /// The action of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Created, Self::Changed, Self::Deleted, Self::Withdrawn]
            .into_iter()
            .find(|action| action.as_str() == name)
    }
}

impl AuditKind {
    /// The kind's name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Organisation => "organisation",
            Self::Token => "token",
            Self::Location => "location",
            Self::Sensor => "sensor",
            Self::Source => "source",
            Self::SourceVersion => "source_version",
            Self::Job => "job",
            Self::Webhook => "webhook",
        }
    }

    /// The kind of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        [
            Self::Organisation,
            Self::Token,
            Self::Location,
            Self::Sensor,
            Self::Source,
            Self::SourceVersion,
            Self::Job,
            Self::Webhook,
        ]
        .into_iter()
        .find(|kind| kind.as_str() == name)
    }
}

/// The fields that a change gave another value, with that value.
pub type Changes = BTreeMap<String, Any<Value>>;

/// Something that was made, changed or deleted.
#[derive(Debug, Clone, PartialEq, Serialize, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct AuditEntry {
    /// When it was done.
    pub at: Timestamp,
    /// What was done.
    pub action: AuditAction,
    /// What it was done to.
    pub kind: AuditKind,
    /// The id of what it was done to.
    pub id: Uuid,
    /// The name that it had then; of a source version its label.
    pub name: Name,
    /// The organisation that it belongs to; absent for what is shared and for admins' tokens.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub organisation_id: Option<Uuid>,
    /// The token that it was done with; absent for the command line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_id: Option<Uuid>,
    /// The token's name.
    pub token_name: Name,
    /// Of a change: the fields that it gave another value, with that value; null if it was cleared. Of a withdrawal: how
    /// many values were `withdrawn`, and, by DELETE, which were chosen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub changes: Option<Changes>,
    /// Its place among those of the same time.
    #[serde(skip)]
    #[oai(skip)]
    pub position: i64,
}

/// Which entries are asked for.
#[derive(Debug, Clone, Default)]
pub struct AuditFilter {
    /// Only of this organisation.
    pub organisation_id: Option<Uuid>,
    /// Only of things of this kind.
    pub kind: Option<AuditKind>,
    /// Only of the thing of this id.
    pub id: Option<Uuid>,
    /// Only what was done with this token.
    pub token: Option<Uuid>,
    /// From this time on.
    pub from: Option<Timestamp>,
    /// Up to this time, without it.
    pub to: Option<Timestamp>,
}

/// Which part of the trail is asked for; it begins with the newest entry.
#[derive(Debug, Clone, Copy)]
pub struct AuditPage {
    /// The last entry of the page before, by its time and position; none at the start.
    pub after: Option<(Timestamp, i64)>,
    /// How many rows at most.
    pub limit: usize,
}

/// The fields in which two states of a thing differ, as the later one has them. What every change changes is left out.
pub fn changes(before: &impl Serialize, after: &impl Serialize) -> Changes {
    let fields = |state: Value| match state {
        Value::Object(fields) => fields,
        _ => serde_json::Map::new(),
    };
    let before = fields(serde_json::to_value(before).unwrap_or_default());
    let after = fields(serde_json::to_value(after).unwrap_or_default());
    let names = before.keys().chain(after.keys());
    names
        .filter(|name| *name != "updated_at" && before.get(*name) != after.get(*name))
        .map(|name| {
            let value = after.get(name).cloned().unwrap_or_default();
            (name.clone(), Any(value))
        })
        .collect()
}

/// What a withdrawal is noted with: how many values it withdrew, and what chose them.
pub fn withdrawal<const N: usize>(withdrawn: u64, chosen: [(&str, Option<Value>); N]) -> Changes {
    let chosen = chosen.into_iter().filter_map(|(name, value)| Some((name, value?)));
    std::iter::once(("withdrawn", withdrawn.into()))
        .chain(chosen)
        .map(|(name, value)| (name.to_owned(), Any(value)))
        .collect()
}

/// A field that was changed, without its value: that is nobody's.
pub fn hidden(field: &str) -> (String, Any<Value>) {
    (field.to_owned(), Any("(not kept)".into()))
}
