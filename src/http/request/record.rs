//! Last step of a request: adds the rate limit headers, and records the request in the metrics and as one line of the
//! log.

use poem::{Response, http::Method};

use super::received::Received;
use crate::http::{context::Context, metrics::Meters};

/// Paths that monitoring reads every few seconds. They are logged at `debug` while they succeed.
const QUIET: [&str; 3] = ["/livez", "/readyz", "/metrics"];

/// Adds the rate limit headers to the response, and records the request in the metrics and the log.
pub fn record(response: &mut Response, received: &Received<'_>, context: &Context) {
    if let Some(turn) = received.seen.turn() {
        // The request counts as concurrent until the client has received the response.
        response.set_data(turn);
    }
    let seen = received.seen.caller();
    if let (Some(rate), Some(left)) = (&context.rate, seen.and_then(|seen| seen.left)) {
        response.headers_mut().extend(rate.headers(left));
    }
    let (status, took) = (response.status().as_u16(), received.progress.elapsed());
    let (method, route) = (method_name(&received.method), received.route);
    let counted = if method == "HEAD" { "GET" } else { method };
    match received.known.iter().find(|known| known.method == counted) {
        Some(operation) => operation.meters.count(counted, route, status, took),
        None => Meters::default().count(counted, route, status, took),
    }
    macro_rules! log_at {
        ($level:ident) => {
            tracing::$level!(
                request_id = received.id,
                trace_id = received.trace_id,
                method,
                route,
                status,
                milliseconds = took.as_secs_f64() * 1e3,
                token = seen.map(|seen| seen.name.as_str()),
                organisation = seen
                    .and_then(|seen| seen.organisation_id)
                    .map(tracing::field::display),
                "request"
            )
        };
    }
    match QUIET.contains(&route) && status < 400 {
        true => log_at!(debug),
        false => log_at!(info),
    }
}

/// Returns the method's name if it is a usual one, and otherwise `other`. Without this, clients could create any number
/// of labels.
fn method_name(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::DELETE => "DELETE",
        Method::PATCH => "PATCH",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}
