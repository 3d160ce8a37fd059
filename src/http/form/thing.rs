//! Responses that contain a single resource, with its ETag and its address.

use poem::{
    IntoResponse, Response,
    http::{StatusCode, header},
};
use poem_openapi::types::Type;
use serde::Serialize;
use uuid::Uuid;

use super::reply::{ETAG, LOCATION, api_response, bytes, json, meta, set};
use crate::domain::patch::{digest_of, state_tag};

/// Resource that has an address and an ETag. Each resource implements the trait next to its operations.
pub trait Thing: Serialize + Type + Sized {
    /// Path of the collection that contains the resource, such as `/api/v1/sensors`.
    const PATH: &'static str;
    /// Returns the id of the resource.
    fn id(&self) -> Uuid;
    /// Returns the number of the resource's state. It begins at a random number and increases with each change.
    fn revision(&self) -> i64;
    /// Returns the body that a GET would return, if `self` contains more, such as a secret. `None` if a GET returns the
    /// same body.
    fn state(&self) -> Option<&impl Serialize> {
        None::<&Self>
    }
}

/// Implements [`Thing`] for a type with an `id` and a `revision`, which may be in one of its members.
macro_rules! thing {
    ($type:ty, $path:literal $(, $member:ident)?) => {
        impl $crate::http::form::thing::Thing for $type {
            const PATH: &'static str = $path;

            fn id(&self) -> uuid::Uuid {
                self$(.$member)?.id
            }

            fn revision(&self) -> i64 {
                self$(.$member)?.revision
            }
        }
    };
}

pub(crate) use thing;

/// Response 200 with one resource and its ETag.
pub struct Found<T>(pub T);

/// Response 201 with a new resource, its ETag and its address in `Location`.
pub struct Created<T>(pub T);

api_response!([T: Thing] Found<T>, T, |schema| vec![
    meta(200, "The resource in its current state.", Some(schema()), &[ETAG]),
]);
api_response!([T: Thing] Created<T>, T, |schema| vec![
    meta(201, "Created.", Some(schema()), &[ETAG, LOCATION]),
]);

impl<T: Thing> IntoResponse for Found<T> {
    fn into_response(self) -> Response {
        tagged(StatusCode::OK, &self.0)
    }
}

impl<T: Thing + Send> IntoResponse for Created<T> {
    fn into_response(self) -> Response {
        let mut response = tagged(StatusCode::CREATED, &self.0);
        let location = format!("{}/{}", T::PATH, self.0.id());
        set(&mut response, header::LOCATION, &location);
        response
    }
}

/// Creates a response with one resource and its ETag. The ETag depends on the id, the revision and a digest of the
/// body, so that it also changes with values that are derived when the resource is read.
fn tagged(status: StatusCode, thing: &impl Thing) -> Response {
    let body = bytes(thing);
    let state = thing.state().map(bytes);
    let digest = digest_of(state.as_ref().unwrap_or(&body));
    let tag = state_tag(thing.id(), thing.revision(), digest);
    let mut response = json(status, body);
    let tag = format!("\"{tag}\"");
    set(&mut response, header::ETAG, &tag);
    if state.is_some() {
        // A secret is shown once, and must not be stored by proxies or browsers.
        set(&mut response, header::CACHE_CONTROL, "no-store");
    }
    response
}
