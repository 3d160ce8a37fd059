//! Calls the endpoint of a request within the time limit, unless the request is refused before.

use std::{sync::Arc, time::Duration};

use poem::{
    Endpoint, IntoResponse, Request, Response,
    http::{HeaderValue, header},
};

use super::{received::Received, refused, validate};
use crate::{
    domain::Error,
    http::{
        context::Context,
        problem::{Problem, UNAVAILABLE},
    },
    service::on_behalf,
};

/// Returns the response of the endpoint, or the response to a CORS preflight request. If the request is refused, fails
/// or takes too long, returns a response with the problem.
pub async fn call(
    endpoint: Arc<impl Endpoint<Output = Response> + 'static>,
    request: Request,
    received: &Received<'_>,
    context: &Context,
) -> Response {
    if let Some(allowed) = context.origins.preflight(&request) {
        return allowed;
    }
    let refused = validate::may_ask(&request).and_then(|()| validate::check(&request, received));
    if let Err(problem) = refused {
        return problem.into_response();
    }
    let (id, route) = (&received.id, received.route);
    let work = async {
        if received.goes_on {
            return call_apart(endpoint, request, id.clone(), route.to_owned()).await;
        }
        on_behalf(id, route, endpoint.call(request)).await
    };
    match received.progress.within(context.limits.request, work).await {
        Ok(Ok(response)) => response,
        Ok(Err(error)) => refused::answer_of(error, received),
        Err(limit) => took_too_long(limit).into_response(),
    }
}

/// Calls the endpoint in a separate task, which continues when the request is cancelled.
///
/// # Errors
/// The error of the endpoint, or an internal error if the task panics.
async fn call_apart(
    endpoint: Arc<impl Endpoint<Output = Response> + 'static>,
    request: Request,
    id: String,
    route: String,
) -> poem::Result<Response> {
    let called = tokio::spawn(async move { on_behalf(&id, &route, endpoint.call(request)).await });
    called.await.unwrap_or_else(|error| {
        let lost = Error::Internal(format!("a request was not finished: {error}"));
        Err(Problem::from(lost).into())
    })
}

fn took_too_long(limit: Duration) -> Problem {
    let seconds = limit.as_secs();
    let detail = format!(
        "the request took longer than {seconds} seconds; what it writes may still be stored, and can be sent again"
    );
    Problem::new(UNAVAILABLE, detail).with_header(header::RETRY_AFTER, HeaderValue::from_static("10"))
}
