//! Handles every request: receives and validates it, calls its endpoint, completes the response, and records both in
//! the log and the metrics.

mod call;
mod receive;
mod received;
mod record;
mod refused;
mod respond;
mod validate;

use std::sync::Arc;

use poem::{Endpoint, Request, Response};

use super::context::Context;

/// Passes a request to `endpoint` and returns the completed response.
pub async fn answer(
    endpoint: Arc<impl Endpoint<Output = Response> + 'static>,
    context: Context,
    mut request: Request,
) -> Response {
    let received = receive::receive(&context, &mut request);
    let response = call::call(endpoint, request, &received, &context).await;
    let mut response = respond::respond(response, &received, &context).await;
    record::record(&mut response, &received, &context);
    response
}
