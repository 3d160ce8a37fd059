//! Query parameter `gaps`, which selects the treatment of gaps in posts.

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

/// Returns the treatment that the parameter selects.
pub fn gaps(parameter: Option<GapsParameter>) -> Gaps {
    match parameter {
        None => Gaps::default(),
        Some(GapsParameter::Skip) => Gaps::Skip,
        Some(GapsParameter::Withdraw) => Gaps::Withdraw,
    }
}

/// Returns the treatment that a request selects, for bodies that are read before the parameters.
pub fn gaps_of(request: &Request) -> Gaps {
    let query = request.uri().query().unwrap_or_default();
    let named = url::form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "gaps");
    named.and_then(|(_, value)| Gaps::from_name(&value)).unwrap_or_default()
}
