//! The names of unique constraints.

/// The unique constraints whose violation is returned to the client as a conflict. Each engine maps its own constraint
/// names to these variants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unique {
    /// The id of an organisation.
    OrganisationId,
    /// The name of an organisation.
    OrganisationName,
    /// The id of a token.
    TokenId,
    /// The name of a token in its organisation, or among the admins' tokens.
    TokenName,
    /// The hash of a token's secret.
    TokenHash,
    /// The id of a location.
    LocationId,
    /// The name of a location in its organisation.
    LocationName,
    /// The id of a sensor.
    SensorId,
    /// The name of a sensor in its organisation.
    SensorName,
    /// The id of a source.
    SourceId,
    /// The name of a source.
    SourceName,
    /// The id of a source version.
    SourceVersionId,
    /// The label of a version in its source.
    SourceVersionLabel,
    /// The id of a job.
    JobId,
    /// The name of a job in its organisation.
    JobName,
    /// The id of a webhook.
    WebhookId,
    /// The id of an alert.
    AlertId,
    /// The name of an alert in its organisation.
    AlertName,
    /// The id of a feed.
    FeedId,
    /// The name of a feed in its organisation.
    FeedName,
    /// The name of a webhook in its organisation, or among the webhooks that do not belong to one organisation.
    WebhookName,
}
