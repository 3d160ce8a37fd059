//! The choices of parameters.

use poem_openapi::Enum;

/// Truth that predictions are compared with.
#[derive(Debug, Clone, Copy, Enum)]
#[oai(rename_all = "lowercase")]
pub enum TruthParameter {
    /// The readings of a sensor.
    Readings,
    /// The analyses of a model: its newest issue that is not before the valid_time.
    Analysis,
}

/// Treatment of predictions that arrived after their valid_time.
#[derive(Debug, Clone, Copy, Enum)]
#[oai(rename_all = "lowercase")]
pub enum LateParameter {
    /// They count.
    Include,
    /// They are dropped before the newest prediction is selected.
    Exclude,
}

/// Rule by which a measurement belongs to a valid_time.
#[derive(Debug, Clone, Copy, Enum)]
#[oai(rename_all = "lowercase")]
pub enum MatchParameter {
    /// The measurement of exactly this time.
    Exact,
    /// The nearest measurement within `tolerance`.
    Nearest,
}

/// Issues of a valid_time that are compared.
#[derive(Debug, Clone, Copy, Enum)]
#[oai(rename_all = "lowercase")]
pub enum ScoredIssues {
    /// The newest of each valid_time and range of lead times.
    Newest,
    /// The same, by the name that it has in `GET /api/v1/predictions`.
    Latest,
    /// All issues.
    All,
}
