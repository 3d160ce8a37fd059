//! Tags, which group operations in the API's document.

use poem_openapi::Tags;

/// Groups of operations.
#[derive(Tags)]
pub enum Tag {
    /// Set up, change and list jobs, and fetch them as a worker.
    Jobs,
    /// The health of jobs: whether their predictions keep arriving.
    Health,
    /// Register and manage predictive models.
    Sources,
    /// Publish immutable releases of models, each with its input and output roles.
    #[oai(rename = "Source versions")]
    SourceVersions,
    /// Post, read and withdraw predictions.
    Predictions,
    /// Post, read and withdraw readings of sensors.
    Readings,
    /// Places with coordinates.
    Locations,
    /// Sensors and their metrics.
    Sensors,
    /// The customers, who own everything else.
    Organisations,
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
