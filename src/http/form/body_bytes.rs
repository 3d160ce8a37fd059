//! Reads the bytes of request bodies within the limits of the server and of the token.

use futures_util::StreamExt;
use poem::{FromRequest, Request, RequestBody, http::header};
use tokio::{
    sync::Semaphore,
    time::{Duration, Instant},
};

use super::auth::Session;
use crate::{
    domain::Error,
    http::{
        context::{Context, SeenCaller},
        guard::{
            pace,
            share::{Buffered, Held},
        },
        problem::{BAD_REQUEST, Problem, TOO_LARGE},
    },
};

/// Maximum size in bytes of a body that is parsed on the async thread. Larger bodies are parsed on a blocking thread.
const INLINE_BYTES: usize = 128 * 1024;

/// Duration of an upload above which the token is validated again, because it may have been revoked meanwhile.
const LONG: Duration = Duration::from_secs(1);

/// Limits the number of large bodies that are parsed at the same time, because parsing temporarily takes several times
/// the size of the body.
static PARSES: Semaphore = Semaphore::const_new(2);

/// Reads the whole body and returns the result of `parse`, which runs on a blocking thread if the body is large. The
/// body counts towards the token's memory limit until the request has been handled.
///
/// # Errors
/// 400 if the body cannot be read, 408 if it arrives too slowly, 413 if it is too large, 429 or 503 if the memory for
/// bodies is used up, 401 if the token became invalid meanwhile, and any problem that `parse` returns.
pub async fn read<T: Send + 'static>(
    request: &Request,
    body: &mut RequestBody,
    parse: impl FnOnce(&[u8]) -> Result<T, Problem> + Send + 'static,
) -> Result<T, Problem> {
    let limits = Context::of(request)?.limits;
    let body = poem::Body::from_request(request, body)
        .await
        .map_err(|error| Problem::new(BAD_REQUEST, error.to_string()))?;
    let mut buffered = buffer(request)?;
    let begun = Instant::now();
    let expected = request.header(header::CONTENT_LENGTH);
    let expected = expected.and_then(|length| length.parse().ok());
    let reading = whole(body, expected, limits.body_bytes, &mut buffered);
    let bytes = tokio::time::timeout(limits.body_total, reading)
        .await
        .unwrap_or_else(|_| Err(pace::took_too_long(limits.body_total)))?;
    if let Some(held) = request.data::<Held>() {
        held.keep(buffered);
    }
    if begun.elapsed() >= LONG {
        Session::of(request)?.caller()?;
    }
    if bytes.len() <= INLINE_BYTES {
        return parse(&bytes);
    }
    let _turn = PARSES.acquire().await;
    let parsed = tokio::task::spawn_blocking(move || parse(&bytes)).await;
    parsed.unwrap_or_else(|error| Err(Error::Internal(format!("a body was not parsed: {error}")).into()))
}

/// Returns a new counter of the memory that the request's body takes, which counts towards the token's limit.
pub fn buffer(request: &Request) -> Result<Buffered, Problem> {
    let turn = request.data::<SeenCaller>().and_then(SeenCaller::turn);
    let turn = turn.ok_or_else(|| Error::Internal("a body without a token".to_owned()))?;
    Ok(turn.buffer())
}

/// Returns the bytes of a body. `expected` is the value of `Content-Length`. Each chunk is counted in `buffered` before
/// it is stored.
///
/// # Errors
/// 413 if the body is larger than `limit`, 408 or 400 if it cannot be read, 429 or 503 if the memory for bodies is used
/// up.
async fn whole(
    body: poem::Body,
    expected: Option<usize>,
    limit: usize,
    buffered: &mut Buffered,
) -> Result<Vec<u8>, Problem> {
    let too_large = || {
        let detail = format!("the body has more than {limit} bytes: send it in parts");
        Problem::new(TOO_LARGE, detail)
    };
    if expected.is_some_and(|expected| expected > limit) {
        return Err(too_large());
    }
    let mut pieces = body.into_bytes_stream();
    let mut bytes = Vec::new();
    while let Some(piece) = pieces.next().await {
        let piece = piece.map_err(|error| pace::unreadable(&error))?;
        if bytes.len() + piece.len() > limit {
            return Err(too_large());
        }
        buffered.grow(piece.len())?;
        let length = bytes.len() + piece.len();
        if bytes.capacity() < length {
            // The buffer never grows above the announced length.
            let room = (2 * length).min(expected.unwrap_or(limit).max(length));
            bytes.reserve_exact(room - bytes.len());
        }
        bytes.extend_from_slice(&piece);
    }
    Ok(bytes)
}
