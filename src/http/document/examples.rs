//! Adds examples to the API's document.

use serde_json::Value;

use super::pointer::entries;

/// Returns the example of a parameter. `examples` lists it as `operation.name`, or as the name alone, which counts only
/// for required parameters. Returns `None` for other parameters: Swagger UI fills its form with examples, and an
/// unwanted filter would find nothing.
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
            // A referenced schema has its own example.
            let is_reference = schema.get("$ref").or(schema.get("allOf")).is_some();
            if let (false, Some(value)) = (is_reference, example.get(member)) {
                schema["example"] = value.clone();
            }
        }
    }
}
