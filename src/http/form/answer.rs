//! The results of operations: each names by its type the problems that it may respond with.
//!
//! What only the arguments of an operation can cause (no token, a body of the wrong type, a condition that fails) follows
//! from its arguments and is not repeated here.

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

/// The result of an operation: `T`, or a problem, which may be one of `P` besides those that every operation has.
pub type Answer<T, P = ()> = Result<T, Refusal<P>>;

/// An operation that needs a role, or reads what belongs to an organisation.
pub type Read<T> = Answer<T, Forbidden>;

/// An operation on something that it names.
pub type Find<T> = Answer<T, (Forbidden, NotFound)>;

/// An operation that creates something, whose name or id may be taken.
pub type Make<T> = Answer<T, (Forbidden, Conflict)>;

/// An operation that changes or deletes something that it names.
pub type Change<T> = Answer<T, (Forbidden, NotFound, Conflict)>;

/// Kinds of problems that not every operation has.
pub trait Problems {
    fn kinds() -> Vec<Kind>;
}

/// The caller may be forbidden to do it.
pub struct Forbidden;
/// The operation's subject may not exist.
pub struct NotFound;
/// Something else may be in the way.
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
        /// The kinds of problems that an operation has only if its type says so.
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

/// A problem in the response of an operation that may have the problems `P`.
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
