//! Checks of messages by the documentation of the services that they are sent to: required members, their values, and
//! limits of length. Each returns the text that people read.

use base64::{Engine, engine::general_purpose::STANDARD};
use regex::Regex;
use serde_json::{Value, json};

use crate::receiver::Received;

/// Slack, "Sending messages using incoming webhooks" and "Formatting text": a POST of JSON with `text`, in which `&`, `<`
/// and `>` are entities. Discord, "Execute Webhook": at most 2000 characters.
pub fn slack(received: &Received) -> String {
    assert_eq!(
        (received.method.as_str(), content_type(received)),
        ("POST", "application/json")
    );
    let body = received.json();
    let members: Vec<_> = body.as_object().unwrap().keys().collect();
    assert_eq!(members, ["text"]);
    let text = body["text"].as_str().unwrap();
    assert!((1..=2000).contains(&text.encode_utf16().count()), "{}", text.len());
    let rest = Regex::new("&(amp|lt|gt);").unwrap().replace_all(text, "");
    assert!(!rest.contains(['&', '<', '>']), "{text}");
    let mentions = Regex::new("@[a-z]").unwrap();
    assert!(!mentions.is_match(text), "{text}");
    unescaped(text).replace('\u{200b}', "")
}

/// Microsoft, "Create incoming webhooks with Workflows" and the schema of Adaptive Cards: a message with one card of a
/// version up to 1.5, at most 28 KB. Texts of a `TextRun` are not Markdown.
pub fn teams(received: &Received) -> String {
    assert_eq!(
        (received.method.as_str(), content_type(received)),
        ("POST", "application/json")
    );
    assert!(received.body.len() <= 28 * 1024, "{}", received.body.len());
    let body = received.json();
    assert_eq!(body["type"], "message");
    let attachment = &body["attachments"][0];
    assert_eq!(body["attachments"].as_array().unwrap().len(), 1);
    assert_eq!(attachment["contentType"], "application/vnd.microsoft.card.adaptive");
    assert_eq!(attachment["contentUrl"], Value::Null);
    let card = &attachment["content"];
    assert_eq!(card["type"], "AdaptiveCard");
    assert_eq!(card["$schema"], "http://adaptivecards.io/schemas/adaptive-card.json");
    assert!(
        ["1.2", "1.3", "1.4", "1.5"].contains(&card["version"].as_str().unwrap()),
        "{card}"
    );
    let mut lines = Vec::new();
    for element in card["body"].as_array().unwrap() {
        assert_eq!(element["type"], "RichTextBlock");
        for run in element["inlines"].as_array().unwrap() {
            assert_eq!(run["type"], "TextRun");
            let one_of = |member: &str, allowed: &[&str]| {
                let value = run[member].as_str();
                assert!(value.is_none_or(|value| allowed.contains(&value)), "{run}");
            };
            one_of("size", &["Default", "Small", "Medium", "Large", "ExtraLarge"]);
            one_of("weight", &["Default", "Lighter", "Bolder"]);
            one_of(
                "color",
                &["Default", "Dark", "Light", "Accent", "Good", "Warning", "Attention"],
            );
            lines.push(run["text"].as_str().unwrap().to_owned());
        }
    }
    for action in card["actions"].as_array().unwrap() {
        assert_eq!(action["type"], "Action.OpenUrl");
        assert!(!action["title"].as_str().unwrap().is_empty());
        lines.push(action["url"].as_str().unwrap().to_owned());
    }
    lines.join("\n")
}

/// ntfy, "Publishing": the message is the body, of at most 4096 bytes. Headers have the title, a priority, tags and the
/// address to open. Text that is not ASCII may be encoded by RFC 2047. The token is a bearer token.
pub fn ntfy(received: &Received, token: Option<&str>) -> String {
    assert_eq!(received.method, "POST");
    assert!((1..=4096).contains(&received.body.len()), "{}", received.body.len());
    let header = |name: &str| received.headers.get(name).map(String::as_str);
    assert_eq!(
        header("authorization"),
        token.map(|token| format!("Bearer {token}")).as_deref()
    );
    let priorities = [
        "1", "2", "3", "4", "5", "min", "low", "default", "high", "max", "urgent",
    ];
    assert!(
        priorities.contains(&header("priority").unwrap()),
        "{:?}",
        received.headers
    );
    let tags = Regex::new("^[a-z_]+(,[a-z_]+)*$").unwrap();
    assert!(tags.is_match(header("tags").unwrap()), "{:?}", received.headers);
    let sequence = Regex::new("^[-_A-Za-z0-9]{1,64}$").unwrap();
    assert!(sequence.is_match(header("x-sequence-id").unwrap()));
    assert_eq!(header("x-sequence-id"), header("webhook-id"));
    let title = decoded(header("title").unwrap());
    let link = header("click").unwrap_or_default();
    format!("{title}\n{}\n{link}", received.body)
}

/// Matrix, client-server API, `PUT /rooms/{roomId}/send/{eventType}/{txnId}` and `m.room.message`: an event of at most
/// 65536 bytes. The transaction id of a retry is the same. Of HTML only some tags are allowed, and `href` of web addresses.
pub fn matrix(received: &Received, room: &str, token: &str) -> String {
    assert_eq!(
        (received.method.as_str(), content_type(received)),
        ("PUT", "application/json")
    );
    assert_eq!(received.headers["authorization"], format!("Bearer {token}"));
    let parts: Vec<_> = received.path.split('/').collect();
    let [
        "",
        "_matrix",
        "client",
        "v3",
        "rooms",
        in_room,
        "send",
        "m.room.message",
        transaction,
    ] = parts[..]
    else {
        panic!("{}", received.path);
    };
    assert_eq!(
        percent_encoding::percent_decode_str(in_room).decode_utf8().unwrap(),
        room
    );
    assert_eq!(transaction, received.id());
    assert!(received.body.len() <= 65536, "{}", received.body.len());
    let body = received.json();
    assert_eq!(
        [&body["msgtype"], &body["format"]],
        [&json!("m.text"), &json!("org.matrix.custom.html")]
    );
    let html = body["formatted_body"].as_str().unwrap();
    let tags = Regex::new(r#"</?strong>|<br>|<a href="https?://[^"<>&]*">|</a>"#).unwrap();
    let plain = tags.replace_all(html, "");
    let rest = Regex::new("&(amp|lt|gt|quot);").unwrap().replace_all(&plain, "");
    assert!(!rest.contains(['<', '>', '&']), "{html}");
    let text = body["body"].as_str().unwrap();
    let first = unescaped(&plain);
    assert!(first.starts_with(text.lines().next().unwrap()), "{html}");
    text.to_owned()
}

/// Telegram, Bot API, `sendMessage`: the address has the token; `chat_id` is a number or a name; `text` has 1 to 4096
/// characters. Without `parse_mode` nothing in it is markup.
pub fn telegram(received: &Received, chat: &Value, token: &str) -> String {
    assert_eq!(
        (received.method.as_str(), content_type(received)),
        ("POST", "application/json")
    );
    assert_eq!(received.path, format!("/bot{token}/sendMessage"));
    let body = received.json();
    assert_eq!(&body["chat_id"], chat);
    assert_eq!(body["link_preview_options"], json!({ "is_disabled": true }));
    let members: Vec<_> = body.as_object().unwrap().keys().collect();
    assert_eq!(members, ["chat_id", "text", "link_preview_options"]);
    let text = body["text"].as_str().unwrap();
    assert!((1..=4096).contains(&text.encode_utf16().count()));
    text.to_owned()
}

fn content_type(received: &Received) -> &str {
    &received.headers["content-type"]
}

fn unescaped(text: &str) -> String {
    let text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"");
    text.replace("&amp;", "&")
}

/// Decodes a header by RFC 2047.
fn decoded(header: &str) -> String {
    assert!(header.is_ascii());
    let words = header.split(' ').map(|word| {
        let inner = word.strip_prefix("=?UTF-8?B?").and_then(|word| word.strip_suffix("?="));
        inner.map(|inner| STANDARD.decode(inner).unwrap())
    });
    let words: Option<Vec<_>> = words.collect();
    words.map_or_else(|| header.to_owned(), |words| String::from_utf8(words.concat()).unwrap())
}
