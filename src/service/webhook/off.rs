//! Replaces the webhook module in an executable that is built without the feature `webhooks`. No message is stored or
//! sent, and no operation creates, changes or shows a webhook. Webhooks that are already in the database stay there
//! unchanged.

pub use crate::domain::webhook::{Rules, Smtp, SmtpTls};
use crate::{
    domain::{Result, Timestamp, webhook::Notice},
    store::engine::Transaction,
};

/// Replacement for the sender of messages, which sends nothing.
pub(super) struct Sender;

impl Sender {
    /// Creates the replacement. The rules are ignored, because nothing is sent.
    pub fn new(_: Rules) -> Self {
        Self
    }
}

/// Does nothing, because no message is stored.
///
/// # Errors
/// None.
pub fn enqueue(_: &Transaction<'_>, _: &Notice, _: Timestamp) -> Result<()> {
    Ok(())
}
