//! The format of Slack's incoming webhooks, which Mattermost and Discord take too.
//!
//! The text is plain, because the services differ in their markup: `*` is bold in Slack and italic in the others.

use serde_json::json;

use super::wire::Wire;
use crate::domain::webhook::{delivery::Message, text::Text};

/// Maximum length of the text, in characters: Discord's, which is the lowest of the three.
const MOST: usize = 2000;

/// Returns the request.
pub fn request(message: &Message, text: &Text) -> Wire {
    let text = text.plain(escape, |text| text.encode_utf16().count(), MOST);
    Wire::json(message.target.url.clone(), &json!({ "text": text }))
}

/// Slack's three control characters are written as entities. Without the invisible space after `@`, a name such as
/// `@channel` would notify everybody in Mattermost and Discord.
fn escape(c: char) -> String {
    match c {
        '&' => "&amp;".to_owned(),
        '<' => "&lt;".to_owned(),
        '>' => "&gt;".to_owned(),
        '@' => "@\u{200b}".to_owned(),
        other => other.to_string(),
    }
}
