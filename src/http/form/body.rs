//! JSON request bodies, which are parsed directly into their types. If parsing fails, the body is validated against the
//! API's document to report every violation.

use poem::{Request, RequestBody};
use poem_openapi::{
    impl_apirequest_for_payload,
    payload::{ParsePayload, Payload},
    registry::{MetaSchemaRef, Registry},
    types::Type,
};
use serde::de::DeserializeOwned;

use super::{
    body_bytes::read,
    body_faults::wrong,
    gaps::gaps_of,
    json_faults::unreadable,
    json_text::{nan_as_null, utf8, with_integers},
    rules::Rules,
};
use crate::{
    domain::Gaps,
    http::{context::Context, document::Document, problem::Problem},
    service::App,
};

/// JSON request body as an argument of an operation.
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

/// Parses a body. A large body blocks the thread for some time. NaN is treated as `null` if `gaps` selects a treatment
/// of gaps, and is otherwise an error.
///
/// # Errors
/// 400 if the body is not JSON, 422 with the violations if the body does not fit its type.
fn parse<T: Type + DeserializeOwned + Rules>(
    bytes: &[u8],
    gaps: Gaps,
    app: &App,
    document: &Document,
) -> Result<T, Problem> {
    let bytes = utf8(bytes)?;
    // A text that is valid as a whole is parsed faster than bytes, of which each string is validated.
    let parsed = match str::from_utf8(bytes) {
        Ok(text) => T::usual(text).map_or_else(|| serde_json::from_str(text), Ok),
        Err(_) => serde_json::from_slice(bytes),
    };
    let error = match parsed {
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
    // Clients may write an integer as 60.0, which the derived deserializers refuse.
    let Some(with_integers) = with_integers(bytes) else {
        return Err(wrong::<T>(bytes, app, document));
    };
    serde_json::from_slice(&with_integers).map_err(|_| wrong::<T>(&with_integers, app, document))
}

impl_apirequest_for_payload!(Body<T>, T: Type + DeserializeOwned + Rules + Send + 'static);
