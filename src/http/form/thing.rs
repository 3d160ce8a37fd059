//! Responses with a single thing: its ETag, and where it is.

use poem::{
    IntoResponse, Response,
    http::{StatusCode, header},
};
use poem_openapi::types::Type;
use serde::Serialize;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::reply::{ETAG, LOCATION, api_response, bytes, json, meta, set};
use crate::domain::patch::{first_64_bits, state_tag};

/// A single thing: where it is and which state it is in. Each resource implements it beside its operations.
pub trait Thing: Serialize + Type + Sized {
    /// The path of its kind.
    const PATH: &'static str;
    /// Its id.
    fn id(&self) -> Uuid;
    /// Counts its changes, from a random start.
    fn revision(&self) -> i64;
    /// The body of a GET, if this response shows more.
    fn state(&self) -> Option<&impl Serialize> {
        None::<&Self>
    }
}

/// Implements [`Thing`] for a type with an `id` and a `revision`, which may stand within one of its members.
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

/// 200 with one thing and its ETag.
pub struct Found<T>(pub T);

/// 201 with a new thing, its ETag and where it is.
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

/// One thing with its ETag, which also changes with what is derived when the thing is read.
fn tagged(status: StatusCode, thing: &impl Thing) -> Response {
    let body = bytes(thing);
    let state = thing.state().map(bytes);
    let digest = Sha256::digest(state.as_ref().unwrap_or(&body));
    let tag = state_tag(thing.id(), thing.revision(), first_64_bits(&digest));
    let mut response = json(status, body);
    let tag = format!("\"{tag}\"");
    set(&mut response, header::ETAG, &tag);
    if state.is_some() {
        // What is shown once must not be stored by anyone in between.
        set(&mut response, header::CACHE_CONTROL, "no-store");
    }
    response
}
