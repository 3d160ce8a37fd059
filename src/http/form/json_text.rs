//! Rewrites JSON bodies that are accepted although they are not strict JSON.
//!
//! A body is first parsed directly into its type. Only if this fails, the text is searched for whole numbers that are
//! written as `60.0`, and for NaN.

use super::json_words::Words;
use crate::http::problem::{BAD_REQUEST, Problem};

/// Largest magnitude up to which every whole number is exact as a 64-bit floating point number (2^53).
const EXACT: f64 = 9_007_199_254_740_992.0;

/// Returns the body without the byte order mark of UTF-8, if it has one. Whether the bytes are valid UTF-8 is not
/// checked.
///
/// # Errors
/// 400 if the body is UTF-16.
pub fn utf8(bytes: &[u8]) -> Result<&[u8], Problem> {
    match bytes {
        [0xef, 0xbb, 0xbf, rest @ ..] => Ok(rest),
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] | [0, _, ..] | [_, 0, ..] => {
            let detail = "the body is in UTF-16: send it in UTF-8";
            Err(Problem::new(BAD_REQUEST, detail))
        }
        _ => Ok(bytes),
    }
}

/// Returns the body with whole numbers such as `60.0` and `6e1` rewritten as integers. `None` if there are no such
/// numbers.
pub fn with_integers(bytes: &[u8]) -> Option<Vec<u8>> {
    replaced(bytes, |word| whole(word).map(|number| number.to_string()))
}

/// Returns the body with `null` in place of NaN, which some JSON writers, such as Python's, use for gaps. `None` if
/// there is no NaN.
pub fn nan_as_null(bytes: &[u8]) -> Option<Vec<u8>> {
    replaced(bytes, |word| (word == b"NaN").then(|| "null".to_owned()))
}

/// Returns the body with some words replaced. `by` returns the replacement of a word, or `None` if the word stays.
/// Returns `None` if no word was replaced.
fn replaced(bytes: &[u8], by: impl Fn(&[u8]) -> Option<String>) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    let mut copied = 0;
    let mut words = Words::of(bytes);
    while let Some(word) = words.next() {
        let Some(new) = by(&bytes[word.clone()]) else {
            continue;
        };
        out.extend_from_slice(&bytes[copied..word.start]);
        out.extend_from_slice(new.as_bytes());
        copied = word.end;
    }
    if copied == 0 {
        return None;
    }
    out.extend_from_slice(&bytes[copied..]);
    Some(out)
}

/// Returns the integer that equals a number with a fraction or an exponent. `None` if the word is no such number, or is
/// not exact as an integer.
fn whole(word: &[u8]) -> Option<i64> {
    let text = str::from_utf8(word).ok()?;
    if !is_number(text) || !text.contains(['.', 'e', 'E']) {
        return None;
    }
    let number: f64 = text.parse().ok()?;
    let is_whole = number.fract() == 0.0 && number.abs() < EXACT;
    // -0.0 is not rewritten, because its sign is part of a measured value.
    let is_whole = is_whole && !(number == 0.0 && number.is_sign_negative());
    #[expect(clippy::cast_possible_truncation, reason = "it is whole, and within the exact range")]
    is_whole.then_some(number as i64)
}

/// Returns whether a word has digits and only the characters of JSON numbers. The number may be out of range.
pub fn is_number(word: &str) -> bool {
    word.bytes().any(|byte| byte.is_ascii_digit())
        && word
            .bytes()
            .all(|byte| matches!(byte, b'0'..=b'9' | b'.' | b'-' | b'+' | b'e' | b'E'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nan_is_null_outside_of_texts() {
        for (json, expected) in [
            ("[NaN, 1,NaN]", Some("[null, 1,null]")),
            ("{\"NaN\": NaN}", Some("{\"NaN\": null}")),
            ("[\"a\\\"NaN\", NaN]", Some("[\"a\\\"NaN\", null]")),
            ("[\"NaN\"]", None),
            ("[\"\\\\\", NaN", Some("[\"\\\\\", null")),
            ("[1, NA", None),
            ("\"NaN", None),
            ("\"\\", None),
        ] {
            let found = nan_as_null(json.as_bytes());
            assert_eq!(found.as_deref(), expected.map(str::as_bytes), "{json}");
        }
    }
}
