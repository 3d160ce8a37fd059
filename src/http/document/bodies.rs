//! Validation of JSON bodies against the schemas in the API's document.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use serde_json::{Value, json};

use super::schema::{Schema, to_json_schema};
use crate::domain::Violation;

/// Schemas of the API's document. A schema is compiled when it is first needed, which is when a body does not fit its
/// type. Most schemas are never needed.
pub struct Schemas {
    components: Value,
    compiled: Mutex<HashMap<String, Option<Arc<Schema>>>>,
}

impl Schemas {
    /// Copies the schemas out of an OpenAPI 3.0 document, which is given as JSON.
    pub fn of(document: &Value) -> Self {
        Self {
            components: json!({ "schemas": to_json_schema(&document["components"]["schemas"]) }),
            compiled: Mutex::default(),
        }
    }

    /// Returns every violation in `body` of a schema. `name` identifies the schema in the cache, and `schema` returns
    /// it if it is not cached. Returns none if the schema cannot be compiled.
    pub fn violations(&self, name: &str, schema: impl FnOnce() -> Value, body: &Value) -> Vec<Violation> {
        let schema = self.compiled(name, schema);
        schema.map_or_else(Vec::new, |schema| schema.violations(body))
    }

    fn compiled(&self, name: &str, schema: impl FnOnce() -> Value) -> Option<Arc<Schema>> {
        let mut compiled = self.compiled.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(schema) = compiled.get(name) {
            return schema.clone();
        }
        let root = json!({
            "allOf": [to_json_schema(&schema())],
            "components": self.components,
        });
        let schema = Schema::compile(name, root).map(Arc::new);
        compiled.insert(name.to_owned(), schema.clone());
        schema
    }
}
