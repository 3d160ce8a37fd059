//! The format of workflows of Microsoft Teams that are started by a webhook: a message with an Adaptive Card.
//!
//! Texts are runs of a `RichTextBlock`, in which names are not read as Markdown. It needs version 1.2 of the cards.

use serde_json::{Value, json};

use super::wire::Wire;
use crate::domain::webhook::{
    delivery::Message,
    text::{LINK, Text, Tone},
};

/// Returns the request.
pub fn request(message: &Message, text: &Text) -> Wire {
    let color = match text.tone {
        Tone::Urgent => "Attention",
        Tone::Warning => "Warning",
        Tone::Good => "Good",
        Tone::Neutral => "Default",
    };
    let title = json!({
        "type": "TextRun", "text": text.title, "size": "Medium", "weight": "Bolder", "color": color
    });
    let lines = text.lines.iter().map(|line| json!({ "type": "TextRun", "text": line }));
    let block = |run: Value| json!({ "type": "RichTextBlock", "inlines": [run] });
    let body: Vec<_> = std::iter::once(title).chain(lines).map(block).collect();
    let link = |url: &String| json!({ "type": "Action.OpenUrl", "title": LINK, "url": url });
    let actions: Vec<_> = text.link.iter().map(link).collect();
    let card = json!({
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json", "type": "AdaptiveCard", "version": "1.2",
        "fallbackText": text.title, "body": body, "actions": actions
    });
    let body = json!({
        "type": "message",
        "attachments": [
            { "contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": null, "content": card }
        ]
    });
    Wire::json(message.target.url.clone(), &body)
}
