//! Reads the bytes of bodies within the server's limits and the token's share.

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

/// Size in bytes above which a body is parsed on a blocking thread.
const INLINE_BYTES: usize = 128 * 1024;

/// Time after which the token of an arriving body is checked again, since it may have been revoked.
const LONG: Duration = Duration::from_secs(1);

/// Number of large bodies that are parsed at once, because parsing temporarily takes several times the body's size.
static PARSES: Semaphore = Semaphore::const_new(2);

/// Reads the whole body within the server's limits and parses it, a large one on a blocking thread. The body counts
/// towards the token's share until the request has been handled.
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

/// Returns the counter of the body's memory for the token.
pub fn buffer(request: &Request) -> Result<Buffered, Problem> {
    let turn = request.data::<SeenCaller>().and_then(SeenCaller::turn);
    let turn = turn.ok_or_else(|| Error::Internal("a body without a token".to_owned()))?;
    Ok(turn.buffer())
}

/// Returns the bytes of a body. Each chunk is counted before it is stored.
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
            // The buffer grows no larger than the announced length.
            let room = (2 * length).min(expected.unwrap_or(limit).max(length));
            bytes.reserve_exact(room - bytes.len());
        }
        bytes.extend_from_slice(&piece);
    }
    Ok(bytes)
}
