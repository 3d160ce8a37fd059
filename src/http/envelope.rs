//! What every request and answer has in common: the request's id, one line in the log, parameters held against the
//! document, problems, conditional answers, links to next pages, HEAD.

use std::{
    sync::{Arc, OnceLock},
    time::Instant,
};

use poem::{
    Endpoint, IntoResponse, Request, Response,
    error::{MethodNotAllowedError, NotFoundError, ParsePathError},
    http::{HeaderName, HeaderValue, Method, StatusCode, header},
};
use poem_openapi::error::{
    AuthorizationError, ContentTypeError, ParseParamError, ParsePathError as ParsePathParamError,
};
use uuid::Uuid;

use super::{
    Context, Demo,
    auth::{no_token, require},
    condition,
    problem::{
        BAD_REQUEST, INTERNAL, METHOD_NOT_ALLOWED, NOT_FOUND, Problem, UNSUPPORTED_MEDIA_TYPE,
    },
    reply::NextPage,
};
use crate::domain::{Caller, Error, Violation};

/// The header of a request's id.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The longest id that is taken from a client.
const MAX_REQUEST_ID: usize = 128;

/// Who called, for the log: set when the token is checked.
#[derive(Clone, Default)]
pub struct SeenCaller(Arc<OnceLock<String>>);

impl SeenCaller {
    /// Notes who called.
    pub fn set(&self, caller: &Caller) {
        let _ = self.0.set(caller.name.to_string());
    }
}

/// Answers a request by `endpoint`, in the form that all answers have.
pub async fn answer(
    endpoint: Arc<impl Endpoint<Output = Response>>,
    context: Context,
    mut request: Request,
) -> Response {
    let started = Instant::now();
    let id = request_id(&request);
    let seen = SeenCaller::default();
    request.set_data(seen.clone());
    request.set_data(context.clone());
    let method = request.method().clone();
    if method == Method::HEAD {
        request.set_method(Method::GET);
    }
    if let Some(demo) = &context.demo {
        let_visit(demo, &mut request);
    }
    let uri = request.uri().clone();
    let readable = join_conditions(&mut request);
    let if_none_match = request.header(header::IF_NONE_MATCH).map(str::to_owned);
    let checked = readable.and_then(|()| check(&context, &request));
    let result = match checked {
        Ok(()) => endpoint.call(request).await,
        Err(problem) => Err(problem.into()),
    };
    let mut response = result.unwrap_or_else(|error| {
        if error.is::<ContentTypeError>() {
            return unsupported(&context, &uri, &method).into_response();
        }
        problem_of(error).into_response()
    });
    if let Some(problem) = response.data::<Problem>() {
        response = problem.clone().render(&id);
    }
    if let Some(NextPage(cursor)) = response.data::<NextPage>() {
        let link = next_link(&uri, cursor);
        set(&mut response, header::LINK, &link);
    }
    let is_get = matches!(method, Method::GET | Method::HEAD);
    if is_get
        && response.is_ok()
        && condition::is_known(if_none_match.as_deref(), response.headers())
    {
        response.set_status(StatusCode::NOT_MODIFIED);
        response.set_body(());
        response.headers_mut().remove(header::CONTENT_TYPE);
    }
    set(&mut response, REQUEST_ID, &id);
    tracing::info!(
        request_id = id,
        method = %method,
        path = uri.path(),
        status = response.status().as_u16(),
        milliseconds = started.elapsed().as_secs_f64() * 1e3,
        token = seen.0.get().map(String::as_str),
        "request"
    );
    response
}

/// Gives a request that only reads, and comes without a token, the visitor's.
fn let_visit(demo: &Demo, request: &mut Request) {
    let is_bare = !request.headers().contains_key(header::AUTHORIZATION);
    if is_bare
        && *request.method() == Method::GET
        && let Ok(visitor) = HeaderValue::from_str(&format!("Bearer {}", demo.visitor))
    {
        request.headers_mut().insert(header::AUTHORIZATION, visitor);
    }
}

/// Makes one line of each condition: a header may come in several. One that cannot be read is refused, since to pass
/// over it would take the guard away.
fn join_conditions(request: &mut Request) -> Result<(), Problem> {
    for name in [header::IF_MATCH, header::IF_NONE_MATCH] {
        let unreadable = || {
            let detail = "holds characters that no ETag of this server has";
            Problem::from(Error::bad_parameter(name.as_str(), detail))
        };
        let lines = request.headers().get_all(&name).iter();
        let lines: Vec<_> = lines
            .map(HeaderValue::to_str)
            .collect::<Result<_, _>>()
            .map_err(|_| unreadable())?;
        if lines.len() > 1 {
            let joined = HeaderValue::from_str(&lines.join(", ")).map_err(|_| unreadable())?;
            request.headers_mut().insert(&name, joined);
        }
    }
    Ok(())
}

/// Holds the request's method and parameters against the document. A token is asked for first, where one is needed.
fn check(context: &Context, request: &Request) -> Result<(), Problem> {
    let path = request.uri().path();
    let known = context.document.operations().at(path);
    if known.is_empty() {
        return Ok(());
    }
    let Some(operation) = known
        .iter()
        .find(|operation| operation.method == request.method().as_str())
    else {
        let methods: Vec<_> = known.iter().map(|known| known.method.as_str()).collect();
        return Err(method_not_allowed(request.method(), path, &methods));
    };
    let query = match request.params::<Vec<(String, String)>>() {
        Ok(query) => query,
        Err(_) if request.uri().query().is_none() => Vec::new(),
        Err(error) => {
            return Err(Problem::new(
                BAD_REQUEST,
                format!("the query cannot be read: {error}"),
            ));
        }
    };
    let violations = operation.violations(path, &query);
    if violations.is_empty() {
        return Ok(());
    }
    if operation.is_secured {
        require(request)?;
    }
    Err(Error::BadParameter(violations).into())
}

fn method_not_allowed(method: &Method, path: &str, known: &[&str]) -> Problem {
    let mut allowed = known.to_vec();
    if allowed.contains(&"GET") {
        allowed.push("HEAD");
    }
    let allowed = allowed.join(", ");
    let is_change = matches!(*method, Method::PUT | Method::PATCH);
    let detail = if is_change && path.starts_with("/api/v1/source_versions/") {
        "source versions are immutable: publish a new one with POST /api/v1/source_versions"
            .to_owned()
    } else {
        format!("{path} knows {allowed}")
    };
    let problem = Problem::new(METHOD_NOT_ALLOWED, detail);
    match HeaderValue::from_str(&allowed) {
        Ok(allowed) => problem.with_header(header::ALLOW, allowed),
        Err(_) => problem,
    }
}

/// The answer that the framework's error stands for.
fn problem_of(error: poem::Error) -> Response {
    // Answers that come as errors, such as a file's 304, stay as they are.
    if error.is_from_response() || error.status().as_u16() < 400 {
        return error.into_response();
    }
    let problem = if error.is::<AuthorizationError>() {
        no_token()
    } else if let Some(error) = error.downcast_ref::<ParseParamError>() {
        parameter(error.name, &error.reason)
    } else if let Some(error) = error.downcast_ref::<ParsePathParamError>() {
        parameter("id", &error.reason)
    } else if error.is::<NotFoundError>() || error.is::<ParsePathError>() {
        Problem::new(
            NOT_FOUND,
            "there is nothing at this path: see /swagger and /docs",
        )
    } else if error.is::<MethodNotAllowedError>() {
        Problem::new(METHOD_NOT_ALLOWED, "this path is only for GET")
            .with_header(header::ALLOW, HeaderValue::from_static("GET, HEAD"))
    } else if error.status().is_client_error() {
        Problem::new(BAD_REQUEST, error.to_string())
    } else {
        tracing::error!(%error, "a request failed");
        Problem::new(
            INTERNAL,
            "the server failed at this request; its log has the request_id",
        )
    };
    problem.into_response()
}

/// The problem of a body in a form that the operation does not take.
fn unsupported(context: &Context, uri: &poem::http::Uri, method: &Method) -> Problem {
    let known = context.document.operations().at(uri.path());
    let taken: Vec<_> = known
        .iter()
        .filter(|operation| operation.method == method.as_str())
        .flat_map(|operation| operation.body_types.iter().map(String::as_str))
        .collect();
    let taken = taken.join(" or ");
    Problem::new(
        UNSUPPORTED_MEDIA_TYPE,
        format!("the body must have Content-Type: {taken}"),
    )
}

fn parameter(name: &str, reason: &str) -> Problem {
    let violation = Violation::of_parameter(name, format!("cannot be read: {reason}"));
    Error::BadParameter(vec![violation]).into()
}

/// The client's id of the request if it is usable, else a new one.
fn request_id(request: &Request) -> String {
    let given = request.header(REQUEST_ID).filter(|id| {
        (1..=MAX_REQUEST_ID).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic())
    });
    given.map_or_else(|| Uuid::new_v4().to_string(), str::to_owned)
}

/// The same request with the next page's cursor.
fn next_link(uri: &poem::http::Uri, cursor: &str) -> String {
    let mut query: Vec<_> = uri
        .query()
        .unwrap_or_default()
        .split('&')
        .filter(|part| !part.is_empty() && !part.starts_with("cursor="))
        .map(str::to_owned)
        .collect();
    query.push(format!("cursor={cursor}"));
    format!("<{}?{}>; rel=\"next\"", uri.path(), query.join("&"))
}

fn set(response: &mut Response, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
}
