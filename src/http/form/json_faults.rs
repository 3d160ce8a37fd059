//! Finds the faults of a text that is not JSON, with a JSON pointer for each.

use super::{json_text::is_number, json_words::Words};
use crate::{
    domain::{Error, Violation, violation::MAX_VIOLATIONS},
    http::problem::{BAD_REQUEST, Problem},
};

/// Returns two lists of faults in a text that is not JSON: words that JSON does not have, such as `NaN`, and numbers
/// that are out of range. The JSON pointers begin with `prefix`.
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

/// Returns the problem of a body that is not JSON: 422 if the only fault is numbers that are out of range, otherwise
/// 400.
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

/// Returns the faults of a line that is not JSON. The JSON pointers begin with `prefix`.
pub fn faults_of_line(bytes: &[u8], error: &serde_json::Error, prefix: &str) -> Vec<Violation> {
    let (mut foreign, too_large) = wrong_words(bytes, prefix);
    foreign.extend(too_large);
    if foreign.is_empty() {
        let pointer = format!("{prefix}{}", place(bytes, error));
        foreign.push(Violation::at(pointer, format!("is not JSON: {error}")));
    }
    foreign
}

/// Returns the JSON pointer of the value at which a parser failed.
fn place(bytes: &[u8], error: &serde_json::Error) -> String {
    let offset = offset(bytes, error.line(), error.column());
    Words::of(bytes).pointer_at(offset)
}

/// Returns the message for a word that is valid in another language but not in JSON, such as `None`. Returns `None` for
/// any other word.
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

/// Converts a parser's line and column, which count from 1, to an offset in bytes.
fn offset(bytes: &[u8], line: usize, column: usize) -> usize {
    let lines = bytes.split_inclusive(|byte| *byte == b'\n');
    let before: usize = lines.take(line.saturating_sub(1)).map(<[u8]>::len).sum();
    before + column.saturating_sub(1)
}
