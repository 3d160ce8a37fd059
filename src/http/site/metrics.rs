//! Serves `GET /metrics`, on the address of the API or on a separate one.

use poem::{IntoResponse, Request, Response, handler};

use crate::{
    domain::Role,
    http::{
        context::Context,
        form::auth,
        problem::{Problem, nothing_here},
    },
};

/// Serves `GET /metrics` on the address of the API. Only admins may read the metrics, because they cover all
/// organisations.
#[handler]
pub async fn beside_the_api(request: &Request) -> Response {
    let found = async {
        auth::required(request)?.needs(Role::Admin)?;
        answer(request).await
    };
    found.await.unwrap_or_else(Problem::into_response)
}

/// Serves `GET /metrics` on a separate address, without authentication.
#[handler]
pub async fn alone(request: &Request) -> Response {
    answer(request).await.unwrap_or_else(Problem::into_response)
}

async fn answer(request: &Request) -> Result<Response, Problem> {
    let context = Context::of(request)?;
    match &context.metrics {
        Some(metrics) => Ok(metrics.text(&context.app).await),
        None => Err(nothing_here()),
    }
}
