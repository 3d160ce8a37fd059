//! Helpers for JSON: pointers, members of objects, and parts of the API's document.

use serde_json::{Map, Value};

/// Escapes a member's name for a JSON pointer (RFC 6901, section 3).
pub fn escape(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

/// Removes the member of an object at a JSON pointer, if it exists.
pub fn remove(value: &mut Value, pointer: &str) {
    if let Some((parent, name)) = pointer.rsplit_once('/')
        && let Some(members) = value.pointer_mut(parent).and_then(Value::as_object_mut)
    {
        members.remove(&name.replace("~1", "/").replace("~0", "~"));
    }
}

/// Returns the path, the method and the description of each operation of a document.
pub fn operations(document: &Value) -> impl Iterator<Item = (&str, &str, &Value)> {
    let paths = document["paths"].as_object().into_iter().flatten();
    paths.flat_map(|(path, methods)| {
        let methods = methods.as_object().into_iter().flatten();
        methods.map(move |(method, operation)| (path.as_str(), method.as_str(), operation))
    })
}

/// Returns the parameters of an operation. `None` if it has none.
pub fn parameters(operation: &mut Value) -> Option<&mut Vec<Value>> {
    operation.get_mut("parameters")?.as_array_mut()
}

/// Returns the names and values of an object's members. Empty if the value is not an object.
pub fn entries(value: &mut Value) -> impl Iterator<Item = (&String, &mut Value)> {
    value.as_object_mut().into_iter().flat_map(Map::iter_mut)
}

/// Returns the values of an object's members. Empty if the value is not an object.
pub fn members(value: &mut Value) -> impl Iterator<Item = &mut Value> {
    entries(value).map(|(_, member)| member)
}
