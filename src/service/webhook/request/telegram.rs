//! The format of Telegram: the method `sendMessage` of the Bot API. There is no `parse_mode`, so that no character of a
//! name is read as markup.

use serde_json::{Value, json};
use url::Url;

use super::wire::{Wire, token_of};
use crate::domain::webhook::{delivery::Message, text::Text};

/// Maximum length of the text, in UTF-16 code units.
const MOST: usize = 4096;

/// Returns the request. Its address contains the token of the bot.
pub fn request(message: &Message, text: &Text) -> Result<Wire, String> {
    let target = &message.target;
    let chat = target.chat_id.as_deref().ok_or("the webhook has no chat_id")?;
    let chat = chat.parse::<i64>().map_or_else(|_| Value::from(chat), Value::from);
    let bot = format!("bot{}", token_of(target)?.reveal());
    let mut url = Url::parse(&target.url).map_err(|_| "the address is not valid".to_owned())?;
    url.path_segments_mut()
        .map_err(|()| "the address is not valid".to_owned())?
        .pop_if_empty()
        .extend([bot.as_str(), "sendMessage"]);
    let text = text.plain(String::from, |text| text.encode_utf16().count(), MOST);
    let body = json!({ "chat_id": chat, "text": text, "link_preview_options": { "is_disabled": true } });
    Ok(Wire::json(url.into(), &body))
}
