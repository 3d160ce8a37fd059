//! The format of ntfy: the text is the body, and headers have the title, the priority, a symbol and the link.

use base64::{Engine, engine::general_purpose::STANDARD};

use super::wire::Wire;
use crate::domain::webhook::{
    delivery::Message,
    text::{Text, Tone},
};

/// Maximum length of the body, in bytes. A longer one would become an attachment.
const MOST: usize = 4096;

/// Maximum number of bytes in an encoded word (RFC 2047), before the encoding.
const WORD: usize = 45;

/// Returns the request.
pub fn request(message: &Message, text: &Text) -> Result<Wire, String> {
    let (priority, tag) = match text.tone {
        Tone::Urgent => ("high", "rotating_light"),
        Tone::Warning => ("default", "warning"),
        Tone::Good => ("default", "white_check_mark"),
        Tone::Neutral => ("default", "information_source"),
    };
    let details = Text {
        title: text.lines.first().unwrap_or(&text.title).clone(),
        lines: text.lines.iter().skip(1).cloned().collect(),
        link: None,
        tone: text.tone,
    };
    let body = details.plain(String::from, str::len, MOST);
    let mut wire = Wire::new(message.target.url.clone(), "text/plain; charset=utf-8", body);
    wire.header("title", &encoded(&text.title))?;
    wire.header("priority", priority)?;
    wire.header("tags", tag)?;
    // A repeated message replaces the first one, from version 2.16 of the server on.
    wire.header("x-sequence-id", &message.id.to_string())?;
    if let Some(link) = &text.link {
        wire.header("click", link)?;
    }
    wire.authorise(&message.target)?;
    Ok(wire)
}

/// Returns a text for a header. If it is not ASCII, it is written as encoded words (RFC 2047), which ntfy decodes.
fn encoded(text: &str) -> String {
    let has_word = text.contains("=?");
    if text.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic()) && !has_word {
        return text.to_owned();
    }
    let mut words = vec![String::new()];
    for c in text.chars() {
        match words.last_mut() {
            Some(word) if word.len() + c.len_utf8() <= WORD => word.push(c),
            _ => words.push(c.to_string()),
        }
    }
    let words: Vec<_> = words
        .iter()
        .map(|word| format!("=?UTF-8?B?{}?=", STANDARD.encode(word)))
        .collect();
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_is_ascii_or_encoded_words_of_75_characters() {
        assert_eq!(encoded("Frost warning is late"), "Frost warning is late");
        assert_eq!(encoded("Ähre"), "=?UTF-8?B?w4RocmU=?=");
        assert_eq!(encoded("=?UTF-8?B?eA==?="), "=?UTF-8?B?PT9VVEYtOD9CP2VBPT0/PQ==?=");
        let long = "Straße und 🍇 ".repeat(20);
        let words = encoded(&long);
        let mut bytes = Vec::new();
        for word in words.split(' ') {
            assert!(word.len() <= 75, "{word}");
            let inner = word.strip_prefix("=?UTF-8?B?").and_then(|word| word.strip_suffix("?="));
            let part = STANDARD.decode(inner.unwrap()).unwrap();
            assert!(std::str::from_utf8(&part).is_ok(), "a character was cut: {word}");
            bytes.extend(part);
        }
        assert_eq!(String::from_utf8(bytes).unwrap(), long);
    }
}
