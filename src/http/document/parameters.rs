//! The operations as the document has them: which path a request is for, which methods the path knows, and whether
//! its parameters are as they should be.

use std::collections::HashMap;

use matchit::Router;
use percent_encoding::percent_decode_str;
use serde_json::Value;
use uuid::Uuid;

use super::pointer::operations;
use crate::{
    domain::{Duration, Timestamp, Violation},
    http::metrics::Meters,
};

/// All operations, by their paths.
pub struct Operations(Router<Vec<Operation>>);

/// One operation.
pub struct Operation {
    /// Its path, with names in braces for what varies.
    pub path: String,
    /// Its method, in capitals.
    pub method: String,
    /// Whether it needs a token.
    pub is_secured: bool,
    /// The media types of its bodies.
    pub body_types: Vec<String>,
    /// What is counted of it.
    pub meters: Meters,
    parameters: Vec<Parameter>,
}

struct Parameter {
    name: String,
    is_in_query: bool,
    is_required: bool,
    schema: Value,
}

impl Parameter {
    fn is_list(&self) -> bool {
        self.schema["type"] == "array"
    }

    /// The schema of one value.
    fn of_one(&self) -> &Value {
        if self.is_list() {
            &self.schema["items"]
        } else {
            &self.schema
        }
    }
}

impl Operation {
    /// The header that guards changes.
    pub const IF_MATCH: &str = "If-Match";
    /// The header that saves answers.
    pub const IF_NONE_MATCH: &str = "If-None-Match";

    /// What is wrong with the path's and the query's parameters.
    pub fn violations(&self, path: &str, query: &[(String, String)]) -> Vec<Violation> {
        let mut found = Vec::new();
        for (template, value) in self.path.split('/').zip(path.split('/')) {
            let name = template.strip_prefix('{').and_then(|name| name.strip_suffix('}'));
            if let Some(name) = name {
                let value = percent_decode_str(value).decode_utf8_lossy();
                self.check(false, name, &value, &mut found);
            }
        }
        for (index, (name, value)) in query.iter().enumerate() {
            if query[..index].iter().any(|(before, _)| before == name) && !self.repeats(name) {
                found.push(Violation::of_parameter(name, "is given twice"));
            } else if !self.check(true, name, value, &mut found) {
                found.push(Violation::of_parameter(name, self.unknown()));
            }
        }
        for parameter in &self.parameters {
            let name = &parameter.name;
            if parameter.is_required && parameter.is_in_query && !query.iter().any(|(given, _)| given == name) {
                found.push(Violation::of_parameter(name, "is missing"));
            }
        }
        found
    }

    /// Notes what is wrong with a parameter's value. Whether there is such a parameter.
    fn check(&self, in_query: bool, name: &str, value: &str, found: &mut Vec<Violation>) -> bool {
        let parameter = self
            .parameters
            .iter()
            .find(|known| known.is_in_query == in_query && known.name == name);
        if let Some(fault) = parameter.and_then(|known| fault(known.of_one(), value)) {
            found.push(Violation::of_parameter(name, fault));
        }
        parameter.is_some()
    }

    /// Whether a query parameter may be given several times.
    fn repeats(&self, name: &str) -> bool {
        let mut parameters = self.parameters.iter();
        parameters.any(|known| known.is_in_query && known.name == name && known.is_list())
    }

    fn unknown(&self) -> String {
        let known: Vec<_> = self
            .parameters
            .iter()
            .filter(|parameter| parameter.is_in_query)
            .map(|parameter| parameter.name.as_str())
            .collect();
        if known.is_empty() {
            "is unknown: no query parameters are taken here".to_owned()
        } else {
            format!("is unknown: the query parameters here are {}", known.join(", "))
        }
    }
}

impl Operations {
    /// The operations of an OpenAPI document.
    pub fn of(document: &Value) -> Self {
        let operation = |(path, method, operation): (&str, &str, &Value)| Operation {
            path: path.to_owned(),
            method: method.to_ascii_uppercase(),
            is_secured: operation["security"]
                .as_array()
                .is_some_and(|security| !security.is_empty()),
            body_types: operation["requestBody"]["content"]
                .as_object()
                .into_iter()
                .flat_map(|content| content.keys().cloned())
                .collect(),
            meters: Meters::default(),
            parameters: parameters(document, operation),
        };
        let mut by_path: HashMap<String, Vec<Operation>> = HashMap::new();
        for operation in operations(document).map(operation) {
            by_path.entry(operation.path.clone()).or_default().push(operation);
        }
        let mut paths = Router::new();
        for (path, operations) in by_path {
            if let Err(error) = paths.insert(&path, operations) {
                tracing::error!(%error, path, "a path of the document cannot be told from another");
            }
        }
        Self(paths)
    }

    /// The operations whose path fits: one for each method that the path knows. A path without braces goes first.
    pub fn at(&self, path: &str) -> &[Operation] {
        self.0.at(path).map_or(&[], |found| found.value.as_slice())
    }
}

fn parameters(document: &Value, operation: &Value) -> Vec<Parameter> {
    let place = |parameter: &Value| parameter["in"].as_str().unwrap_or_default().to_owned();
    operation["parameters"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|parameter| matches!(place(parameter).as_str(), "query" | "path"))
        .map(|parameter| Parameter {
            name: parameter["name"].as_str().unwrap_or_default().to_owned(),
            is_in_query: place(parameter) == "query",
            is_required: parameter["required"] == true,
            schema: resolved(document, &parameter["schema"]).clone(),
        })
        .collect()
}

/// The schema, or the one that it refers to.
fn resolved<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    let reference = schema["$ref"].as_str().or(schema["allOf"][0]["$ref"].as_str());
    reference
        .and_then(|reference| document.pointer(reference.trim_start_matches('#')))
        .unwrap_or(schema)
}

/// What is wrong with a parameter's value.
fn fault(schema: &Value, value: &str) -> Option<String> {
    if let Some(allowed) = schema["enum"].as_array() {
        let allowed: Vec<_> = allowed.iter().filter_map(Value::as_str).collect();
        let is_one = allowed.contains(&value);
        return (!is_one).then(|| format!("must be one of {}", allowed.join(", ")));
    }
    let limit = |name: &str| schema[name].as_f64();
    match (schema["type"].as_str(), schema["format"].as_str()) {
        (Some("integer"), _) => {
            let (least, most) = (limit("minimum")?, limit("maximum")?);
            let number = value.parse::<i64>().ok();
            #[expect(clippy::cast_precision_loss, reason = "the limits are small")]
            let fits = number.is_some_and(|n| (least..=most).contains(&(n as f64)));
            (!fits).then(|| format!("must be an integer from {least} to {most}"))
        }
        (Some("boolean"), _) => (!matches!(value, "true" | "false")).then(|| "must be true or false".to_owned()),
        (_, Some("uuid")) => Uuid::parse_str(value).err().map(|_| "must be a UUID".to_owned()),
        (_, Some("duration")) => Duration::parse(value).err().map(str::to_owned),
        (_, Some("date-time")) => Timestamp::parse_parameter(value).err().map(str::to_owned),
        _ => None,
    }
}
