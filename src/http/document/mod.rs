//! The OpenAPI document: what the framework makes of the routes, completed by what it cannot say, and the checks that
//! hold requests against it.

mod bodies;
mod fault;
pub mod operations;
mod parameters;
pub mod pointer;
mod schema;
pub mod tag;

use std::{
    collections::{BTreeSet, HashMap},
    marker::PhantomData,
    sync::Arc,
};

use poem::{endpoint::BoxEndpoint, http::Method};
use poem_openapi::{
    LicenseObject, OpenApi, OpenApiService,
    registry::{MetaApi, Registry},
    types::Type,
};
use serde_json::{Map, Value, json};

use crate::domain::Violation;
use bodies::Schemas;
pub use fault::UNKNOWN;
use operations::{Operation, Operations};
use pointer::operations as all_operations;

/// Examples by schema and by parameter, in one place; those of a schema's members follow from its example.
const EXAMPLES: &str = include_str!("../../../assets/openapi/examples.json");

const TITLE: &str = "Prediction API";

const LICENSE_URL: &str = "https://spdx.org/licenses/MIT.html";

const DESCRIPTION: &str = "Keeps predictive models (sources and their immutable versions), connects them to an \
    organisation's sensors and locations (jobs), and stores what they predict. Start with `POST /api/v1/jobs/setup`, \
    or with the guides at `/docs`. The example of that operation makes everything that the examples of the others name.";

/// The document and what is worked out of it. Cheap to clone.
#[derive(Clone)]
pub struct Document(Arc<Parts>);

struct Parts {
    json: Value,
    operations: Operations,
    schemas: Schemas,
}

impl Document {
    /// The document of these operations.
    pub fn of<T: OpenApi>() -> Self {
        let spec = OpenApiService::new(Described::<T>(PhantomData), TITLE, env!("CARGO_PKG_VERSION"))
            .description(DESCRIPTION)
            .license(LicenseObject::new("MIT OR Apache-2.0").url(LICENSE_URL))
            .server("/")
            .spec();
        let mut json: Value = serde_json::from_str(&spec).unwrap_or_default();
        let examples: Value = serde_json::from_str(EXAMPLES).unwrap_or_default();
        complete_operations(&mut json, &examples["parameters"]);
        unwrap_references(&mut json);
        close_request_schemas(&mut json);
        put_examples(&mut json, &examples["schemas"]);
        Self(Arc::new(Parts {
            operations: Operations::of(&json),
            schemas: Schemas::of(&json),
            json,
        }))
    }

    /// The document as JSON.
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(&self.0.json).unwrap_or_default()
    }

    /// The document as YAML.
    pub fn to_yaml(&self) -> String {
        serde_yaml::to_string(&self.0.json).unwrap_or_default()
    }

    /// The operations that the document has.
    pub fn operations(&self) -> &Operations {
        &self.0.operations
    }

    /// What is wrong with a body that is to be of that type.
    pub fn violations<T: Type>(&self, body: &Value) -> Vec<Violation> {
        let schema = || serde_json::to_value(T::schema_ref()).unwrap_or_default();
        self.0.schemas.violations(&T::name(), schema, body)
    }
}

/// Operations without what they run on: enough to describe them.
struct Described<T>(PhantomData<T>);

impl<T: OpenApi> OpenApi for Described<T> {
    fn meta() -> Vec<MetaApi> {
        T::meta()
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
    }

    fn add_routes(self, _: &mut HashMap<String, HashMap<Method, BoxEndpoint<'static>>>) {}
}

fn complete_operations(document: &mut Value, examples: &Value) {
    let paths = document["paths"].as_object_mut().into_iter().flatten();
    for (path, methods) in paths {
        for (method, operation) in methods.as_object_mut().into_iter().flatten() {
            keep_possible_answers(path, method, operation);
            if method == "get" && !operation["responses"]["200"]["headers"]["ETag"].is_null() {
                add_not_modified(operation);
            }
            for response in members(&mut operation["responses"]) {
                response["headers"]["X-Request-Id"] = json!({
                    "description": "The request's id, which the log shows too.",
                    "schema": { "type": "string" }
                });
            }
            let operation_id = operation["operationId"].as_str().unwrap_or_default().to_owned();
            for parameter in parameters(operation).into_iter().flatten() {
                complete_list(parameter);
                if let Some(example) = parameter_example(&operation_id, parameter, examples) {
                    parameter["example"] = example;
                }
            }
            if operation["security"].is_null() {
                operation["security"] = json!([]);
            }
        }
    }
}

/// Says of a list whose values have commas between them that it is not empty: the framework reads it only if it has a
/// default, and no text stands for the empty list.
fn complete_list(parameter: &mut Value) {
    if parameter["explode"] == false
        && let Some(schema) = parameter["schema"].as_object_mut()
        && schema.get("type").is_some_and(|kind| kind == "array")
    {
        schema.remove("default");
        schema.insert("minItems".to_owned(), json!(1));
    }
}

/// A parameter's example: under its operation and name, or if it is required under its name. Optional ones have none
/// otherwise: Swagger UI fills the form with examples, and a filter that nobody chose finds nothing.
fn parameter_example(operation: &str, parameter: &Value, examples: &Value) -> Option<Value> {
    let name = parameter["name"].as_str()?;
    let own = examples.get(format!("{operation}.{name}"));
    let shared = || examples.get(name).filter(|_| parameter["required"] == true);
    own.or_else(shared).cloned()
}

/// Takes away the problems that an operation cannot have: the framework lists every kind on each.
fn keep_possible_answers(path: &str, method: &str, operation: &mut Value) {
    let has_body = !operation["requestBody"].is_null();
    let is_secured = operation["security"]
        .as_array()
        .is_some_and(|security| !security.is_empty());
    let is_guarded = operation["parameters"]
        .as_array()
        .into_iter()
        .flatten()
        .any(|parameter| parameter["name"] == Operation::IF_MATCH);
    let names_a_thing = path.contains('{') || path.contains("/predictions");
    let changes = method != "get";
    let possible = |status: &str| match status {
        "401" | "429" | "500" => is_secured,
        "403" => is_secured && !path.ends_with("/whoami"),
        "404" => names_a_thing,
        "405" => false,
        "409" => {
            let posts_values = path.ends_with("/predictions") || path.ends_with("/readings");
            let takes_no_name = path.ends_with("/tokens/{id}") || path.ends_with("/test");
            changes && !posts_values && !takes_no_name
        }
        "412" => is_guarded,
        "408" | "413" | "415" | "422" => has_body,
        _ => true,
    };
    if let Some(responses) = operation["responses"].as_object_mut() {
        responses.retain(|status, _| possible(status));
    }
}

fn add_not_modified(operation: &mut Value) {
    operation["responses"]["304"] = json!({ "description": "It is as `If-None-Match` says." });
    let parameter = json!({
        "name": Operation::IF_NONE_MATCH,
        "in": "header",
        "description": "The ETag of the answer that you have: 304 without a body if it is still the same.",
        "required": false,
        "schema": { "type": "string" }
    });
    match parameters(operation) {
        Some(parameters) => parameters.push(parameter),
        None => operation["parameters"] = json!([parameter]),
    }
}

/// Makes members that refer to a schema plain. The framework repeats their description within `allOf`, and says there
/// that they may be null, which OpenAPI 3.0 takes only beside the type: in the schema that is referred to, or in the
/// first of several that a member may have.
fn unwrap_references(document: &mut Value) {
    let mut nullable = Vec::new();
    let schemas = members(&mut document["components"]["schemas"]);
    for member in schemas.flat_map(|schema| schema.get_mut("properties").into_iter().flat_map(members)) {
        if member["nullable"] == true && member["anyOf"].is_array() {
            member.as_object_mut().map(|member| member.remove("nullable"));
            member["anyOf"][0]["nullable"] = json!(true);
        }
        let Some(reference) = member.pointer("/allOf/0/$ref").and_then(Value::as_str) else {
            continue;
        };
        if member["nullable"] == true {
            nullable.extend(reference.rsplit('/').next().map(str::to_owned));
        }
        *member = json!({
            "description": member["description"],
            "allOf": [{ "$ref": reference }],
        });
    }
    for name in nullable {
        document["components"]["schemas"][name]["nullable"] = json!(true);
    }
}

/// Says of every schema that comes in that it has no other members.
fn close_request_schemas(document: &mut Value) {
    let mut names = BTreeSet::new();
    for (_, _, operation) in all_operations(document) {
        collect_references(&operation["requestBody"], document, &mut names);
    }
    for name in names {
        let schema = &mut document["components"]["schemas"][&name];
        if schema["type"] == "object" {
            schema["additionalProperties"] = json!(false);
        }
    }
}

fn collect_references(value: &Value, document: &Value, names: &mut BTreeSet<String>) {
    match value {
        Value::Object(object) => {
            let name = object
                .get("$ref")
                .and_then(Value::as_str)
                .and_then(|reference| reference.rsplit('/').next());
            if let Some(name) = name
                && names.insert(name.to_owned())
            {
                collect_references(&document["components"]["schemas"][name], document, names);
            }
            for inner in object.values() {
                collect_references(inner, document, names);
            }
        }
        Value::Array(items) => {
            for inner in items {
                collect_references(inner, document, names);
            }
        }
        _ => {}
    }
}

fn put_examples(document: &mut Value, examples: &Value) {
    for (name, schema) in entries(&mut document["components"]["schemas"]) {
        let Some(example) = examples.get(name) else {
            continue;
        };
        schema["example"] = example.clone();
        for (member, schema) in schema.get_mut("properties").into_iter().flat_map(entries) {
            // A reference leads to a schema with an example of its own.
            let is_reference = schema.get("$ref").or(schema.get("allOf")).is_some();
            if let (false, Some(value)) = (is_reference, example.get(member)) {
                schema["example"] = value.clone();
            }
        }
    }
}

/// An operation's parameters; asking does not make the member.
fn parameters(operation: &mut Value) -> Option<&mut Vec<Value>> {
    operation.get_mut("parameters")?.as_array_mut()
}

fn entries(value: &mut Value) -> impl Iterator<Item = (&String, &mut Value)> {
    value.as_object_mut().into_iter().flat_map(Map::iter_mut)
}

fn members(value: &mut Value) -> impl Iterator<Item = &mut Value> {
    entries(value).map(|(_, member)| member)
}
