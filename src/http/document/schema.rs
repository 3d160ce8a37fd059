//! Compiled JSON schemas, which validate bodies and parameters.

use jsonschema::{Draft, Validator};
use serde_json::{Map, Value, json};

use super::fault::note;
use crate::domain::{Duration, Timestamp, Violation, row_limit::RowLimit, violation::MAX_VIOLATIONS};

/// Compiled JSON schema.
pub struct Schema {
    /// JSON of the schema. Messages contain limits that are read from it.
    root: Value,
    validator: Validator,
}

impl Schema {
    /// Compiles a JSON schema. If it cannot be compiled, logs an error with its `name` and returns `None`.
    pub fn compile(name: &str, root: Value) -> Option<Self> {
        let validator = jsonschema::options()
            .with_draft(Draft::Draft4)
            .with_format("date-time", |text: &str| Timestamp::parse(text).is_ok())
            .with_format("duration", |text: &str| Duration::parse(text).is_ok())
            .with_format("row-limit", |text: &str| RowLimit::parse(text).is_ok())
            .with_format("uuid", |text: &str| uuid::Uuid::parse_str(text).is_ok())
            .should_validate_formats(true)
            .build(&root)
            .inspect_err(|error| tracing::error!(name, %error, "a schema cannot be compiled"))
            .ok()?;
        Some(Self { root, validator })
    }

    /// Returns the violations of the schema in a JSON value, one for each faulty part of the value, up to the maximum
    /// number of violations.
    pub fn violations(&self, value: &Value) -> Vec<Violation> {
        if self.validator.is_valid(value) {
            return Vec::new();
        }
        let mut found = Vec::new();
        for error in self.validator.iter_errors(value).take(MAX_VIOLATIONS) {
            note(&error, &self.root, &mut found);
        }
        found.truncate(MAX_VIOLATIONS);
        found
    }
}

/// Converts a schema of OpenAPI 3.0 to JSON Schema, which has the type `null` instead of `nullable`.
pub fn to_json_schema(value: &Value) -> Value {
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
