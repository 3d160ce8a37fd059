//! Bodies held against the document's schemas, to tell everything that is wrong with one at once.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use jsonschema::{
    Draft, ValidationError, Validator,
    error::{TypeKind, ValidationErrorKind},
};
use serde_json::{Map, Value, json};

use super::pointer::escape;
use crate::domain::{Timestamp, Violation, violation::MAX_VIOLATIONS};

/// The document's schemas. Each is compiled when a body first breaks it: most never are.
pub struct Schemas {
    components: Value,
    compiled: Mutex<HashMap<String, Option<Arc<Validator>>>>,
}

impl Schemas {
    /// The schemas of an OpenAPI 3.0 document.
    pub fn of(document: &Value) -> Self {
        Self {
            components: json!({ "schemas": to_json_schema(&document["components"]["schemas"]) }),
            compiled: Mutex::default(),
        }
    }

    /// What is wrong with a body that is to be of that schema, which `name` stands for.
    pub fn violations(&self, name: &str, schema: impl FnOnce() -> Value, body: &Value) -> Vec<Violation> {
        let Some(validator) = self.validator(name, schema) else {
            return Vec::new();
        };
        let mut found = Vec::new();
        for error in validator.iter_errors(body).take(MAX_VIOLATIONS) {
            tell(&error, &mut found);
        }
        found.truncate(MAX_VIOLATIONS);
        found
    }

    fn validator(&self, name: &str, schema: impl FnOnce() -> Value) -> Option<Arc<Validator>> {
        let mut compiled = self.compiled.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(validator) = compiled.get(name) {
            return validator.clone();
        }
        let root = json!({
            "allOf": [to_json_schema(&schema())],
            "components": self.components,
        });
        let validator = jsonschema::options()
            .with_draft(Draft::Draft4)
            .with_format("date-time", |text: &str| Timestamp::parse(text).is_ok())
            .with_format("uuid", |text: &str| uuid::Uuid::parse_str(text).is_ok())
            .should_validate_formats(true)
            .build(&root)
            .inspect_err(|error| tracing::error!(name, %error, "a schema cannot be compiled"))
            .ok()
            .map(Arc::new);
        compiled.insert(name.to_owned(), validator.clone());
        validator
    }
}

/// OpenAPI 3.0 writes `nullable` where JSON Schema knows the type `null`.
fn to_json_schema(value: &Value) -> Value {
    match value {
        Value::Object(object) => {
            let mut schema: Map<String, Value> = object
                .iter()
                .filter(|(name, _)| *name != "nullable" && *name != "example")
                .map(|(name, inner)| (name.clone(), to_json_schema(inner)))
                .collect();
            if object.get("nullable") != Some(&json!(true)) {
                return Value::Object(schema);
            }
            match schema.get("type").cloned() {
                Some(kind @ Value::String(_)) => {
                    schema.insert("type".to_owned(), json!([kind, "null"]));
                    Value::Object(schema)
                }
                _ => json!({ "anyOf": [{ "type": "null" }, schema] }),
            }
        }
        Value::Array(items) => items.iter().map(to_json_schema).collect(),
        other => other.clone(),
    }
}

fn tell(error: &ValidationError<'_>, found: &mut Vec<Violation>) {
    let at = error.instance_path().as_str().to_owned();
    let detail = match error.kind() {
        ValidationErrorKind::AdditionalProperties { unexpected } => {
            for name in unexpected {
                let pointer = format!("{at}/{}", escape(name));
                found.push(Violation::at(pointer, "is not a known field here"));
            }
            return;
        }
        ValidationErrorKind::Required { property } => {
            let name = property.as_str().unwrap_or_default();
            found.push(Violation::at(format!("{at}/{}", escape(name)), "is missing"));
            return;
        }
        ValidationErrorKind::AnyOf { context } | ValidationErrorKind::OneOfNotValid { context } => {
            // The way that is meant is the one of the body's own type; the last is the one that is not null.
            let is_meant = |way: &&Vec<ValidationError<'_>>| {
                !way.iter().any(|inner| {
                    matches!(inner.kind(), ValidationErrorKind::Type { .. }) && inner.instance_path().as_str() == at
                })
            };
            let meant = context.iter().find(is_meant);
            if let (None, Some(expected)) = (meant, all_types(context)) {
                found.push(Violation::at(at, format!("must be {expected}")));
                return;
            }
            for inner in meant.or(context.last()).into_iter().flatten() {
                tell(inner, found);
            }
            return;
        }
        ValidationErrorKind::Type { kind } => format!("must be {}", types(kind)),
        ValidationErrorKind::Enum { options } => format!("must be one of {}", list(options)),
        ValidationErrorKind::MinLength { limit: 1 } => "is empty".to_owned(),
        ValidationErrorKind::MinLength { limit } => format!("is shorter than {limit} characters"),
        ValidationErrorKind::MaxLength { limit } => format!("is longer than {limit} characters"),
        ValidationErrorKind::Pattern { .. } => "is empty or holds control characters".to_owned(),
        ValidationErrorKind::Minimum { limit } => format!("must be at least {}", plain(limit)),
        ValidationErrorKind::Maximum { limit } => format!("must be at most {}", plain(limit)),
        ValidationErrorKind::MinItems { limit: 1 } => "is empty".to_owned(),
        ValidationErrorKind::MinItems { limit } => format!("needs at least {limit} items"),
        ValidationErrorKind::MaxItems { limit } => format!("has more than {limit} items"),
        ValidationErrorKind::Format { format } => match format.as_str() {
            "uuid" => "must be a UUID".to_owned(),
            "date-time" => time_fault(error.instance()),
            other => format!("must be a {other}"),
        },
        _ => "is not of the form that the API's document shows".to_owned(),
    };
    // Of several faults in one value, such as an empty name's length and pattern, the first says enough.
    let violation = Violation::at(at, detail);
    if !found.iter().any(|known| known.pointer == violation.pointer) {
        found.push(violation);
    }
}

fn time_fault(value: &Value) -> String {
    let fault = value.as_str().map(Timestamp::parse);
    let fault = fault.and_then(Result::err);
    fault.unwrap_or("must be an RFC 3339 time with an offset").to_owned()
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

/// The types that a value may have of which it has none, if that is all that is wrong with it.
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

/// A limit as people write it: without a fraction that is none.
fn plain(limit: &Value) -> String {
    let text = limit.to_string();
    text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
}
