//! Handles every request: receives and validates it, calls its endpoint, completes the response and records both.

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

/// Handles a request by `endpoint`, and completes the response.
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
