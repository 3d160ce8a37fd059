//! The examples of the document.

use serde_json::Value;

use super::pointer::entries;

/// A parameter's example: under its operation and name, or if it is required under its name. Optional ones have none
/// otherwise: Swagger UI fills the form with examples, and a filter that nobody chose finds nothing.
pub fn parameter_example(operation: &str, parameter: &Value, examples: &Value) -> Option<Value> {
    let name = parameter["name"].as_str()?;
    let own = examples.get(format!("{operation}.{name}"));
    let shared = || examples.get(name).filter(|_| parameter["required"] == true);
    own.or_else(shared).cloned()
}

/// Puts the examples into the schemas and their members.
pub fn put_examples(document: &mut Value, examples: &Value) {
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
