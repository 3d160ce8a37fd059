//! First step of a request: reads the headers and the path, and prepares the request for its operation.

use poem::{
    Request,
    http::{HeaderValue, Method, header},
};
use uuid::Uuid;

use super::{
    received::{REQUEST_ID, Received},
    validate,
};
use crate::http::{
    base::Base,
    context::{Context, SeenCaller},
    guard::{
        coding::Coding,
        pace::{Progress, paced},
        share::Held,
    },
    options::Demo,
    site::pages,
};

/// Header with the trace that a request belongs to.
const TRACE_PARENT: &str = "traceparent";

/// Maximum length of a request id that the client sends, in bytes.
const MAX_REQUEST_ID: usize = 128;

/// Label, in the log and the metrics, of requests to paths that do not exist.
const NOTHING: &str = "none";

/// Maximum size in bytes of a body whose request is cancelled when the client disconnects. Requests with larger bodies
/// continue.
const SMALL_BODY: u64 = 16 * 1024;

/// Reads the parts that all requests have, and prepares the request for its endpoint: removes the base path, adds the
/// data that operations need, turns HEAD into GET, and wraps the body with its time limit.
pub fn receive<'a>(context: &'a Context, request: &mut Request) -> Received<'a> {
    let progress = Progress::begin();
    let (id, seen) = (request_id(request), SeenCaller::default());
    let base = Base::of(request, &context.proxies, context.is_encrypted);
    base.strip(request);
    request.set_data(base.clone());
    request.set_data(seen.clone());
    request.set_data(context.clone());
    request.set_data(progress.clone());
    let method = request.method().clone();
    if method == Method::HEAD {
        request.set_method(Method::GET);
    }
    if let Some(demo) = &context.demo {
        let_visit(demo, request);
    }
    let body = request.take_body();
    let goes_on = !body.is_empty() && goes_on(request);
    if !body.is_empty() {
        request.set_data(Held::default());
        request.set_body(paced(body, context.limits.body, progress.clone()));
    }
    validate::normalise_query(request);
    validate::resolve_times(request, &context.app);
    let unreadable = validate::join_conditions(request);
    let uri = request.uri().clone();
    let known = context.document.operations().at(uri.path());
    let page = context.pages.of(uri.path()).filter(|_| known.is_empty());
    Received {
        id,
        trace_id: trace_id(request),
        progress,
        seen,
        base,
        method,
        known,
        route: known.first().map_or(page.unwrap_or(NOTHING), |known| &known.path),
        is_page: page.is_some(),
        goes_on,
        unreadable,
        coding: Coding::asked(request.headers()),
        origin: request.headers().get(header::ORIGIN).cloned(),
        if_none_match: request.header(header::IF_NONE_MATCH).map(str::to_owned),
        is_browser: pages::takes_html(request.headers()),
        uri,
    }
}

/// Returns the request id that the client sent, if it is valid, and otherwise a new one.
fn request_id(request: &Request) -> String {
    let given = request
        .header(REQUEST_ID)
        .filter(|id| (1..=MAX_REQUEST_ID).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic()));
    given.map_or_else(|| Uuid::new_v4().to_string(), str::to_owned)
}

/// Returns the trace id in the header `traceparent`, as the W3C's recommendation "Trace Context" defines it:
/// `00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01`. Later versions may have further parts. Returns `None` if
/// the header is absent or invalid.
fn trace_id(request: &Request) -> Option<String> {
    let is_hex =
        |part: &str, length| part.len() == length && part.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    let is_id = |part: &str, length| is_hex(part, length) && part.bytes().any(|byte| byte != b'0');
    let mut parts = request.header(TRACE_PARENT)?.split('-');
    let (version, trace, parent, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let is_whole = version != "00" || parts.next().is_none();
    let is_valid = is_hex(version, 2) && version != "ff" && is_id(parent, 16) && is_hex(flags, 2);
    (is_valid && is_whole && is_id(trace, 32)).then(|| trace.to_owned())
}

/// Returns whether a request with a body continues when its client disconnects or its time limit has passed. This is
/// the case if the body is large or its size is unknown: it may be waiting for the database writer, and must count
/// towards the memory limit as long as it is in memory.
fn goes_on(request: &Request) -> bool {
    let length = request.header(header::CONTENT_LENGTH);
    let length = length.and_then(|length| length.parse::<u64>().ok());
    length.is_none_or(|length| length > SMALL_BODY)
}

/// Adds the token of the demo's visitors to a GET request without a token.
fn let_visit(demo: &Demo, request: &mut Request) {
    let is_bare = !request.headers().contains_key(header::AUTHORIZATION);
    if is_bare
        && *request.method() == Method::GET
        && let Ok(visitor) = HeaderValue::from_str(&format!("Bearer {}", demo.visitor))
    {
        request.headers_mut().insert(header::AUTHORIZATION, visitor);
    }
}
