//! Responses with files and pages.

use poem::{
    IntoResponse, Response,
    http::{StatusCode, header},
};
use sha2::{Digest, Sha256};

use crate::http::problem::{NOT_FOUND, Problem};

/// There is no such file.
pub fn nothing(detail: &str) -> Response {
    Problem::new(NOT_FOUND, detail).into_response()
}

/// A page, and what a browser may do on it.
pub fn page(html: bytes::Bytes, policy: &str) -> Response {
    of("text/html; charset=utf-8", html)
        .with_header(header::CONTENT_SECURITY_POLICY, policy)
        .into_response()
}

/// A file, with a digest of it as its ETag: browsers keep it, and ask each time whether it is still the same.
pub fn of(content_type: &str, body: bytes::Bytes) -> Response {
    let digest = Sha256::digest(&body);
    let short = digest.first_chunk().map_or(0, |bytes| u64::from_be_bytes(*bytes));
    Response::builder()
        .status(StatusCode::OK)
        .content_type(content_type)
        .header(header::ETAG, format!("\"{short:016x}\""))
        .header(header::CACHE_CONTROL, "no-cache")
        .body(body)
}
