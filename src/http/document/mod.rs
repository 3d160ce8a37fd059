//! OpenAPI document of the API. The framework generates it from the routes, `completed` completes it, and requests are
//! validated against it.

mod bodies;
mod completed;
mod examples;
mod fault;
pub mod operations;
mod parameters;
pub mod pointer;
mod schema;

use std::{collections::HashMap, marker::PhantomData, sync::Arc};

use poem::{endpoint::BoxEndpoint, http::Method};
use poem_openapi::{
    ContactObject, LicenseObject, OpenApi, OpenApiService,
    registry::{MetaApi, Registry},
    types::Type,
};
use serde_json::Value;

use crate::domain::Violation;
use bodies::Schemas;
use completed::complete;
pub use fault::UNKNOWN;
use operations::Operations;

/// JSON with the examples by schema and by parameter. The examples of a schema's members follow from the schema's
/// example.
const EXAMPLES: &str = include_str!("../../../assets/openapi/examples.json");

const LICENSE_URL: &str = "https://spdx.org/licenses/MIT.html";

/// Texts of the document that do not follow from the routes.
pub struct Front {
    /// Title of the document.
    pub title: &'static str,
    /// Name of those who answer for the API.
    pub contact: &'static str,
    /// Description of the API, in Markdown.
    pub description: &'static str,
    /// Paths of immutable resources, each with the message for a client that tries to change one.
    pub immutable: &'static [(&'static str, &'static str)],
    /// Returns the names of the tags in their order. The framework sorts them by name.
    pub tags: fn() -> Vec<&'static str>,
}

/// API's document, with the operations and schemas in it. Cheap to clone.
#[derive(Clone)]
pub struct Document(Arc<Parts>);

struct Parts {
    json: Value,
    operations: Operations,
    schemas: Schemas,
}

impl Document {
    /// Generates the document for the operations of `T`.
    pub fn of<T: OpenApi>(front: &Front) -> Self {
        let spec = OpenApiService::new(Described::<T>(PhantomData), front.title, env!("CARGO_PKG_VERSION"))
            .description(front.description)
            .contact(ContactObject::new().name(front.contact))
            .license(LicenseObject::new("MIT OR Apache-2.0").url(LICENSE_URL))
            .server("/")
            .spec();
        let mut json: Value = serde_json::from_str(&spec).unwrap_or_default();
        let examples: Value = serde_json::from_str(EXAMPLES).unwrap_or_default();
        complete(&mut json, &examples);
        sort_tags(&mut json, &(front.tags)());
        Self(Arc::new(Parts {
            operations: Operations::of(&json, front.immutable),
            schemas: Schemas::of(&json),
            json,
        }))
    }

    /// Returns the document as JSON.
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(&self.0.json).unwrap_or_default()
    }

    /// Returns the document as YAML.
    pub fn to_yaml(&self) -> String {
        serde_norway::to_string(&self.0.json).unwrap_or_default()
    }

    /// Returns the operations of the document.
    pub fn operations(&self) -> &Operations {
        &self.0.operations
    }

    /// Returns every violation in a JSON body of the schema of `T`. Empty if there is none.
    pub fn violations<T: Type>(&self, body: &Value) -> Vec<Violation> {
        let schema = || serde_json::to_value(T::schema_ref()).unwrap_or_default();
        self.0.schemas.violations(&T::name(), schema, body)
    }
}

/// Sorts the tags of the document as `names` are.
fn sort_tags(document: &mut Value, names: &[&str]) {
    if let Some(tags) = document["tags"].as_array_mut() {
        tags.sort_by_key(|tag| names.iter().position(|name| tag["name"] == *name));
    }
}

/// Operations of `T` without a value of `T`, which is enough to describe them in the document.
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
