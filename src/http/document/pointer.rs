//! Places within the API's document, and within any other JSON.

use serde_json::Value;

/// A member's name within a JSON pointer (RFC 6901, section 3).
pub fn escape(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

/// Removes the member at a JSON pointer.
pub fn remove(value: &mut Value, pointer: &str) {
    if let Some((parent, name)) = pointer.rsplit_once('/')
        && let Some(members) = value.pointer_mut(parent).and_then(Value::as_object_mut)
    {
        members.remove(&name.replace("~1", "/").replace("~0", "~"));
    }
}

/// The operations of a document: path, method and what stands there.
pub fn operations(document: &Value) -> impl Iterator<Item = (&str, &str, &Value)> {
    let paths = document["paths"].as_object().into_iter().flatten();
    paths.flat_map(|(path, methods)| {
        let methods = methods.as_object().into_iter().flatten();
        methods.map(move |(method, operation)| (path.as_str(), method.as_str(), operation))
    })
}
