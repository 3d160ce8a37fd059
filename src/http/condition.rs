//! Conditional requests (RFC 9110, section 13): `If-Match` guards changes, `If-None-Match` saves answers.

use poem::http::{HeaderMap, header};

use super::compression::plain_tag;
use crate::domain::patch::Expected;

/// Which state a PUT or DELETE is meant for. An ETag that is none of ours fits no state.
pub fn expected(if_match: Option<&str>) -> Expected {
    match if_match.map(str::trim) {
        None | Some("*") => Expected::Any,
        Some(tags) => Expected::Revisions(tags.split(',').filter_map(revision).collect()),
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

fn revision(tag: &str) -> Option<i64> {
    let tag = tag.trim().strip_prefix('"')?.strip_suffix('"')?;
    tag.split_once('-')?.0.parse().ok()
}
