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
    pub id: String,
    pub progress: Progress,
    pub seen: SeenCaller,
    pub base: Base,
    /// Method of the client, which may be HEAD.
    pub method: Method,
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
    pub coding: Option<Coding>,
    pub origin: Option<HeaderValue>,
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
