//! Conditional requests (RFC 9110, section 13): `If-Match` guards changes, `If-None-Match` saves answers.

use poem::http::{HeaderMap, header};

use super::coding::plain_tag;
use crate::domain::patch::Expected;

/// Returns the state that a PUT or DELETE is meant for. An ETag that this server has not sent fits no state, and a weak one never
/// matches (RFC 9110, section 13.1.1).
pub fn expected(if_match: Option<&str>) -> Expected {
    match if_match.map(str::trim) {
        None | Some("*") => Expected::Any,
        Some(tags) => Expected::Tags(tags.split(',').filter_map(strong).collect()),
    }
}

/// Whether `If-None-Match` names the answer that these headers are of.
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

/// The tag of the uncompressed state that a strong ETag is of.
fn strong(tag: &str) -> Option<String> {
    let tag = tag.trim();
    tag.strip_suffix('"')?;
    Some(plain_tag(tag.strip_prefix('"')?).to_owned())
}
