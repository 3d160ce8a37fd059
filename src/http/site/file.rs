//! Responses that contain files and pages.

use poem::{
    IntoResponse, Response,
    http::{StatusCode, header},
};
use sha2::{Digest, Sha256};

use crate::http::problem::{NOT_FOUND, Problem};

/// Returns the response 404 for a file that does not exist.
pub fn nothing(detail: &str) -> Response {
    Problem::new(NOT_FOUND, detail).into_response()
}

/// Returns an HTML page with the content security policy `policy`.
pub fn page(html: bytes::Bytes, policy: &str) -> Response {
    of("text/html; charset=utf-8", html)
        .with_header(header::CONTENT_SECURITY_POLICY, policy)
        .into_response()
}

/// Returns a file with a digest of its bytes as ETag. Browsers cache the file, and revalidate it at each use.
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
