//! The body of a message to a feed. A body that cannot be read reaches the operation too, so that the feed can show the
//! fault.

use poem::{Request, RequestBody};
use poem_openapi::{
    impl_apirequest_for_payload,
    payload::{ParsePayload, Payload},
    registry::{MetaSchemaRef, Registry},
    types::Type,
};
use serde_json::Value;

use crate::{
    domain::{
        Error,
        feed::{FeedMessage, too_large},
    },
    http::{
        form::{body::Body, body_bytes::read, json_faults::unreadable},
        problem::Problem,
    },
};

/// Body of a message.
pub enum MessageBody {
    /// The message.
    Read(Value),
    /// The body is not JSON, or too large.
    Unreadable(Problem),
}

impl Payload for MessageBody {
    const CONTENT_TYPE: &'static str = Body::<FeedMessage>::CONTENT_TYPE;

    fn check_content_type(content_type: &str) -> bool {
        Body::<FeedMessage>::check_content_type(content_type)
    }

    fn schema_ref() -> MetaSchemaRef {
        FeedMessage::schema_ref()
    }

    fn register(registry: &mut Registry) {
        FeedMessage::register(registry);
    }
}

impl ParsePayload for MessageBody {
    const IS_REQUIRED: bool = true;

    async fn from_request(request: &Request, body: &mut RequestBody) -> poem::Result<Self> {
        let parsed = read(request, body, |bytes| {
            if let Some(fault) = too_large(bytes.len()) {
                return Ok(Self::Unreadable(Error::TooLarge(fault).into()));
            }
            Ok(match serde_json::from_slice(bytes) {
                Ok(message) => Self::Read(message),
                Err(error) => Self::Unreadable(unreadable(bytes, &error)),
            })
        });
        Ok(parsed.await?)
    }
}

impl_apirequest_for_payload!(MessageBody);
