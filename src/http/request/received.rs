//! A received request: all that is known of it from its arrival to its record.

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

/// The header of a request's id.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// A received request.
pub struct Received<'a> {
    pub id: String,
    pub progress: Progress,
    pub seen: SeenCaller,
    pub base: Base,
    /// The client's method, which may be HEAD.
    pub method: Method,
    pub uri: Uri,
    /// The operations of the path.
    pub known: &'a [Operation],
    /// The label of the path in the log and the metrics.
    pub route: &'a str,
    /// Whether the path is a page's.
    pub is_page: bool,
    /// Whether the request goes on when its client goes away or its time is over.
    pub goes_on: bool,
    /// The violations of its headers.
    pub unreadable: Vec<Violation>,
    pub coding: Option<Coding>,
    pub origin: Option<HeaderValue>,
    pub if_none_match: Option<String>,
    /// Whether a person looks at the response.
    pub is_browser: bool,
}

impl Received<'_> {
    /// Whether the request only reads.
    pub fn is_get(&self) -> bool {
        matches!(self.method, Method::GET | Method::HEAD)
    }
}
