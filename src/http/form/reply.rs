//! Successful responses: functions that create them, and their descriptions in the API's document.

use poem::{
    IntoResponse, Response,
    http::{HeaderName, StatusCode, header},
};
use poem_openapi::{
    ApiResponse,
    registry::{MetaHeader, MetaMediaType, MetaResponse, MetaResponses, MetaSchemaRef, Registry},
    types::Type,
};
use serde::Serialize;

use super::numbers;

/// Media type of JSON.
pub const JSON: &str = "application/json";

/// Response 200 with a JSON body and without an ETag.
pub struct Plain<T>(pub T);

/// Response 204 without a body: the resource was deleted.
pub struct Deleted;

/// Response 201 with a new secret, which proxies and browsers must not store. It has no `Location`, because the
/// resource cannot be read at a path.
pub struct Issued<T>(pub T);

/// Name and description of the header `ETag`.
pub const ETAG: (&str, &str) = ("ETag", "The state of the resource, for If-Match and If-None-Match.");
/// Name and description of the header `Location`.
pub const LOCATION: (&str, &str) = ("Location", "The address of the new resource.");
/// Name and description of the header `Link`.
pub const LINK: (&str, &str) = (
    "Link",
    "Leads to the next page with rel=\"next\" (RFC 8288); absent on the last.",
);

/// Creates a response with a body of JSON.
pub fn json(status: StatusCode, body: Vec<u8>) -> Response {
    Response::builder().status(status).content_type(JSON).body(body)
}

/// Returns the body serialized as JSON.
pub fn bytes(body: &impl Serialize) -> Vec<u8> {
    numbers::json(body)
}

/// Sets a header of the response. Does nothing if the value contains characters that a header cannot have.
pub fn set(response: &mut Response, name: HeaderName, value: &str) {
    if let Ok(value) = value.parse() {
        response.headers_mut().insert(name, value);
    }
}

/// Returns the description of a response for the API's document. `schema` is the schema of its JSON body, or `None` if
/// it has no body. `headers` lists the names and descriptions of its headers.
pub fn meta(
    status: u16,
    description: &'static str,
    schema: Option<MetaSchemaRef>,
    headers: &[(&str, &str)],
) -> MetaResponse {
    let content = schema.map(|schema| MetaMediaType {
        content_type: JSON,
        schema,
    });
    MetaResponse {
        description,
        status: Some(status),
        status_range: None,
        content: content.into_iter().collect(),
        headers: headers.iter().map(header).collect(),
    }
}

fn header(&(name, description): &(&str, &str)) -> MetaHeader {
    MetaHeader {
        name: name.to_owned(),
        description: Some(description.to_owned()),
        required: name != LINK.0,
        deprecated: false,
        schema: String::schema_ref(),
    }
}

/// Implements `ApiResponse` for a response type. The arguments are the type, the type of its body, and an expression
/// for the list of possible responses.
macro_rules! api_response {
    ([$($generics:tt)*] $type:ty, $schema:ty, |$schema_ref:ident| $responses:expr) => {
        impl<$($generics)*> poem_openapi::ApiResponse for $type {
            fn meta() -> poem_openapi::registry::MetaResponses {
                let $schema_ref = <$schema as poem_openapi::types::Type>::schema_ref;
                poem_openapi::registry::MetaResponses { responses: $responses }
            }

            fn register(registry: &mut poem_openapi::registry::Registry) {
                <$schema as poem_openapi::types::Type>::register(registry);
            }
        }
    };
}

pub(crate) use api_response;

api_response!([T: Serialize + Type] Plain<T>, T, |schema| vec![
    meta(200, "The result.", Some(schema()), &[]),
]);
api_response!([T: Serialize + Type] Issued<T>, T, |schema| vec![
    meta(201, "Created.", Some(schema()), &[]),
]);

impl<T: Serialize + Send> IntoResponse for Plain<T> {
    fn into_response(self) -> Response {
        json(StatusCode::OK, bytes(&self.0))
    }
}

impl<T: Serialize + Send> IntoResponse for Issued<T> {
    fn into_response(self) -> Response {
        let mut response = json(StatusCode::CREATED, bytes(&self.0));
        set(&mut response, header::CACHE_CONTROL, "no-store");
        response
    }
}

impl IntoResponse for Deleted {
    fn into_response(self) -> Response {
        StatusCode::NO_CONTENT.into_response()
    }
}

impl ApiResponse for Deleted {
    fn meta() -> MetaResponses {
        MetaResponses {
            responses: vec![meta(204, "Deleted.", None, &[])],
        }
    }

    fn register(_: &mut Registry) {}
}
