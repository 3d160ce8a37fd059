//! Operations of the API's document: finds the operations at a path, and validates the parameters of a request.

use std::collections::HashMap;

use matchit::Router;
use percent_encoding::percent_decode_str;
use serde_json::Value;

use super::{
    parameters::{Parameter, Place},
    pointer::operations,
};
use crate::{domain::Violation, http::metrics::Meters};

/// All operations of the API, found by path.
pub struct Operations(Router<Vec<Operation>>);

/// Operation of the API.
pub struct Operation {
    /// Path template, such as `/api/v1/sensors/{id}`.
    pub path: String,
    /// Method, in capitals.
    pub method: String,
    /// Whether the operation needs a token.
    pub is_secured: bool,
    /// Media types of request bodies that the operation accepts. Empty if it has no body.
    pub body_types: Vec<String>,
    /// Message with the reason why the resource at the path cannot be changed. `None` if it can.
    pub immutable: Option<&'static str>,
    /// Metrics of the operation.
    pub meters: Meters,
    parameters: Vec<Parameter>,
}

impl Operation {
    /// Header that makes a change conditional.
    pub const IF_MATCH: &str = "If-Match";
    /// Header that makes a read conditional.
    pub const IF_NONE_MATCH: &str = "If-None-Match";

    /// Returns every violation in the parameters of a request, given its path and the decoded names and values of its
    /// query.
    pub fn violations(&self, path: &str, query: &[(String, String)]) -> Vec<Violation> {
        let mut found = Vec::new();
        for (template, value) in self.path.split('/').zip(path.split('/')) {
            let name = template.strip_prefix('{').and_then(|name| name.strip_suffix('}'));
            if let Some(parameter) = name.and_then(|name| self.parameter(Place::Path, name)) {
                let value = percent_decode_str(value).decode_utf8_lossy();
                found.extend(parameter.violations(&value));
            }
        }
        for (index, (name, value)) in query.iter().enumerate() {
            let parameter = self.parameter(Place::Query, name);
            let repeats = parameter.is_some_and(Parameter::repeats);
            if !repeats && query[..index].iter().any(|(before, _)| before == name) {
                found.push(Violation::of_parameter(name, "is repeated"));
            } else if let Some(parameter) = parameter {
                found.extend(parameter.violations(value));
            } else {
                found.push(Violation::of_parameter(name, self.unknown()));
            }
        }
        for parameter in self.in_query().filter(|parameter| parameter.is_required) {
            let name = &parameter.name;
            if !query.iter().any(|(given, _)| given == name) {
                found.push(Violation::of_parameter(name, "is missing"));
            }
        }
        found
    }

    fn parameter(&self, place: Place, name: &str) -> Option<&Parameter> {
        let mut parameters = self.parameters.iter();
        parameters.find(|known| known.place == place && known.name == name)
    }

    fn in_query(&self) -> impl Iterator<Item = &Parameter> {
        self.parameters.iter().filter(|known| known.place == Place::Query)
    }

    fn unknown(&self) -> String {
        let known: Vec<_> = self.in_query().map(|parameter| parameter.name.as_str()).collect();
        if known.is_empty() {
            "is unknown: no query parameters are taken here".to_owned()
        } else {
            format!("is unknown: the query parameters here are {}", known.join(", "))
        }
    }
}

impl Operations {
    /// Reads the operations of an OpenAPI document. `immutable` lists the paths whose resources never change, each with
    /// the reason as a message for the client.
    pub fn of(document: &Value, immutable: &[(&str, &'static str)]) -> Self {
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
            immutable: immutable.iter().find(|(of, _)| *of == path).map(|(_, why)| *why),
            meters: Meters::default(),
            parameters: operation["parameters"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(|parameter| Parameter::of(document, parameter))
                .collect(),
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

    /// Returns the operations at a path, one for each method. A template without braces takes precedence. Empty if the
    /// API has no such path.
    pub fn at(&self, path: &str) -> &[Operation] {
        self.0.at(path).map_or(&[], |found| found.value.as_slice())
    }
}
