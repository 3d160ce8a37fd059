//! Validation of path and query parameters. The text of a parameter is converted to JSON by the type in its schema, and
//! validated like a body.

use std::sync::OnceLock;

use serde_json::{Value, json};

use super::schema::{Schema, to_json_schema};
use crate::domain::{Timestamp, Violation};

/// Path or query parameter of an operation.
pub struct Parameter {
    /// Name in the path or the query.
    pub name: String,
    /// Part of the request that contains the parameter.
    pub place: Place,
    /// Whether a request without the parameter is refused.
    pub is_required: bool,
    /// Notation of the values, if the parameter is a list. `None` if it has one value.
    list: Option<List>,
    /// Schema of the parameter, with all references resolved.
    schema: Value,
    compiled: OnceLock<Option<Schema>>,
}

/// Part of a request that can contain a parameter.
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
    /// Reads a parameter in the document. Returns `None` if it is a header.
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

    /// Returns whether the query may contain the parameter several times.
    pub fn repeats(&self) -> bool {
        self.list == Some(List::Repeated)
    }

    /// Returns every violation of the parameter's schema in the text of its value. Empty if there is none.
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

/// Converts a text to a JSON value of the schema's type. A text that does not have this type stays a string, for which
/// validation reports a violation.
fn value(schema: &Value, text: &str) -> Value {
    match (schema["type"].as_str(), schema["format"].as_str(), text) {
        (Some("integer"), _, _) => integer(text),
        (Some("number"), _, _) => number(text),
        (Some("boolean"), _, "true") => json!(true),
        (Some("boolean"), _, "false") => json!(false),
        (_, Some("date-time"), _) => json!(Timestamp::text_of_parameter(text)),
        _ => json!(text),
    }
}

fn number(text: &str) -> Value {
    match text.parse::<f64>() {
        Ok(number) if number.is_finite() => json!(number),
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
