//! The audit trail: a record of who created, changed or deleted which resource, and when.

use std::collections::BTreeMap;

use poem_openapi::{Enum, Object, types::Any};
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use super::{object::names, text::Name, time::Timestamp};

names!(AuditAction, AuditKind);

/// The kind of change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Enum)]
#[serde(rename_all = "lowercase")]
#[oai(rename_all = "lowercase")]
pub enum AuditAction {
    /// The resource was created.
    Created,
    /// Some of its fields were changed.
    Changed,
    /// The resource was deleted, or the token revoked.
    Deleted,
    /// Readings of a sensor, or predictions of a job or a location, were withdrawn.
    Withdrawn,
}

/// The kind of resource that was changed.
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
    /// An alert.
    Alert,
    /// A feed.
    Feed,
}

impl AuditAction {
    /// Returns the action's name in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Changed => "changed",
            Self::Deleted => "deleted",
            Self::Withdrawn => "withdrawn",
        }
    }

    /// Returns the action with this name in the API, or `None` if the name is unknown.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Created, Self::Changed, Self::Deleted, Self::Withdrawn]
            .into_iter()
            .find(|action| action.as_str() == name)
    }
}

impl AuditKind {
    /// Returns the kind's name in the API.
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
            Self::Alert => "alert",
            Self::Feed => "feed",
        }
    }

    /// Returns the kind with this name in the API, or `None` if the name is unknown.
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
            Self::Alert,
            Self::Feed,
        ]
        .into_iter()
        .find(|kind| kind.as_str() == name)
    }
}

/// Names of the fields that a change set, each with its new value. A field that was cleared has the value null.
pub type Changes = BTreeMap<String, Any<Value>>;

/// An entry of the audit trail: one resource that was created, changed or deleted.
#[derive(Debug, Clone, PartialEq, Serialize, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct AuditEntry {
    /// Time of the change.
    pub at: Timestamp,
    /// Kind of change.
    pub action: AuditAction,
    /// Kind of resource.
    pub kind: AuditKind,
    /// Id of the resource.
    pub id: Uuid,
    /// Name of the resource at that time; for a source version its label.
    pub name: Name,
    /// Organisation that owns the resource; absent for shared resources and admins' tokens.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub organisation_id: Option<Uuid>,
    /// Token that made the change; absent for the command line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_id: Option<Uuid>,
    /// Name of that token.
    pub token_name: Name,
    /// For a change: the fields that were set, with their new values; null if a field was cleared. `added_shadow` and
    /// `ended_shadow` name the versions whose trial in a job began or ended, and `note` is that of a promotion. For a
    /// withdrawal:
    /// the number of values that were `withdrawn` and, for DELETE, the parameters that selected them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub changes: Option<Changes>,
    /// Position of the entry among the entries with the same `at`. Time and position together identify an entry for
    /// paging.
    #[serde(skip)]
    #[oai(skip)]
    pub position: i64,
}

/// Filter of the audit trail. A field that is `None` does not restrict the result.
#[derive(Debug, Clone, Default)]
pub struct AuditFilter {
    /// Only entries of this organisation.
    pub organisation_id: Option<Uuid>,
    /// Only entries about this kind of resource.
    pub kind: Option<AuditKind>,
    /// Only entries about the resource with this id.
    pub id: Option<Uuid>,
    /// Only changes made with this token.
    pub token: Option<Uuid>,
    /// Only entries at or after this time.
    pub from: Option<Timestamp>,
    /// Only entries before this time.
    pub to: Option<Timestamp>,
}

/// Request for one page of the audit trail. The newest entry comes first.
#[derive(Debug, Clone, Copy)]
pub struct AuditPage {
    /// Time and position of the last entry of the previous page. `None` requests the first page.
    pub after: Option<(Timestamp, i64)>,
    /// Maximum number of entries of the page.
    pub limit: usize,
}

/// Returns the fields in which two states of a resource differ, with the values of the later state. `updated_at` is
/// left out, because every change sets it.
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

/// Returns the `changes` of an audit entry about a withdrawal. They contain the number of withdrawn values under
/// `withdrawn`, and the request parameters in `chosen` that selected these values. Parameters that are `None` are left
/// out.
pub fn withdrawal<const N: usize>(withdrawn: u64, chosen: [(&str, Option<Value>); N]) -> Changes {
    let chosen = chosen.into_iter().filter_map(|(name, value)| Some((name, value?)));
    std::iter::once(("withdrawn", withdrawn.into()))
        .chain(chosen)
        .map(|(name, value)| (name.to_owned(), Any(value)))
        .collect()
}

/// Returns an entry of [`Changes`] for a field whose value is secret. The text `(not kept)` replaces the value.
pub fn hidden(field: &str) -> (String, Any<Value>) {
    (field.to_owned(), Any("(not kept)".into()))
}
