//! The way of every request: it is received, checked and called, its response gets the form that all responses
//! have, and it is recorded.

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

/// Responds to a request by `endpoint`, in the form that all responses have.
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
