//! Validation of parameters: a parameter's text becomes JSON by the type of its schema, and is checked like a body.

use std::sync::OnceLock;

use serde_json::{Value, json};

use super::schema::{Schema, to_json_schema};
use crate::domain::{Timestamp, Violation};

/// A parameter of an operation.
pub struct Parameter {
    /// Name in the path or the query.
    pub name: String,
    /// Part of the request that contains it.
    pub place: Place,
    /// Whether a request without it is refused.
    pub is_required: bool,
    /// Form of a list of values. `None` if there is one value.
    list: Option<List>,
    /// Schema of a value, with all references resolved.
    schema: Value,
    compiled: OnceLock<Option<Schema>>,
}

/// Place of a parameter in the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    Query,
    Path,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum List {
    /// The parameter is repeated for each value.
    Repeated,
    /// The values are separated by commas.
    Commas,
}

impl Parameter {
    /// Reads a parameter of the document. Returns `None` if it is in a header.
    pub fn of(document: &Value, parameter: &Value) -> Option<Self> {
        let place = match parameter["in"].as_str()? {
            "query" => Place::Query,
            "path" => Place::Path,
            _ => return None,
        };
        let schema = to_json_schema(&resolved(document, &parameter["schema"]));
        let list = match &parameter["explode"] {
            _ if schema["type"] != "array" => None,
            Value::Bool(false) => Some(List::Commas),
            _ => Some(List::Repeated),
        };
        Some(Self {
            name: parameter["name"].as_str()?.to_owned(),
            place,
            is_required: parameter["required"] == true,
            list,
            schema,
            compiled: OnceLock::new(),
        })
    }

    /// Returns whether the parameter may be given several times.
    pub fn repeats(&self) -> bool {
        self.list == Some(List::Repeated)
    }

    /// Returns every violation of the parameter's schema by a text.
    pub fn violations(&self, text: &str) -> Vec<Violation> {
        let compile = || Schema::compile(&self.name, self.schema.clone());
        let Some(schema) = self.compiled.get_or_init(compile) else {
            return Vec::new();
        };
        let value = match self.list {
            None => value(&self.schema, text),
            Some(List::Repeated) => json!([value(&self.schema["items"], text)]),
            Some(List::Commas) if text.is_empty() => json!([]),
            Some(List::Commas) => {
                let texts = text.split(',');
                texts.map(|text| value(&self.schema["items"], text)).collect()
            }
        };
        let mut found = schema.violations(&value);
        for violation in &mut found {
            let item = violation.pointer.as_deref().and_then(|pointer| value.pointer(pointer));
            let detail = match item.and_then(Value::as_str) {
                Some(item) if self.list.is_some() => format!("has {item:?}, which {}", violation.detail),
                _ => std::mem::take(&mut violation.detail),
            };
            *violation = Violation::of_parameter(&self.name, detail);
        }
        found
    }
}

/// Returns the schema with each reference replaced by the schema that it names.
fn resolved(document: &Value, schema: &Value) -> Value {
    match schema {
        Value::Object(members) => {
            let reference = members.get("$ref").and_then(Value::as_str);
            let target = reference.and_then(|reference| document.pointer(reference.trim_start_matches('#')));
            if let Some(target) = target {
                return resolved(document, target);
            }
            let resolved = members
                .iter()
                .map(|(name, inner)| (name.clone(), resolved(document, inner)));
            Value::Object(resolved.collect())
        }
        Value::Array(items) => items.iter().map(|inner| resolved(document, inner)).collect(),
        other => other.clone(),
    }
}

/// Returns a text as a JSON value of the schema's type. A text that has another type stays a string, which the schema
/// refuses.
fn value(schema: &Value, text: &str) -> Value {
    match (schema["type"].as_str(), schema["format"].as_str(), text) {
        (Some("integer"), _, _) => integer(text),
        (Some("boolean"), _, "true") => json!(true),
        (Some("boolean"), _, "false") => json!(false),
        (_, Some("date-time"), _) => json!(Timestamp::text_of_parameter(text)),
        _ => json!(text),
    }
}

fn integer(text: &str) -> Value {
    if let Ok(number) = text.parse::<i64>() {
        return json!(number);
    }
    let digits = text.trim_start_matches('-');
    let is_large = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    match text.parse::<f64>() {
        Ok(number) if is_large => json!(number),
        _ => json!(text),
    }
}
