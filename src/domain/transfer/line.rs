//! A line of an export, its kind, the head and the end.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{alerts, catalogue, feeds, records, values};
use crate::domain::time::Timestamp;

/// The name of the format, which the head contains.
pub const FORMAT: &str = "prediction-api-export";

/// The version of the format that this program writes, and the newest that it reads.
pub const VERSION: u32 = 1;

/// The first line of an export. Members that a later version adds are ignored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// The name of the format: [`FORMAT`].
    pub format: String,
    /// The version of the format.
    pub version: u32,
    /// The schema version of the exported database.
    pub schema: i64,
    /// The time of the snapshot that was exported.
    pub exported_at: Timestamp,
    /// The version of the program that wrote the export.
    pub product: String,
}

/// The last line of an export.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct End {
    /// The number of lines of each kind, without head and end.
    pub lines: BTreeMap<String, u64>,
}

macro_rules! lines {
    ($($(#[$doc:meta])* $variant:ident($record:ty) $kind:literal,)*) => {
        /// A line of an export.
        #[derive(Clone, Serialize, Deserialize)]
        pub enum Line {
            $($(#[$doc])* #[serde(rename = $kind)] $variant($record),)*
        }

        /// The kinds of lines, in the order in which they are written.
        pub const KINDS: &[&str] = &[$($kind),*];

        impl Line {
            /// Returns the kind of the line.
            pub fn kind(&self) -> &'static str {
                match self {
                    $(Self::$variant(_) => $kind,)*
                }
            }
        }
    };
}

lines! {
    /// The first line.
    Head(Head) "head",
    /// An organisation.
    Organisation(catalogue::Organisation) "organisation",
    /// A token.
    Token(catalogue::Token) "token",
    /// A location.
    Location(catalogue::Location) "location",
    /// A sensor.
    Sensor(catalogue::Sensor) "sensor",
    /// A source.
    Source(catalogue::Source) "source",
    /// A version of a source.
    SourceVersion(catalogue::SourceVersion) "source_version",
    /// A job with its bindings.
    Job(catalogue::Job) "job",
    /// A version on trial.
    JobShadow(catalogue::JobShadow) "job_shadow",
    /// An entry of a job's history.
    JobHistory(records::JobHistory) "job_history",
    /// A webhook.
    Webhook(records::Webhook) "webhook",
    /// A message of a webhook.
    WebhookDelivery(records::WebhookDelivery) "webhook_delivery",
    /// The health of a job or a target.
    Health(records::Health) "health",
    /// A change of health.
    HealthChange(records::HealthChange) "health_change",
    /// A reported run.
    Report(records::Report) "report",
    /// An alert.
    Alert(alerts::Alert) "alert",
    /// The state of an alert for a job, location and stage.
    AlertState(alerts::AlertState) "alert_state",
    /// A transition of an alert.
    AlertChange(alerts::AlertChange) "alert_change",
    /// A feed.
    Feed(feeds::Feed) "feed",
    /// What has arrived at a feed.
    FeedState(feeds::FeedState) "feed_state",
    /// An entry of the audit trail.
    Audit(records::Audit) "audit",
    /// A fact about the clock.
    Clock(records::Clock) "clock",
    /// A sensor that has readings.
    ReadingSeries(values::ReadingSeries) "reading_series",
    /// A revision of a reading.
    Reading(values::Reading) "reading",
    /// A series of predictions.
    Series(values::Series) "series",
    /// A worker's description of the run that made the values of a post.
    Post(values::Post) "post",
    /// A revision of an issue.
    Run(values::Run) "run",
    /// The last line.
    End(End) "end",
}

/// Returns the kind of a line that was read successfully before, without reading it again.
pub fn kind_of(line: &str) -> Option<&'static str> {
    let name = line.split('"').nth(1)?;
    KINDS.iter().find(|kind| **kind == name).copied()
}
