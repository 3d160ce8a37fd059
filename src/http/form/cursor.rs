//! Opaque cursors, which identify the pages of a list.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use poem::http::Uri;
use serde::{Serialize, de::DeserializeOwned};
use sha2::{Digest, Sha256};
use url::form_urlencoded;
use uuid::Uuid;

use crate::{
    domain::{Error, Page, page::DEFAULT_LIMIT},
    http::problem::Problem,
};

/// Number of bytes of a list's digest in a cursor.
const LIST: usize = 8;

/// Number of bytes of a cursor's checksum.
const CHECKSUM: usize = 4;

/// Returns the default `limit` of a list.
pub fn default_limit() -> u64 {
    DEFAULT_LIMIT as u64
}

/// Converts the parameters `limit` and `cursor` of a list to a page.
///
/// # Errors
/// 400 if the cursor cannot be decoded.
pub fn page(limit: u64, cursor: Option<&str>) -> Result<Page, Problem> {
    Ok(Page {
        after: cursor.map(decode).transpose()?,
        limit: rows(limit),
    })
}

/// Converts the parameter `limit` to a number of rows.
pub fn rows(limit: u64) -> usize {
    usize::try_from(limit).unwrap_or(usize::MAX)
}

/// Returns the position after a row as JSON. `key` identifies the row in the order of the list. [`seal`] turns the
/// position into a cursor.
pub fn encode(key: &impl Serialize) -> String {
    serde_json::to_string(key).unwrap_or_default()
}

/// Returns the position in a cursor that [`check`] has accepted.
///
/// # Errors
/// 400 if the cursor cannot be decoded.
pub fn decode<T: DeserializeOwned>(cursor: &str) -> Result<T, Problem> {
    let (_, position) = open(cursor)?;
    serde_json::from_str(&position).map_err(|_| unreadable())
}

/// Returns the cursor for a position in the list that the request reads. A cursor consists of a digest of the list, a
/// checksum and the position, in Base64.
pub fn seal(position: &str, uri: &Uri, organisation_id: Option<Uuid>) -> String {
    let list = digest_of_list(uri, organisation_id);
    let mut bytes = [&list[..], &checksum(&list, position)].concat();
    bytes.extend(position.as_bytes());
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Validates the parameter `cursor` of a request, if it is present.
///
/// # Errors
/// 400 if the cursor is damaged, or was issued for a list with another path, other filters or another organisation.
pub fn check(uri: &Uri, organisation_id: Option<Uuid>) -> Result<(), Problem> {
    let Some((_, cursor)) = parameters(uri).find(|(name, _)| name == "cursor") else {
        return Ok(());
    };
    let (list, _) = open(&cursor)?;
    if list != digest_of_list(uri, organisation_id) {
        let detail = "belongs to another list or other filters: leave it out to begin at the first page";
        return Err(Error::bad_parameter("cursor", detail).into());
    }
    Ok(())
}

/// Returns the list's digest and the position in a cursor.
///
/// # Errors
/// 400 if the cursor is damaged.
fn open(cursor: &str) -> Result<([u8; LIST], String), Problem> {
    let bytes = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| unreadable())?;
    let parts = bytes
        .split_first_chunk()
        .and_then(|(list, rest)| Some((*list, rest.split_first_chunk()?)));
    let Some((list, (sum, position))) = parts else {
        return Err(unreadable());
    };
    let position = str::from_utf8(position).map_err(|_| unreadable())?;
    if *sum != checksum(&list, position) {
        return Err(unreadable());
    }
    Ok((list, position.to_owned()))
}

/// Returns a digest that identifies a list: its path, its filters in any order, and the caller's organisation.
fn digest_of_list(uri: &Uri, organisation_id: Option<Uuid>) -> [u8; LIST] {
    let mut filters: Vec<_> = parameters(uri)
        .filter(|(name, _)| name != "cursor" && name != "limit")
        .collect();
    filters.sort_unstable();
    let list = serde_json::to_vec(&(uri.path(), filters, organisation_id)).unwrap_or_default();
    first(&Sha256::digest(list))
}

fn checksum(list: &[u8], position: &str) -> [u8; CHECKSUM] {
    first(&Sha256::digest([list, position.as_bytes()].concat()))
}

fn first<const N: usize>(digest: &[u8]) -> [u8; N] {
    digest.first_chunk().copied().unwrap_or([0; N])
}

fn parameters(uri: &Uri) -> form_urlencoded::Parse<'_> {
    form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes())
}

fn unreadable() -> Problem {
    let detail = "is no cursor of this list: take it from the Link header of the page before";
    Error::bad_parameter("cursor", detail).into()
}
