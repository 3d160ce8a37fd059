//! JSON bodies, straight into their types; on a mistake the API's own document tells everything that is wrong.

use futures_util::StreamExt;
use poem::{FromRequest, Request, RequestBody, http::header};
use poem_openapi::{
    impl_apirequest_for_payload,
    payload::{ParsePayload, Payload},
    registry::{MetaSchemaRef, Registry},
    types::Type,
};
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::{
    sync::Semaphore,
    time::{Duration, Instant},
};

use super::{
    auth::Session,
    gaps::gaps_of,
    json_text::{nan_as_null, unreadable, utf8, with_integers},
    rules::Rules,
};
use crate::{
    domain::{Error, Gaps, Violation, violation::MAX_VIOLATIONS},
    http::{
        context::{Context, SeenCaller},
        document::{
            Document, UNKNOWN,
            pointer::{escape, remove},
        },
        guard::{
            pace,
            share::{Buffered, Held},
        },
        problem::{BAD_REQUEST, Problem, TOO_LARGE},
    },
    service::App,
};

/// Larger bodies are parsed off the async threads.
const INLINE_BYTES: usize = 128 * 1024;

/// Of larger bodies only the first fault is told: holding one against the schemas takes many times its memory.
const EXPLAINED_BYTES: usize = 256 * 1024;

/// How long a body may take to arrive before its token is checked again: it may have been revoked meanwhile.
const LONG: Duration = Duration::from_secs(1);

/// A JSON body.
pub struct Body<T>(pub T);

impl<T: Type> Payload for Body<T> {
    const CONTENT_TYPE: &'static str = "application/json";

    fn check_content_type(content_type: &str) -> bool {
        let essence = content_type.split(';').next().unwrap_or_default().trim();
        essence.eq_ignore_ascii_case("application/json")
            || (essence.starts_with("application/") && essence.ends_with("+json"))
    }

    fn schema_ref() -> MetaSchemaRef {
        T::schema_ref()
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
    }
}

impl<T: Type + DeserializeOwned + Rules + Send + 'static> ParsePayload for Body<T> {
    const IS_REQUIRED: bool = true;

    async fn from_request(request: &Request, body: &mut RequestBody) -> poem::Result<Self> {
        let context = Context::of(request)?;
        let (app, document) = (context.app.clone(), context.document.clone());
        let gaps = gaps_of(request);
        Ok(read(request, body, move |bytes| parse(bytes, gaps, &app, &document))
            .await
            .map(Self)?)
    }
}

/// How many large bodies are parsed at once: parsing takes several times a body's size for a moment.
static PARSES: Semaphore = Semaphore::const_new(2);

/// Reads the whole body, within the server's limits, and parses it: a large one off the async threads. The body counts
/// as the token's until the request has been handled.
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

/// What the request's body will take in memory, counted for its token.
pub fn buffer(request: &Request) -> Result<Buffered, Problem> {
    let turn = request.data::<SeenCaller>().and_then(SeenCaller::turn);
    let turn = turn.ok_or_else(|| Error::Internal("a body without a token".to_owned()))?;
    Ok(turn.buffer())
}

/// The bytes of a body, each counted before it is kept.
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
            // No more room than will be needed, if that is known.
            let room = (2 * length).min(expected.unwrap_or(limit).max(length));
            bytes.reserve_exact(room - bytes.len());
        }
        bytes.extend_from_slice(&piece);
    }
    Ok(bytes)
}

/// Parses a body; a large one takes a while. Where gaps are asked for, NaN is one.
fn parse<T: Type + DeserializeOwned + Rules>(
    bytes: &[u8],
    gaps: Gaps,
    app: &App,
    document: &Document,
) -> Result<T, Problem> {
    let bytes = utf8(bytes)?;
    let error = match serde_json::from_slice(bytes) {
        Ok(value) => return Ok(value),
        Err(error) => error,
    };
    if !error.is_data() {
        if gaps != Gaps::Correct
            && let Some(json) = nan_as_null(bytes)
        {
            return parse(&json, Gaps::Correct, app, document);
        }
        return Err(unreadable(bytes, &error));
    }
    // An integer may be written as 60.0, which the derived readers do not take.
    let Some(with_integers) = with_integers(bytes) else {
        return Err(wrong::<T>(bytes, app, document));
    };
    serde_json::from_slice(&with_integers).map_err(|_| wrong::<T>(&with_integers, app, document))
}

impl_apirequest_for_payload!(Body<T>, T: Type + DeserializeOwned + Rules + Send + 'static);

/// The problem of a body that is JSON of another form than the document says.
fn wrong<T: Type + DeserializeOwned + Rules>(bytes: &[u8], app: &App, document: &Document) -> Problem {
    if bytes.len() > EXPLAINED_BYTES {
        return Error::Invalid(vec![first_fault::<T>(bytes)]).into();
    }
    let value = match serde_json::from_slice(bytes) {
        Ok(value) => value,
        Err(error) => return unreadable(bytes, &error),
    };
    let mut found = document.violations::<T>(&value);
    if found.is_empty() {
        // What a schema cannot say, such as a member that is there twice.
        found.push(first_fault::<T>(bytes));
    }
    let broken = broken_rules::<T>(value, &found, app);
    // Where both name a place, the rule says more.
    found.retain(|violation| broken.iter().all(|rule| rule.pointer != violation.pointer));
    found.extend(broken);
    found.truncate(MAX_VIOLATIONS);
    Error::Invalid(found).into()
}

/// The violations of the rules by a body that can be read without the members that it should not have.
fn broken_rules<T: DeserializeOwned + Rules>(mut value: Value, form: &[Violation], app: &App) -> Vec<Violation> {
    for unknown in form.iter().filter(|violation| violation.detail == UNKNOWN) {
        remove(&mut value, unknown.pointer.as_deref().unwrap_or_default());
    }
    let Ok(mut body) = serde_json::from_value::<T>(value) else {
        return Vec::new();
    };
    match body.apply_rules(app) {
        Err(Error::Invalid(broken)) => broken,
        _ => Vec::new(),
    }
}

/// The fault at which reading the body stops.
fn first_fault<T: DeserializeOwned>(bytes: &[u8]) -> Violation {
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    match serde_path_to_error::deserialize::<_, T>(&mut deserializer) {
        Ok(_) => Violation::at("", "cannot be used"),
        Err(error) => fault(&error),
    }
}

/// Where a reader failed, and why.
pub fn fault(error: &serde_path_to_error::Error<serde_json::Error>) -> Violation {
    let (place, said) = (pointer(error.path()), said(error.inner()));
    match said.strip_prefix("duplicate field `") {
        Some(name) => {
            let name = escape(name.trim_end_matches('`'));
            Violation::at(format!("{place}/{name}"), "is there twice")
        }
        None => Violation::at(place, said),
    }
}

fn pointer(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    path.iter()
        .map(|segment| match segment {
            Segment::Seq { index } => format!("/{index}"),
            Segment::Map { key } => format!("/{}", escape(key)),
            Segment::Enum { variant } => format!("/{variant}"),
            Segment::Unknown => String::new(),
        })
        .collect()
}

/// serde_json's message without its position, which the pointer tells better.
fn said(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.rsplit_once(" at line ") {
        Some((message, _)) => message.to_owned(),
        None => text,
    }
}
