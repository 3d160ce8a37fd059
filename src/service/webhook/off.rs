//! Stands in for webhooks in an executable that is built without them: nothing is queued or sent, and no operation
//! creates, changes or shows one. Webhooks that the database has stay in it as they are.

pub use crate::domain::webhook::Rules;
use crate::{
    domain::{Result, Timestamp, webhook::Notice},
    store::engine::Transaction,
};

/// Stands in for what posts messages.
pub(super) struct Sender;

impl Sender {
    /// Ignores the rules, because nothing is sent.
    pub fn new(_: Rules) -> Self {
        Self
    }
}

/// Stores no message.
///
/// # Errors
/// None.
pub fn enqueue(_: &Transaction<'_>, _: &Notice, _: Timestamp) -> Result<()> {
    Ok(())
}
