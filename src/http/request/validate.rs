//! Validation of a request before its operation is called.

use poem::{
    Request,
    http::{HeaderValue, Method, header},
};
use url::form_urlencoded;

use super::received::Received;
use crate::{
    domain::{Error, Violation, spelling::normal},
    http::{
        context::OnlyProbes,
        document::operations::Operation,
        form::auth::required,
        problem::{BAD_REQUEST, METHOD_NOT_ALLOWED, Problem, UNAVAILABLE, UNSUPPORTED_MEDIA_TYPE},
    },
    service::{App, relative_time},
};

/// Joins the lines of `If-Match`, and those of `If-None-Match`, into one, because a header may be sent in several
/// lines. Returns a violation for each of the two headers that cannot be read, since ignoring it would disable the
/// check.
pub fn join_conditions(request: &mut Request) -> Vec<Violation> {
    let mut unreadable = Vec::new();
    for name in [header::IF_MATCH, header::IF_NONE_MATCH] {
        let lines = request.headers().get_all(&name).iter();
        let lines: Result<Vec<_>, _> = lines.map(HeaderValue::to_str).collect();
        let joined = lines
            .ok()
            .map(|lines| (lines.len(), HeaderValue::from_str(&lines.join(", "))));
        match joined {
            Some((0 | 1, _)) => {}
            Some((_, Ok(joined))) => {
                request.headers_mut().insert(&name, joined);
            }
            _ => {
                let detail = "holds characters that no ETag of this server has";
                unreadable.push(Violation::of_parameter(name.as_str(), detail));
            }
        }
    }
    unreadable
}

/// Paths that are also served on connections that are reserved for monitoring.
const PROBES: [&str; 3] = ["/livez", "/readyz", "/metrics"];

/// Checks that a request on a connection that is reserved for monitoring is a health check or reads the metrics.
///
/// # Errors
/// 503 if it is another request.
pub fn may_ask(request: &Request) -> Result<(), Problem> {
    if request.data::<OnlyProbes>().is_none() || PROBES.contains(&request.uri().path()) {
        return Ok(());
    }
    let detail = "as many connections are open as the server allows, and all of them have a request under way: try \
                  again shortly";
    Err(Problem::new(UNAVAILABLE, detail).with_header(header::RETRY_AFTER, HeaderValue::from_static("5")))
}

/// Normalises the values in the query to Unicode NFC. Names are stored in this form, so that a name is found however it
/// was typed.
pub fn normalise_query(request: &mut Request) {
    let Some(query) = request.uri().query() else {
        return;
    };
    if query.bytes().all(|byte| byte.is_ascii() && byte != b'%') {
        return;
    }
    change_query(request, |_, value| normal(value));
}

/// Replaces times relative to the present, such as `now-1h`, in the parameters `from` and `to` of a read. All of them are
/// relative to the same `now`, and the links to further pages have the times that they meant.
pub fn resolve_times(request: &mut Request, app: &App) {
    let is_relative = request.uri().query().is_some_and(|query| query.contains("=now"));
    if is_relative && *request.method() == Method::GET {
        let resolve = relative_time::resolver(app);
        change_query(request, |name, value| match name {
            "from" | "to" => resolve(&value).map_or(value, |time| time.to_string()),
            _ => value,
        });
    }
}

/// Replaces the values of the parameters in the query.
fn change_query(request: &mut Request, change: impl Fn(&str, String) -> String) {
    let query = request.uri().query().unwrap_or_default();
    let given: Vec<_> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    let changed: Vec<_> = given
        .iter()
        .map(|(name, value)| (name.clone(), change(name, value.clone())))
        .collect();
    if changed == given {
        return;
    }
    let query = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(changed)
        .finish();
    let address = format!("{}?{query}", request.uri().path());
    if let Ok(uri) = address.parse() {
        *request.uri_mut() = uri;
    }
}

/// Validates a request against the operations at its path: the method, the parameters, and that the body is not
/// compressed. At paths outside the API, only `If-Match` and `If-None-Match` are validated.
///
/// # Errors
/// 405 for a method that the path does not support, 400 for a query that cannot be read or invalid parameters, 415 for
/// a compressed body. If the operation needs a token, a missing or invalid token (401) or an exceeded limit (429) takes
/// precedence over invalid parameters and 415.
pub fn check(request: &Request, received: &Received<'_>) -> Result<(), Problem> {
    let known = received.known;
    let mut violations = received.unreadable.clone();
    if known.is_empty() {
        return match violations.is_empty() {
            true => Ok(()),
            false => Err(Error::BadParameter(violations).into()),
        };
    }
    let path = request.uri().path();
    let Some(operation) = known
        .iter()
        .find(|operation| operation.method == request.method().as_str())
    else {
        return Err(method_not_allowed(request.method(), path, known));
    };
    let query = match request.params::<Vec<(String, String)>>() {
        Ok(query) => query,
        Err(_) if request.uri().query().is_none() => Vec::new(),
        Err(error) => {
            return Err(Problem::new(BAD_REQUEST, format!("the query cannot be read: {error}")));
        }
    };
    violations.extend(operation.violations(path, &query));
    let problem = if !violations.is_empty() {
        Error::BadParameter(violations).into()
    } else if is_coded(request) {
        Problem::new(
            UNSUPPORTED_MEDIA_TYPE,
            "the body must come as it is: send it without Content-Encoding",
        )
        .with_header(header::ACCEPT_ENCODING, HeaderValue::from_static("identity"))
    } else {
        return Ok(());
    };
    if operation.is_secured {
        required(request)?;
    }
    Err(problem)
}

/// Returns whether the body is compressed. Compressed bodies are refused, because a small one can expand to any size.
fn is_coded(request: &Request) -> bool {
    let mut codings = request.headers().get_all(header::CONTENT_ENCODING).into_iter();
    codings.any(|coding| !coding.as_bytes().eq_ignore_ascii_case(b"identity"))
}

fn method_not_allowed(method: &Method, path: &str, known: &[Operation]) -> Problem {
    let mut allowed: Vec<_> = known.iter().map(|known| known.method.as_str()).collect();
    if allowed.contains(&"GET") {
        allowed.push("HEAD");
    }
    let allowed = allowed.join(", ");
    let is_change = matches!(*method, Method::PUT | Method::PATCH);
    let immutable = known.iter().find_map(|known| known.immutable).filter(|_| is_change);
    let detail = immutable.map_or_else(|| format!("{path} supports {allowed}"), str::to_owned);
    let problem = Problem::new(METHOD_NOT_ALLOWED, detail);
    match HeaderValue::from_str(&allowed) {
        Ok(allowed) => problem.with_header(header::ALLOW, allowed),
        Err(_) => problem,
    }
}
