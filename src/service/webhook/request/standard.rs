//! The format for programs: JSON that is signed by the Standard Webhooks convention.

use super::wire::Wire;
use crate::domain::{Timestamp, webhook::delivery::Message};

/// Returns the request.
pub fn request(message: &Message, at: Timestamp) -> Result<Wire, String> {
    let target = &message.target;
    let seconds = at.micros().div_euclid(1_000_000);
    let mut wire = Wire::new(target.url.clone(), "application/json", message.body.clone());
    wire.header("webhook-timestamp", &seconds.to_string())?;
    wire.header("webhook-signature", &target.secrets.sign(message.id, at, &message.body))?;
    Ok(wire)
}
