//! A received request, with everything that later steps need.

use poem::http::{HeaderName, HeaderValue, Method, Uri};

use crate::{
    domain::Violation,
    http::{
        base::Base,
        context::SeenCaller,
        document::operations::Operation,
        guard::{coding::Coding, pace::Progress},
    },
};

/// Header with a request's id.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Received request.
pub struct Received<'a> {
    /// Id of the request, from the client or generated.
    pub id: String,
    /// Time that the request has taken.
    pub progress: Progress,
    /// Caller, once its token is checked.
    pub seen: SeenCaller,
    /// Path and address of the server as the client sees it.
    pub base: Base,
    /// Method of the client, which may be HEAD.
    pub method: Method,
    /// Path and query, without the base path.
    pub uri: Uri,
    /// Operations of the path.
    pub known: &'a [Operation],
    /// Label of the path in the log and the metrics.
    pub route: &'a str,
    /// Whether the path is that of a page.
    pub is_page: bool,
    /// Whether the request continues when its client disconnects or its time is over.
    pub goes_on: bool,
    /// Violations in its headers.
    pub unreadable: Vec<Violation>,
    /// Coding that the client prefers for the response.
    pub coding: Option<Coding>,
    /// Origin of the page that sends the request.
    pub origin: Option<HeaderValue>,
    /// ETags of the states that the client has.
    pub if_none_match: Option<String>,
    /// Whether a person reads the response in a browser.
    pub is_browser: bool,
}

impl Received<'_> {
    /// Returns whether the request only reads.
    pub fn is_get(&self) -> bool {
        matches!(self.method, Method::GET | Method::HEAD)
    }
}
