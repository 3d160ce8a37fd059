//! The text of JSON bodies: what is accepted besides strict JSON, and where a body goes wrong.
//!
//! The usual body is parsed straight into its type and never comes here. Only when that fails, the text is walked to find
//! whole numbers that are written as `60.0`, words that JSON does not have, numbers that are out of range, and the place
//! that a parser's position stands for.

use std::ops::Range;

use crate::{
    domain::{Error, Violation, violation::MAX_VIOLATIONS},
    http::{
        document::pointer::escape,
        problem::{BAD_REQUEST, Problem},
    },
};

/// The whole numbers that 64-bit floating point has without gaps.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// The body without its byte order mark.
///
/// # Errors
/// The problem of a body in UTF-16.
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

/// The body with whole numbers such as `60.0` and `6e1` written as integers, if there are such.
pub fn with_integers(bytes: &[u8]) -> Option<Vec<u8>> {
    replaced(bytes, |word| whole(word).map(|number| number.to_string()))
}

/// The body with `null` in place of NaN, which writers such as Python's use for gaps, if there are such.
pub fn nan_as_null(bytes: &[u8]) -> Option<Vec<u8>> {
    replaced(bytes, |word| (word == b"NaN").then(|| "null".to_owned()))
}

/// The body with other words in place of some, if there are such.
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

/// The integer that a number with a fraction or an exponent is equal to.
fn whole(word: &[u8]) -> Option<i64> {
    let text = str::from_utf8(word).ok()?;
    if !is_number(text) || !text.contains(['.', 'e', 'E']) {
        return None;
    }
    let number: f64 = text.parse().ok()?;
    let is_whole = number.fract() == 0.0 && number.abs() < EXACT;
    // The sign of -0.0 is part of a measured value.
    let is_whole = is_whole && !(number == 0.0 && number.is_sign_negative());
    #[expect(clippy::cast_possible_truncation, reason = "it is whole, and within the exact range")]
    is_whole.then_some(number as i64)
}

/// Whether a word is written as a number, in or out of range.
fn is_number(word: &str) -> bool {
    word.bytes().any(|byte| byte.is_ascii_digit())
        && word
            .bytes()
            .all(|byte| matches!(byte, b'0'..=b'9' | b'.' | b'-' | b'+' | b'e' | b'E'))
}

/// What is wrong with the words of a text that is no JSON: those that JSON does not have, and the numbers that are out of
/// range. Pointers begin with `prefix`.
fn wrong_words(bytes: &[u8], prefix: &str) -> (Vec<Violation>, Vec<Violation>) {
    let (mut foreign, mut too_large) = (Vec::new(), Vec::new());
    let mut words = Words::of(bytes);
    while let Some(word) = words.next()
        && foreign.len() + too_large.len() < MAX_VIOLATIONS
    {
        let text = str::from_utf8(&bytes[word]).unwrap_or_default();
        let pointer = || format!("{prefix}{}", words.pointer());
        if let Some(detail) = foreign_word(text) {
            foreign.push(Violation::at(pointer(), detail));
        } else if is_number(text) && text.parse().is_ok_and(f64::is_infinite) {
            let detail = "is out of range: a number has a magnitude of at most 1.7976931348623157e308";
            too_large.push(Violation::at(pointer(), detail));
        }
    }
    (foreign, too_large)
}

/// The problem of a body that is no JSON.
pub fn unreadable(bytes: &[u8], error: &serde_json::Error) -> Problem {
    if bytes.trim_ascii().is_empty() {
        return Problem::new(BAD_REQUEST, "the body is empty: send JSON");
    }
    if let Err(error) = str::from_utf8(bytes) {
        let at = error.valid_up_to();
        let detail = format!("the body is not UTF-8 at byte {at}: send it in UTF-8");
        return Problem::new(BAD_REQUEST, detail);
    }
    let (foreign, too_large) = wrong_words(bytes, "");
    if !foreign.is_empty() {
        let detail = match foreign.as_slice() {
            [only] => {
                let place = only.pointer.as_deref().unwrap_or_default();
                format!("the body is not JSON: {place} {}", only.detail)
            }
            _ => "the body is not JSON: it has words that JSON does not have".to_owned(),
        };
        return Problem::new(BAD_REQUEST, detail).with_errors(foreign);
    }
    if !too_large.is_empty() {
        return Error::Invalid(too_large).into();
    }
    let place = match place(bytes, error) {
        pointer if pointer.is_empty() => pointer,
        pointer => format!(" at {pointer}"),
    };
    let detail = if error.is_eof() {
        format!("the body ends too early{place}: {error}")
    } else {
        format!("the body is not JSON{place}: {error}")
    };
    Problem::new(BAD_REQUEST, detail)
}

/// What is wrong with a line that is no JSON. Pointers begin with `prefix`.
pub fn faults_of_line(bytes: &[u8], error: &serde_json::Error, prefix: &str) -> Vec<Violation> {
    let (mut foreign, too_large) = wrong_words(bytes, prefix);
    foreign.extend(too_large);
    if foreign.is_empty() {
        let pointer = format!("{prefix}{}", place(bytes, error));
        foreign.push(Violation::at(pointer, format!("is not JSON: {error}")));
    }
    foreign
}

/// The JSON pointer of the place where a parser failed.
fn place(bytes: &[u8], error: &serde_json::Error) -> String {
    let offset = offset(bytes, error.line(), error.column());
    Words::of(bytes).pointer_at(offset)
}

/// What is wrong with a word that other languages write and JSON does not have.
fn foreign_word(word: &str) -> Option<String> {
    let unsigned = word.trim_start_matches(['-', '+']).to_ascii_lowercase();
    match unsigned.as_str() {
        "nan" => Some(format!(
            "is {word}, which JSON does not have: use the query parameter gaps=skip to skip gaps, or \
            gaps=withdraw to withdraw what is there, where the operation has it; elsewhere leave it out"
        )),
        "inf" | "infinity" | "na" => Some(format!(
            "is {word}, which JSON does not have: leave it out, or write null where a value may be missing"
        )),
        "none" | "nil" | "undefined" => Some(format!("is {word}, which JSON does not have: write null")),
        _ if matches!(word, "True" | "False" | "TRUE" | "FALSE") => {
            let meant = word.to_ascii_lowercase();
            Some(format!("is {word}, which JSON does not have: write {meant}"))
        }
        _ => None,
    }
}

/// The offset of a parser's line and column, which count from 1.
fn offset(bytes: &[u8], line: usize, column: usize) -> usize {
    let lines = bytes.split_inclusive(|byte| *byte == b'\n');
    let before: usize = lines.take(line.saturating_sub(1)).map(<[u8]>::len).sum();
    before + column.saturating_sub(1)
}

/// Walks a text that is nearly JSON and stops at each word that is not a string: a number, `true`, or anything else.
struct Words<'a> {
    bytes: &'a [u8],
    at: usize,
    within: Vec<Within>,
    /// Whether the next string is a member's name.
    names: bool,
}

/// The array or object that a word is in.
enum Within {
    /// The index in an array.
    Item(usize),
    /// The name in an object, with its quotes; empty before the first.
    Member(Range<usize>),
}

/// The depth of nesting at which serde_json refuses a text.
const DEEPEST: usize = 128;

impl<'a> Words<'a> {
    fn of(bytes: &'a [u8]) -> Self {
        Self {
            bytes,
            at: 0,
            within: Vec::new(),
            names: false,
        }
    }

    /// The next word.
    fn next(&mut self) -> Option<Range<usize>> {
        self.next_before(self.bytes.len())
    }

    /// The next word that begins before `end`.
    fn next_before(&mut self, end: usize) -> Option<Range<usize>> {
        while self.at < end {
            let start = self.at;
            self.at += 1;
            match self.bytes[start] {
                // The parser gives up at this depth, too, so that nothing beyond it is of interest.
                b'{' | b'[' if self.within.len() >= DEEPEST => return None,
                b'{' => {
                    self.within.push(Within::Member(0..0));
                    self.names = true;
                }
                b'[' => {
                    self.within.push(Within::Item(0));
                    self.names = false;
                }
                b'}' | b']' => {
                    self.within.pop();
                }
                b',' => match self.within.last_mut() {
                    Some(Within::Item(index)) => *index += 1,
                    Some(Within::Member(_)) => self.names = true,
                    None => {}
                },
                b':' => self.names = false,
                b'"' => {
                    self.skip_string();
                    if let Some(Within::Member(name)) = self.within.last_mut()
                        && self.names
                    {
                        *name = start..self.at;
                    }
                }
                byte if byte.is_ascii_whitespace() => {}
                _ => {
                    let is_end = |byte: &u8| byte.is_ascii_whitespace() || b",:[]{}\"".contains(byte);
                    let length = self.bytes[start..].iter().position(is_end);
                    self.at = length.map_or(self.bytes.len(), |length| start + length);
                    return Some(start..self.at);
                }
            }
        }
        None
    }

    fn skip_string(&mut self) {
        while let Some(byte) = self.bytes.get(self.at) {
            self.at += 1;
            match byte {
                b'\\' => self.at = (self.at + 1).min(self.bytes.len()),
                b'"' => return,
                _ => {}
            }
        }
    }

    /// The JSON pointer of the place that was reached.
    fn pointer(&self) -> String {
        let part = |within: &Within| match within {
            Within::Item(index) => format!("/{index}"),
            Within::Member(name) => {
                let name = serde_json::from_slice::<String>(&self.bytes[name.clone()]);
                name.map_or_else(|_| String::new(), |name| format!("/{}", escape(&name)))
            }
        };
        // Where a member's name is expected, the name of the member before says nothing.
        let named = self.within.len() - usize::from(self.names && !self.within.is_empty());
        // What is nested deeper than any body of the API is not spelled out.
        self.within[..named].iter().take(20).map(part).collect()
    }

    fn pointer_at(mut self, offset: usize) -> String {
        while self.next_before(offset).is_some() {}
        self.pointer()
    }
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
