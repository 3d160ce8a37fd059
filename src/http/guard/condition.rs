//! Conditional requests (RFC 9110, section 13). `If-Match` protects against lost updates. `If-None-Match` avoids
//! sending a response that the client already has.

use poem::http::{HeaderMap, header};

use super::coding::plain_tag;
use crate::domain::patch::Expected;

/// Returns the states that `If-Match` allows a PUT or DELETE to change. Without the header, or with `*`, any state is
/// allowed. An ETag that this server has not sent matches no state, and a weak ETag never matches (RFC 9110, section
/// 13.1.1).
pub fn expected(if_match: Option<&str>) -> Expected {
    match if_match.map(str::trim) {
        None | Some("*") => Expected::Any,
        Some(tags) => Expected::Tags(tags.split(',').filter_map(strong).collect()),
    }
}

/// Returns whether `If-None-Match` contains the ETag in the response headers `answer`, or `*`. Returns `false` if the
/// response has no ETag.
pub fn is_known(if_none_match: Option<&str>, answer: &HeaderMap) -> bool {
    let Some(tag) = answer.get(header::ETAG).and_then(|tag| tag.to_str().ok()) else {
        return false;
    };
    if_none_match.is_some_and(|known| {
        known
            .split(',')
            .any(|known| known.trim() == "*" || plain_tag(known) == plain_tag(tag))
    })
}

/// Returns a strong ETag without its quotes and the suffix of its coding. Returns `None` if the ETag is weak or not
/// quoted.
fn strong(tag: &str) -> Option<String> {
    let tag = tag.trim();
    tag.strip_suffix('"')?;
    Some(plain_tag(tag.strip_prefix('"')?).to_owned())
}
