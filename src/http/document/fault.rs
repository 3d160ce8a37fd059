//! Messages of violations: converts the errors of the schema validator to messages for the client.

use jsonschema::{
    ValidationError,
    error::{TypeKind, ValidationErrorKind},
};
use serde_json::Value;

use super::pointer::escape;
use crate::domain::{Duration, Timestamp, Violation, row_limit::RowLimit, text::fault_of_line};

/// Message for a member that the schema does not have.
pub const UNKNOWN: &str = "is not a known field here";

/// Converts an error of the validator and appends the violations to `found`. `root` is the schema that the path in the
/// error refers to.
pub fn note(error: &ValidationError<'_>, root: &Value, found: &mut Vec<Violation>) {
    let at = error.instance_path().as_str().to_owned();
    let detail = match error.kind() {
        ValidationErrorKind::AdditionalProperties { unexpected } => {
            for name in unexpected {
                let pointer = format!("{at}/{}", escape(name));
                found.push(Violation::at(pointer, UNKNOWN));
            }
            return;
        }
        ValidationErrorKind::Required { property } => {
            let name = property.as_str().unwrap_or_default();
            found.push(Violation::at(format!("{at}/{}", escape(name)), "is missing"));
            return;
        }
        ValidationErrorKind::UniqueItems => {
            let items = error.instance().as_array().map_or(&[][..], Vec::as_slice);
            let again = (0..items.len()).filter(|&index| items[..index].contains(&items[index]));
            found.extend(again.map(|index| Violation::at(format!("{at}/{index}"), "is repeated")));
            return;
        }
        ValidationErrorKind::AnyOf { context } | ValidationErrorKind::OneOfNotValid { context } => {
            return note_alternatives(at, context, root, found);
        }
        _ => detail(error, root),
    };
    // Only the first fault of a value is reported; an empty name, for example, violates both a length and a pattern.
    if !found.iter().any(|known| known.pointer.as_ref() == Some(&at)) {
        found.push(Violation::at(at, detail));
    }
}

/// Appends the violations of a value that has alternatives in the schema and fits none of them. `ways` has the errors
/// of each alternative.
fn note_alternatives(at: String, ways: &[Vec<ValidationError<'_>>], root: &Value, found: &mut Vec<Violation>) {
    // The intended alternative is the one with the value's JSON type. If there is none, the last one is used, which is
    // not null.
    let is_meant = |way: &&Vec<ValidationError<'_>>| {
        !way.iter().any(|inner| {
            matches!(inner.kind(), ValidationErrorKind::Type { .. }) && inner.instance_path().as_str() == at
        })
    };
    let meant = ways.iter().find(is_meant);
    if let (None, Some(expected)) = (meant, all_types(ways)) {
        found.push(Violation::at(at, format!("must be {expected}")));
        return;
    }
    for inner in meant.or(ways.last()).into_iter().flatten() {
        note(inner, root, found);
    }
}

fn detail(error: &ValidationError<'_>, root: &Value) -> String {
    let text = || error.instance().as_str().unwrap_or_default().to_owned();
    match error.kind() {
        ValidationErrorKind::Type { kind } => {
            let is_integer = matches!(kind, TypeKind::Single(kind) if kind.to_string() == "integer");
            let range = is_integer.then(|| range(error, root)).flatten();
            range.unwrap_or_else(|| format!("must be {}", types(kind)))
        }
        ValidationErrorKind::Enum { options } => format!("must be one of {}", list(options)),
        ValidationErrorKind::MinLength { limit: 1 } | ValidationErrorKind::MinItems { limit: 1 } => {
            "is empty".to_owned()
        }
        ValidationErrorKind::MinLength { limit } => format!("is shorter than {limit} characters"),
        ValidationErrorKind::MaxLength { limit } => format!("is longer than {limit} characters"),
        ValidationErrorKind::Pattern { .. } => fault_of_line(&text()).unwrap_or("is not of the right form").to_owned(),
        ValidationErrorKind::Minimum { limit } => {
            range(error, root).unwrap_or_else(|| format!("must be at least {}", plain(limit)))
        }
        ValidationErrorKind::Maximum { limit } => {
            range(error, root).unwrap_or_else(|| format!("must be at most {}", plain(limit)))
        }
        ValidationErrorKind::MinItems { limit } => format!("needs at least {limit} items"),
        ValidationErrorKind::MaxItems { limit } => format!("has more than {limit} items"),
        ValidationErrorKind::Format { format } => match format.as_str() {
            "uuid" => "must be a UUID".to_owned(),
            "date-time" => Timestamp::parse(&text()).err().unwrap_or("must be a time").to_owned(),
            "duration" => Duration::parse(&text())
                .err()
                .unwrap_or("must be a duration")
                .to_owned(),
            "row-limit" => RowLimit::FAULT.to_owned(),
            other => format!("must be a {other}"),
        },
        _ => "is not of the form that the API's document shows".to_owned(),
    }
}

/// Returns the message with the range of a number. `None` if the schema lacks one of the two limits.
fn range(error: &ValidationError<'_>, root: &Value) -> Option<String> {
    let (schema, _) = error.schema_path().as_str().rsplit_once('/')?;
    let schema = root.pointer(schema)?;
    let (least, most) = (plain(schema.get("minimum")?), plain(schema.get("maximum")?));
    let kind = &schema["type"];
    let is_integer = kind == "integer" || kind[0] == "integer";
    let noun = if is_integer { "an integer " } else { "" };
    Some(format!("must be {noun}from {least} to {most}"))
}

fn types(kind: &TypeKind) -> String {
    let name = |kind: &dyn std::fmt::Display| match kind.to_string().as_str() {
        "array" => "an array".to_owned(),
        "object" => "an object".to_owned(),
        "integer" => "an integer".to_owned(),
        "boolean" => "true or false".to_owned(),
        "null" => "null".to_owned(),
        other => format!("a {other}"),
    };
    match kind {
        TypeKind::Single(kind) => name(kind),
        TypeKind::Multiple(kinds) => {
            let names: Vec<_> = kinds.iter().map(|kind| name(&kind)).collect();
            names.join(" or ")
        }
    }
}

/// Returns the types that a value may have as text. `None` if a wrong type is not the only error of each alternative.
fn all_types(ways: &[Vec<ValidationError<'_>>]) -> Option<String> {
    let expected = |way: &Vec<ValidationError<'_>>| match way.as_slice() {
        [only] => match only.kind() {
            ValidationErrorKind::Type { kind } => Some(types(kind)),
            _ => None,
        },
        _ => None,
    };
    let expected: Option<Vec<_>> = ways.iter().map(expected).collect();
    expected.map(|expected| expected.join(" or "))
}

fn list(options: &Value) -> String {
    let options: Vec<_> = options
        .as_array()
        .into_iter()
        .flatten()
        .map(|option| option.as_str().map_or_else(|| option.to_string(), str::to_owned))
        .collect();
    options.join(", ")
}

/// Returns a limit as text, without the fraction `.0`.
fn plain(limit: &Value) -> String {
    let text = limit.to_string();
    text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
}
