//! Query parameter `gaps`, which selects the treatment of gaps in posted values: `null`, NaN and empty cells of CSV.

use poem::Request;
use poem_openapi::Enum;

use crate::domain::Gaps;

/// The query parameter.
#[derive(Debug, Clone, Copy, Enum)]
#[oai(rename_all = "lowercase")]
pub enum GapsParameter {
    /// Gaps are skipped.
    Skip,
    /// A gap withdraws the value that is there, and is skipped where nothing is there.
    Withdraw,
}

/// Returns the treatment of gaps that the parameter selects, or the default if it is absent.
pub fn gaps(parameter: Option<GapsParameter>) -> Gaps {
    match parameter {
        None => Gaps::default(),
        Some(GapsParameter::Skip) => Gaps::Skip,
        Some(GapsParameter::Withdraw) => Gaps::Withdraw,
    }
}

/// Returns the treatment of gaps that the query of a request selects, or the default if the parameter is absent or
/// unknown. Bodies need it, because the framework reads them before the parameters are validated.
pub fn gaps_of(request: &Request) -> Gaps {
    let query = request.uri().query().unwrap_or_default();
    let named = url::form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "gaps");
    named.and_then(|(_, value)| Gaps::from_name(&value)).unwrap_or_default()
}
