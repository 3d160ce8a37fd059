//! Exchanges the code of a sign-in link for a token. Only the dashboard calls it, so that it is not in the API's document.

use poem::{Body, IntoResponse, Request, Response, handler};
use serde::Deserialize;

use crate::{
    http::{
        context::Context,
        form::reply::Issued,
        problem::{BAD_REQUEST, Problem},
    },
    service::sign_in,
};

/// Maximum size of a body, in bytes.
const MOST: usize = 1024;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Code {
    code: String,
}

/// Responds with a new admin's token to the code of the link, and with 401 to any other.
#[handler]
pub async fn exchange(request: &Request, body: Body) -> Response {
    answer(request, body).await.unwrap_or_else(Problem::into_response)
}

async fn answer(request: &Request, body: Body) -> Result<Response, Problem> {
    let context = Context::of(request)?;
    let unreadable = || {
        Problem::new(
            BAD_REQUEST,
            "send the code of a sign-in link as JSON: {\"code\": \"...\"}",
        )
    };
    let bytes = body.into_bytes_limit(MOST).await.map_err(|_| unreadable())?;
    let Code { code } = serde_json::from_slice(&bytes).map_err(|_| unreadable())?;
    Ok(Issued(sign_in::exchange(&context.app, &code).await?).into_response())
}
