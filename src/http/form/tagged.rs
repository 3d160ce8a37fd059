//! Responses that contain rows of values, with an ETag.

use poem::{Body, IntoResponse, Response, http::header};
use poem_openapi::{
    ApiResponse,
    registry::{MetaResponses, Registry},
    types::Type,
};
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::{
    reply::{meta, set},
    table::Table,
};

/// Name and description of the header `ETag` of rows.
const ETAG: (&str, &str) = ("ETag", "The digest of the response, for If-None-Match.");

/// Response 200 with a page of values and an ETag, which is a digest of the body. It spares the client the same answer,
/// and not the server its work.
pub struct Tagged<R, S> {
    table: Table<R, S>,
    tag: String,
}

impl<R, S> Tagged<R, S> {
    /// Creates a response. `table` returns the page with its body.
    pub fn new(body: Vec<u8>, table: impl FnOnce(Body) -> Table<R, S>) -> Self {
        let digest = Sha256::digest(&body);
        let digits: String = digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
        Self {
            table: table(body.into()),
            tag: format!("\"{digits}\""),
        }
    }
}

impl<R: Send, S: Serialize + Send> IntoResponse for Tagged<R, S> {
    fn into_response(self) -> Response {
        let mut response = self.table.into_response();
        set(&mut response, header::ETAG, &self.tag);
        response
    }
}

impl<R: Type, S: Type> ApiResponse for Tagged<R, S> {
    fn meta() -> MetaResponses {
        let mut responses = Table::<R, S>::meta();
        for response in &mut responses.responses {
            response.headers.append(&mut meta(200, "", None, &[ETAG]).headers);
        }
        responses
    }

    fn register(registry: &mut Registry) {
        Table::<R, S>::register(registry);
    }
}
