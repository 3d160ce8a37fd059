//! How the API's document groups its operations.

use poem_openapi::Tags;

/// The groups of operations.
#[derive(Tags)]
pub enum Tag {
    /// The jobs of an organisation: set up, changed, fetched by workers.
    Jobs,
    /// Whether the jobs' predictions keep coming.
    Health,
    /// Predictive models.
    Sources,
    /// The immutable releases of models, each with its contract.
    #[oai(rename = "Source versions")]
    SourceVersions,
    /// What workers predict.
    Predictions,
    /// What sensors measured.
    Readings,
    /// Named points.
    Locations,
    /// What yields readings.
    Sensors,
    /// The customers.
    Organisations,
    /// Where changes of jobs' states are told to.
    Webhooks,
    /// Who may call.
    Tokens,
    /// What concerns the whole product.
    Administration,
    /// For whatever watches the process.
    Probes,
}
