//! Properties of a received request that later steps need.

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

/// Header with the request id.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Properties of a received request, which stay available after the endpoint has consumed the request.
pub struct Received<'a> {
    /// Request id, which the client sent or the server generated.
    pub id: String,
    /// Id of the trace that the request belongs to, from the header `traceparent`. `None` if there is none.
    pub trace_id: Option<String>,
    /// Start and progress of the request, for its time limit and its duration.
    pub progress: Progress,
    /// Caller. Empty until the token has been validated.
    pub seen: SeenCaller,
    /// Base path and address of the server as the client sees them.
    pub base: Base,
    /// Method that the client sent. HEAD is served like GET.
    pub method: Method,
    /// Path and query, without the base path.
    pub uri: Uri,
    /// API operations at the path, one for each method. Empty if the path is not one of the API.
    pub known: &'a [Operation],
    /// Label of the path in the log and the metrics: the path template, or `none` if the path does not exist.
    pub route: &'a str,
    /// Whether the path is that of a page.
    pub is_page: bool,
    /// Whether the request continues when its client disconnects or its time limit has passed.
    pub goes_on: bool,
    /// Violations in the headers `If-Match` and `If-None-Match`.
    pub unreadable: Vec<Violation>,
    /// Content coding that the client prefers for the response. `None` if the client accepts no coding of the server.
    pub coding: Option<Coding>,
    /// Value of the `Origin` header: the origin of the web page that sends the request. `None` if there is none.
    pub origin: Option<HeaderValue>,
    /// Value of `If-None-Match`: the ETags of the responses that the client has cached. `None` if the header is absent.
    pub if_none_match: Option<String>,
    /// Whether `Accept` contains HTML, so that the client is probably a browser.
    pub is_browser: bool,
}

impl Received<'_> {
    /// Returns whether the method is GET or HEAD.
    pub fn is_get(&self) -> bool {
        matches!(self.method, Method::GET | Method::HEAD)
    }
}
