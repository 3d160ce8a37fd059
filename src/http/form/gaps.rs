//! Gaps in posts, and the query parameter `gaps` that chooses what happens to them.

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

/// The choice that the parameter stands for.
pub fn gaps(parameter: Option<GapsParameter>) -> Gaps {
    match parameter {
        None => Gaps::default(),
        Some(GapsParameter::Skip) => Gaps::Skip,
        Some(GapsParameter::Withdraw) => Gaps::Withdraw,
    }
}

/// The choice of a request whose body is read before its parameters.
pub fn gaps_of(request: &Request) -> Gaps {
    let query = request.uri().query().unwrap_or_default();
    let named = url::form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "gaps");
    named.and_then(|(_, value)| Gaps::from_name(&value)).unwrap_or_default()
}
