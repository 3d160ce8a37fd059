//! HTTP requests that carry a message, in the format of its webhook.

mod matrix;
mod ntfy;
mod slack;
mod standard;
mod teams;
mod telegram;
mod wire;

use crate::domain::{
    Timestamp,
    webhook::{WebhookFormat, delivery::Message, text::Text},
};
pub use wire::Wire;

/// Returns the request that carries a message, sent at `at`. `public_url` is the address at which people reach this
/// server, or empty.
///
/// # Errors
/// Returns a description of what the webhook lacks. The validation of webhooks prevents that, but an import may not.
pub fn of(message: &Message, at: Timestamp, public_url: &str) -> Result<Wire, String> {
    let text = || Text::of(&message.body, public_url);
    let mut wire = match message.target.format {
        WebhookFormat::Standard => standard::request(message, at)?,
        WebhookFormat::Slack => slack::request(message, &text()),
        WebhookFormat::Teams => teams::request(message, &text()),
        WebhookFormat::Ntfy => ntfy::request(message, &text())?,
        WebhookFormat::Matrix => matrix::request(message, &text())?,
        WebhookFormat::Telegram => telegram::request(message, &text())?,
        WebhookFormat::Email => return Err("e-mail is not sent by HTTP".to_owned()),
    };
    // Programs between this server and the service can recognise a repeated message.
    wire.header("webhook-id", &message.id.to_string())?;
    Ok(wire)
}
