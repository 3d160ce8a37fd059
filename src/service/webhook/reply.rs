//! Responses of receivers that did not accept a message: when they want the next attempt, and the reason that they give.

use reqwest::header::{HeaderMap, RETRY_AFTER};
use serde_json::Value;

use crate::domain::webhook::{WebhookFormat, delivery::Target};

/// Longest reason in plain text that is shown, such as Slack's `channel_not_found`, in bytes.
const MAX_PLAIN: usize = 60;

/// Returns the number of seconds after which the receiver wants the next attempt: by the header `Retry-After`, or by the
/// body of Telegram or Matrix.
pub fn retry_after(headers: &HeaderMap, target: &Target, body: &[u8]) -> Option<u32> {
    let header = headers
        .get(RETRY_AFTER)
        .and_then(|value| value.to_str().ok()?.trim().parse().ok());
    let seconds: Option<f64> = header.or_else(|| {
        let body = json(body)?;
        match target.format {
            WebhookFormat::Telegram => body["parameters"]["retry_after"].as_f64(),
            WebhookFormat::Matrix => body["retry_after_ms"].as_f64().map(|ms| ms / 1000.0),
            _ => None,
        }
    });
    let seconds = seconds.filter(|seconds| *seconds > 0.0)?;
    // A number that is too large becomes the largest one.
    Some(seconds.ceil() as u32)
}

/// Returns the reason that a service gives for its refusal. `None` for receivers of the format standard, whose responses
/// are not shown. Of a response only the member that the service documents is shown, since the address may lead
/// elsewhere, and never the access token.
pub fn reason(target: &Target, body: &[u8]) -> Option<String> {
    let found = match target.format {
        WebhookFormat::Standard | WebhookFormat::Email | WebhookFormat::Teams => None,
        WebhookFormat::Slack => {
            let is_code = |byte: &u8| byte.is_ascii_lowercase() || *byte == b'_';
            let is_short = !body.is_empty() && body.len() <= MAX_PLAIN && body.iter().all(is_code);
            let plain = is_short.then(|| String::from_utf8_lossy(body).into_owned());
            plain.or_else(|| member(body, "message"))
        }
        WebhookFormat::Telegram => member(body, "description"),
        WebhookFormat::Ntfy | WebhookFormat::Matrix => member(body, "error"),
    }?;
    let found = found.replace(char::is_control, " ");
    Some(match &target.token {
        Some(token) => found.replace(token.reveal(), "***"),
        None => found,
    })
}

fn member(body: &[u8], name: &str) -> Option<String> {
    let text = json(body)?[name].as_str()?.to_owned();
    (!text.is_empty()).then_some(text)
}

fn json(body: &[u8]) -> Option<Value> {
    serde_json::from_slice(body).ok()
}
