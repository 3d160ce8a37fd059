//! Tags, which group operations in the API's document.

use poem_openapi::Tags;

/// Groups of operations.
#[derive(Tags)]
pub enum Tag {
    /// Set up, change and list jobs, and fetch them as a worker.
    Jobs,
    /// Post, read and withdraw predictions.
    Predictions,
    /// Compare predictions with what was measured.
    Accuracy,
    /// Post, read and withdraw readings of sensors.
    Readings,
    /// Ways in for the messages of devices: how messages become readings.
    Feeds,
    /// The health of jobs: whether their predictions keep arriving.
    Health,
    /// Alerts about predicted values: what raises and clears them, and their states.
    Alerts,
    /// Register and manage predictive models.
    Sources,
    /// Publish immutable releases of models, each with its input and output roles.
    #[oai(rename = "Source versions")]
    SourceVersions,
    /// The customers, who own everything else.
    Organisations,
    /// Places with coordinates.
    Locations,
    /// Sensors and their metrics.
    Sensors,
    /// Notifications of changes of jobs' health states.
    #[cfg(feature = "webhooks")]
    Webhooks,
    /// Access tokens with roles.
    Tokens,
    /// The audit trail and backups.
    Administration,
    /// Health checks without a token.
    Probes,
}

/// Tags in the order in which users need them.
const IN_ORDER: &[Tag] = &[
    Tag::Jobs,
    Tag::Predictions,
    Tag::Accuracy,
    Tag::Readings,
    Tag::Feeds,
    Tag::Health,
    Tag::Alerts,
    Tag::Sources,
    Tag::SourceVersions,
    Tag::Organisations,
    Tag::Locations,
    Tag::Sensors,
    #[cfg(feature = "webhooks")]
    Tag::Webhooks,
    Tag::Tokens,
    Tag::Administration,
    Tag::Probes,
];

/// Returns the names of the tags in the order in which users need them.
pub fn names() -> Vec<&'static str> {
    IN_ORDER.iter().map(Tags::name).collect()
}
