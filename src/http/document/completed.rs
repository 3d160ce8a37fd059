//! Completes the document that the framework generates from the routes.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{
    examples::{parameter_example, put_examples},
    operations::Operation,
    pointer::{members, operations, parameters},
};

/// Completes the document: adds headers, responses and examples, removes problems that an operation cannot return,
/// simplifies references, and forbids unknown members in request bodies.
pub fn complete(document: &mut Value, examples: &Value) {
    complete_operations(document, &examples["parameters"]);
    unwrap_references(document);
    close_request_schemas(document);
    put_examples(document, &examples["schemas"]);
}

fn complete_operations(document: &mut Value, examples: &Value) {
    let paths = document["paths"].as_object_mut().into_iter().flatten();
    for (_, methods) in paths {
        for (method, operation) in methods.as_object_mut().into_iter().flatten() {
            keep_possible_problems(method, operation);
            if method == "get" && !operation["responses"]["200"]["headers"]["ETag"].is_null() {
                add_not_modified(operation);
            }
            for response in members(&mut operation["responses"]) {
                response["headers"]["X-Request-Id"] = json!({
                    "description": "The id of the request, which the log shows too.",
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

/// Requires at least one value in a parameter that is a comma-separated list, and removes its default. The framework
/// needs the default to accept an absent list, but the default is an empty list, which a client cannot write.
fn complete_list(parameter: &mut Value) {
    if parameter["explode"] == false
        && let Some(schema) = parameter["schema"].as_object_mut()
        && schema.get("type").is_some_and(|kind| kind == "array")
    {
        schema.remove("default");
        schema.insert("minItems".to_owned(), json!(1));
    }
}

/// Removes the problem responses that the arguments of the operation cannot cause, such as 413 without a body. The type
/// of the operation's result has already selected the other problems. What a PUT without a body puts is named by the
/// path, which can break rules like a body.
fn keep_possible_problems(method: &str, operation: &mut Value) {
    let has_body = !operation["requestBody"].is_null();
    let is_secured = operation["security"]
        .as_array()
        .is_some_and(|security| !security.is_empty());
    let is_guarded = operation["parameters"]
        .as_array()
        .into_iter()
        .flatten()
        .any(|parameter| parameter["name"] == Operation::IF_MATCH);
    let possible = |status: &str| match status {
        "401" | "429" | "500" => is_secured,
        "412" => is_guarded,
        "408" | "413" | "415" => has_body,
        "422" => has_body || method == "put",
        _ => true,
    };
    if let Some(responses) = operation["responses"].as_object_mut() {
        responses.retain(|status, _| possible(status));
    }
}

fn add_not_modified(operation: &mut Value) {
    operation["responses"]["304"] = json!({ "description": "Not modified." });
    let parameter = json!({
        "name": Operation::IF_NONE_MATCH,
        "in": "header",
        "description": "The ETag of your copy. If it is still current, the response is 304 without a body.",
        "required": false,
        "schema": { "type": "string" }
    });
    match parameters(operation) {
        Some(parameters) => parameters.push(parameter),
        None => operation["parameters"] = json!([parameter]),
    }
}

/// Simplifies members that refer to a schema. The framework wraps the reference in `allOf` together with a description
/// and `nullable`, but OpenAPI 3.0 allows `nullable` only next to the type: in the schema that is referred to, or in
/// the first alternative of a member.
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
        let schema = &mut document["components"]["schemas"][name];
        schema["nullable"] = json!(true);
        // A list of values admits null only if it names it.
        if let Some(values) = schema.get_mut("enum").and_then(Value::as_array_mut)
            && !values.contains(&json!(null))
        {
            values.push(json!(null));
        }
    }
}

/// Forbids unknown members in every schema of a request.
fn close_request_schemas(document: &mut Value) {
    let mut names = BTreeSet::new();
    for (_, _, operation) in operations(document) {
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
