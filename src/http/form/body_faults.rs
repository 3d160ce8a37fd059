//! Finds every violation in a JSON body that does not fit its schema in the API's document.

use poem_openapi::types::Type;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{json_faults::unreadable, rules::Rules};
use crate::{
    domain::{Error, Violation, violation::MAX_VIOLATIONS},
    http::{
        document::{
            Document, UNKNOWN,
            pointer::{escape, remove},
        },
        problem::Problem,
    },
    service::App,
};

/// Size in bytes above which only the first fault of a body is reported, because validation against a schema takes many
/// times the memory of the body.
const EXPLAINED_BYTES: usize = 256 * 1024;

/// Returns the problem of a JSON body that does not fit the schema of `T`. The problem is 422 with the violations of
/// the schema and of the rules, or 400 if the body is not JSON.
pub fn wrong<T: Type + DeserializeOwned + Rules>(bytes: &[u8], app: &App, document: &Document) -> Problem {
    if bytes.len() > EXPLAINED_BYTES {
        return Error::Invalid(vec![first_fault::<T>(bytes)]).into();
    }
    let value = match serde_json::from_slice(bytes) {
        Ok(value) => value,
        Err(error) => return unreadable(bytes, &error),
    };
    let mut found = document.violations::<T>(&value);
    if found.is_empty() {
        // A schema cannot express this fault, for example a repeated member.
        found.push(first_fault::<T>(bytes));
    }
    let broken = broken_rules::<T>(value, &found, app);
    // If the schema and a rule report the same member, the message of the rule is more helpful.
    found.retain(|violation| broken.iter().all(|rule| rule.pointer != violation.pointer));
    found.extend(broken);
    found.truncate(MAX_VIOLATIONS);
    Error::Invalid(found).into()
}

/// Returns the violated rules of a body, after removing the unknown members that `form` lists. Returns none if the body
/// cannot be parsed even then.
fn broken_rules<T: DeserializeOwned + Rules>(mut value: Value, form: &[Violation], app: &App) -> Vec<Violation> {
    for unknown in form.iter().filter(|violation| violation.detail == UNKNOWN) {
        remove(&mut value, unknown.pointer.as_deref().unwrap_or_default());
    }
    let Ok(mut body) = serde_json::from_value::<T>(value) else {
        return Vec::new();
    };
    match body.apply_rules(app) {
        Err(Error::Invalid(broken)) => broken,
        _ => Vec::new(),
    }
}

/// Returns the fault at which deserialization of the body as `T` stops.
fn first_fault<T: DeserializeOwned>(bytes: &[u8]) -> Violation {
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    match serde_path_to_error::deserialize::<_, T>(&mut deserializer) {
        Ok(_) => Violation::at("", "cannot be used"),
        Err(error) => fault(&error),
    }
}

/// Converts a deserializer's error to a violation with a JSON pointer.
pub fn fault(error: &serde_path_to_error::Error<serde_json::Error>) -> Violation {
    let (place, said) = (pointer(error.path()), said(error.inner()));
    match said.strip_prefix("duplicate field `") {
        Some(name) => {
            let name = escape(name.trim_end_matches('`'));
            Violation::at(format!("{place}/{name}"), "is repeated")
        }
        None => Violation::at(place, said),
    }
}

fn pointer(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    path.iter()
        .map(|segment| match segment {
            Segment::Seq { index } => format!("/{index}"),
            Segment::Map { key } => format!("/{}", escape(key)),
            Segment::Enum { variant } => format!("/{variant}"),
            Segment::Unknown => String::new(),
        })
        .collect()
}

/// Returns serde_json's message without line and column, because the violation has a JSON pointer instead.
fn said(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.rsplit_once(" at line ") {
        Some((message, _)) => message.to_owned(),
        None => text,
    }
}
