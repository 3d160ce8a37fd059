//! The format of Matrix: an event `m.room.message` by the client-server API. Its transaction id is the id of the
//! message, so that a retry creates no second event.

use reqwest::Method;
use serde_json::json;
use url::Url;

use super::wire::{Wire, token_of};
use crate::domain::webhook::{
    delivery::Message,
    text::{LINK, Text},
};

/// Maximum length of each of the two texts, in bytes. An event must not exceed 65536 bytes, and its HTML is longer.
const MOST: usize = 8192;

/// Returns the request.
pub fn request(message: &Message, text: &Text) -> Result<Wire, String> {
    let target = &message.target;
    let room = target.room_id.as_deref().ok_or("the webhook has no room_id")?;
    token_of(target)?;
    let mut url = Url::parse(&target.url).map_err(|_| "the address is not valid".to_owned())?;
    url.path_segments_mut()
        .map_err(|()| "the address is not valid".to_owned())?
        .pop_if_empty()
        .extend(["_matrix", "client", "v3", "rooms", room, "send", "m.room.message"])
        .push(&message.id.to_string());
    let details = Text {
        link: None,
        ..text.clone()
    };
    let html = details.plain(escape, str::len, MOST);
    let html = match html.split_once('\n') {
        None => format!("<strong>{html}</strong>"),
        Some((title, lines)) => format!("<strong>{title}</strong><br>{}", lines.replace('\n', "<br>")),
    };
    let link = |link: &String| {
        format!(
            "<br><a href=\"{}\">{LINK}</a>",
            link.chars().map(escape).collect::<String>()
        )
    };
    let link = text.link.as_ref().map(link).unwrap_or_default();
    let body = json!({
        "msgtype": "m.text",
        "body": text.plain(String::from, str::len, MOST),
        "format": "org.matrix.custom.html",
        "formatted_body": html + &link
    });
    let mut wire = Wire::json(url.into(), &body);
    wire.method = Method::PUT;
    wire.authorise(target)?;
    Ok(wire)
}

fn escape(c: char) -> String {
    match c {
        '&' => "&amp;".to_owned(),
        '<' => "&lt;".to_owned(),
        '>' => "&gt;".to_owned(),
        '"' => "&quot;".to_owned(),
        other => other.to_string(),
    }
}
