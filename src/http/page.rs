//! Pages of lists: the opaque cursor.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Serialize, de::DeserializeOwned};

use super::problem::Problem;
use crate::domain::{Error, Page, page::DEFAULT_LIMIT};

/// What a list's `limit` is unless it is given.
pub fn default_limit() -> u64 {
    DEFAULT_LIMIT as u64
}

/// The page of a list of things.
pub fn page(limit: u64, cursor: Option<&str>) -> Result<Page, Problem> {
    Ok(Page {
        after: cursor.map(decode).transpose()?,
        limit: rows(limit),
    })
}

/// The limit as a number of rows.
pub fn rows(limit: u64) -> usize {
    usize::try_from(limit).unwrap_or(usize::MAX)
}

/// The cursor behind a row.
pub fn encode(key: &impl Serialize) -> String {
    URL_SAFE_NO_PAD.encode(serde_json::to_vec(key).unwrap_or_default())
}

/// The row that a cursor is behind.
pub fn decode<T: DeserializeOwned>(cursor: &str) -> Result<T, Problem> {
    let key = URL_SAFE_NO_PAD
        .decode(cursor)
        .ok()
        .and_then(|bytes| serde_json::from_slice(&bytes).ok());
    key.ok_or_else(|| {
        let detail = "is no cursor of this list: take it from the Link header of the page before";
        Error::bad_parameter("cursor", detail).into()
    })
}
