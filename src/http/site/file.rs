//! Responses that contain files and pages.

use poem::{
    IntoResponse, Response,
    http::{StatusCode, header},
};
use sha2::{Digest, Sha256};

use crate::http::{
    guard::compression::Kept,
    problem::{NOT_FOUND, Problem},
};

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

/// Large page or file that never changes, with a cache of its compressed bytes.
#[derive(Clone)]
pub struct Fixed {
    /// Uncompressed bytes.
    pub body: bytes::Bytes,
    kept: Kept,
}

impl Fixed {
    /// Creates a file that is cached.
    pub fn new(body: String) -> Self {
        Self {
            body: body.into(),
            kept: Kept::default(),
        }
    }

    /// Returns the response with the file.
    pub fn answer(&self, content_type: &str) -> Response {
        let mut response = of(content_type, self.body.clone());
        response.set_data(self.kept.clone());
        response
    }
}
