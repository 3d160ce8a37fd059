//! Adds examples to the document.

use serde_json::Value;

use super::pointer::entries;

/// Returns a parameter's example, which is listed under its operation and name, or under its name alone if it is
/// required. Other optional parameters have none: Swagger UI fills its form with examples, and an unwanted filter would
/// find nothing.
pub fn parameter_example(operation: &str, parameter: &Value, examples: &Value) -> Option<Value> {
    let name = parameter["name"].as_str()?;
    let own = examples.get(format!("{operation}.{name}"));
    let shared = || examples.get(name).filter(|_| parameter["required"] == true);
    own.or_else(shared).cloned()
}

/// Adds the examples to the schemas and their members.
pub fn put_examples(document: &mut Value, examples: &Value) {
    for (name, schema) in entries(&mut document["components"]["schemas"]) {
        let Some(example) = examples.get(name) else {
            continue;
        };
        schema["example"] = example.clone();
        for (member, schema) in schema.get_mut("properties").into_iter().flat_map(entries) {
            // The schema that a reference names has an example of its own.
            let is_reference = schema.get("$ref").or(schema.get("allOf")).is_some();
            if let (false, Some(value)) = (is_reference, example.get(member)) {
                schema["example"] = value.clone();
            }
        }
    }
}
