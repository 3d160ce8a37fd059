//! Rules for the Unicode characters of names. Each name has only one encoding. A name with characters that could make
//! it look like another name or invisible is rejected.

use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

/// Returns the text in the Unicode normal form NFC. For example, `ä` can be encoded as one character or as `a` and a
/// combining diaeresis. Both encodings become the same name.
pub fn normal(text: String) -> String {
    if text.is_ascii() || is_nfc_quick(text.chars()) == IsNormalized::Yes {
        return text;
    }
    text.nfc().collect()
}

/// Returns a description of the fault if a name contains an invisible or meaningless character, or a character that
/// changes the display of other characters, or if no character is visible. Returns `None` if the name is acceptable.
pub fn deceives(name: &str) -> Option<String> {
    if name.is_ascii() {
        return None;
    }
    let characters: Vec<char> = name.chars().collect();
    let found = characters.iter().enumerate().find_map(|(index, c)| {
        let before = index.checked_sub(1).map(|before| characters[before]);
        fault(*c, before, characters.get(index + 1).copied(), name).map(|why| (*c, why))
    });
    if let Some((c, why)) = found {
        return Some(format!("holds U+{:04X}, {why}", u32::from(c)));
    }
    let is_seen = |c: &char| !c.is_whitespace() && !is_blank(*c);
    match characters.iter().find(|c| !is_seen(c)) {
        Some(blank) if !characters.iter().any(is_seen) => Some(format!(
            "has no visible character: it contains U+{:04X}",
            u32::from(*blank)
        )),
        _ => None,
    }
}

/// Returns the reason why the character `c` is rejected, or `None` if it is accepted. `before` and `after` are its
/// neighbours in `name`.
fn fault(c: char, before: Option<char>, after: Option<char>, name: &str) -> Option<&'static str> {
    const BIDIRECTIONAL: &str = "which changes the direction of the text: remove it";
    const INVISIBLE: &str = "which is invisible: remove it";
    const SEPARATOR: &str = "which breaks the line: a name must be a single line";
    const NO_CHARACTER: &str = "which has no meaning that others can read";
    match c {
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => Some(BIDIRECTIONAL),
        '\u{2028}' | '\u{2029}' => Some(SEPARATOR),
        '\u{ad}'
        | '\u{34f}'
        | '\u{115f}'
        | '\u{1160}'
        | '\u{17b4}'
        | '\u{17b5}'
        | '\u{180b}'..='\u{180f}'
        | '\u{200b}'
        | '\u{2060}'..='\u{2065}'
        | '\u{206a}'..='\u{206f}'
        | '\u{3164}'
        | '\u{feff}'
        | '\u{ffa0}'
        | '\u{fff9}'..='\u{fffb}'
        | '\u{1bca0}'..='\u{1bca3}'
        | '\u{1d173}'..='\u{1d17a}' => Some(INVISIBLE),
        // Joiners shape the letters of some scripts, and join emoji.
        '\u{200c}' | '\u{200d}' => {
            let joins = |c: Option<char>| c.is_some_and(|c| !c.is_ascii() && !c.is_whitespace());
            (!joins(before) || !joins(after)).then_some(INVISIBLE)
        }
        // Variation selectors choose between shapes of the character before them, of an emoji or of a keycap.
        '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}' => {
            let varies = |c: char| !c.is_ascii() || c.is_ascii_digit() || matches!(c, '#' | '*');
            let varies = |c: char| varies(c) && !c.is_whitespace() && !is_blank(c);
            (!before.is_some_and(varies)).then_some(INVISIBLE)
        }
        // Tag characters are used only after a black flag (U+1F3F4), to encode the flag of a region.
        '\u{e0000}'..='\u{e007f}' => (!name.contains('\u{1f3f4}')).then_some(INVISIBLE),
        '\u{e000}'..='\u{f8ff}' | '\u{f0000}'.. => Some(NO_CHARACTER),
        '\u{fdd0}'..='\u{fdef}' => Some(NO_CHARACTER),
        _ if u32::from(c) & 0xfffe == 0xfffe => Some(NO_CHARACTER),
        _ => None,
    }
}

/// Returns whether a character is allowed in names, is invisible by itself, and does not count as white space.
fn is_blank(c: char) -> bool {
    matches!(
        c,
        '\u{2800}'
            | '\u{200c}'
            | '\u{200d}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{e0000}'..='\u{e01ef}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_every_script_and_emoji_are_taken() {
        for name in [
            "Gew\u{e4}chshaus 1",
            "\u{645}\u{6cc}\u{200c}\u{62e}\u{648}\u{627}\u{647}\u{645}",
            "\u{6e29}\u{5ba4}",
            "\u{1f469}\u{200d}\u{1f33e} farm",
            "\u{1f3f3}\u{fe0f}\u{200d}\u{1f308}",
            "1\u{fe0f}\u{20e3}",
            "\u{1f3f4}\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}",
            "a\u{2800}b",
            "\u{b0}C",
        ] {
            assert_eq!(deceives(name), None, "{name}");
        }
    }

    #[test]
    fn what_cannot_be_seen_is_refused() {
        for name in [
            "\u{200b}",
            "a\u{200b}b",
            "a\u{ad}b",
            "\u{3164}",
            "\u{2800}",
            "\u{2800} \u{2800}",
            "\u{200d}",
            "a\u{200d}b",
            "\u{e4}\u{200d}",
            "\u{fe0f}",
            "a\u{fe0f}",
            "\u{e0041}",
            "x\u{202e}gpj",
            "x\u{2066}y\u{2069}",
            "x\u{200f}",
            "a\u{2028}b",
            "\u{feff}a",
            "\u{e000}",
            "\u{ffff}",
            "\u{10fffe}",
            "\u{fdd0}",
        ] {
            let fault = deceives(name);
            assert!(fault.is_some_and(|fault| fault.contains("U+")), "{name:?}");
        }
    }
}
