//! Result types of operations. The type of an operation's result names the problems that the operation may respond
//! with.
//!
//! Problems that only the arguments can cause (no token, a body of the wrong media type, a failed precondition) follow
//! from the arguments and are not named here.

use std::marker::PhantomData;

use poem_openapi::{
    ApiResponse,
    registry::{MetaMediaType, MetaResponse, MetaResponses, Registry},
    types::Type,
};

use crate::{
    domain::Error,
    http::problem::{
        CONFLICT, CONTENT_TYPE, FORBIDDEN, KINDS, Kind, METHOD_NOT_ALLOWED, NOT_FOUND, Problem, ProblemBody,
    },
};

/// Result of an operation: `T`, or a problem. The problem is of a kind in `P`, or of a kind that every operation may
/// have.
pub type Answer<T, P = ()> = Result<T, Refusal<P>>;

/// Result of an operation that needs a role, or that reads resources of an organisation (problem 403).
pub type Read<T> = Answer<T, Forbidden>;

/// Result of an operation that reads a resource that the request names (problems 403 and 404).
pub type Find<T> = Answer<T, (Forbidden, NotFound)>;

/// Result of an operation that creates a resource, whose name or id may be taken (problems 403 and 409).
pub type Make<T> = Answer<T, (Forbidden, Conflict)>;

/// Result of an operation that changes or deletes a resource that the request names (problems 403, 404 and 409).
pub type Change<T> = Answer<T, (Forbidden, NotFound, Conflict)>;

/// Kinds of problems that only some operations have. Tuples combine several.
pub trait Problems {
    fn kinds() -> Vec<Kind>;
}

/// The caller may lack the permission (403).
pub struct Forbidden;
/// The resource may not exist (404).
pub struct NotFound;
/// The request may conflict with the state of the resource or with another resource (409).
pub struct Conflict;

impl Problems for () {
    fn kinds() -> Vec<Kind> {
        Vec::new()
    }
}

macro_rules! problems {
    ($($name:ident = $kind:ident),*) => {
        $(impl Problems for $name {
            fn kinds() -> Vec<Kind> {
                vec![$kind]
            }
        })*
        /// Kinds of problems that an operation documents only if its type names them.
        const BY_TYPE: &[Kind] = &[$($kind),*];
    };
}

problems!(Forbidden = FORBIDDEN, NotFound = NOT_FOUND, Conflict = CONFLICT);

impl<A: Problems, B: Problems> Problems for (A, B) {
    fn kinds() -> Vec<Kind> {
        [A::kinds(), B::kinds()].concat()
    }
}

impl<A: Problems, B: Problems, C: Problems> Problems for (A, B, C) {
    fn kinds() -> Vec<Kind> {
        [A::kinds(), B::kinds(), C::kinds()].concat()
    }
}

/// Problem of an operation that documents the kinds `P` in addition to the general ones.
pub struct Refusal<P>(Problem, PhantomData<fn() -> P>);

impl<P> From<Problem> for Refusal<P> {
    fn from(problem: Problem) -> Self {
        Self(problem, PhantomData)
    }
}

impl<P> From<Error> for Refusal<P> {
    fn from(error: Error) -> Self {
        Problem::from(error).into()
    }
}

impl<P> From<Refusal<P>> for poem::Error {
    fn from(refusal: Refusal<P>) -> Self {
        refusal.0.into()
    }
}

impl<P: Problems> ApiResponse for Refusal<P> {
    fn meta() -> MetaResponses {
        let named = P::kinds();
        let possible = |kind: &&Kind| **kind != METHOD_NOT_ALLOWED && (!BY_TYPE.contains(kind) || named.contains(kind));
        let response = |kind: &Kind| MetaResponse {
            description: kind.meaning,
            status: Some(kind.status),
            status_range: None,
            content: vec![MetaMediaType {
                content_type: CONTENT_TYPE,
                schema: ProblemBody::schema_ref(),
            }],
            headers: Vec::new(),
        };
        MetaResponses {
            responses: KINDS.iter().filter(possible).map(response).collect(),
        }
    }

    fn register(registry: &mut Registry) {
        ProblemBody::register(registry);
    }
}
