//! The account that a worker gives of the run that made the posted values: its inputs, its code and its parameters.

use std::borrow::Cow;

use poem_openapi::{
    Object,
    registry::{MetaSchema, MetaSchemaRef, Registry},
    types::{ParseError, ParseFromJSON, ParseResult, ToJSON, Type},
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::domain::{object::objects, text::Name, time::Timestamp, violations::Violations};

/// Maximum length of the parameters of a run, in bytes of JSON.
pub const MAX_PARAMETERS: usize = 4096;

objects!(WorkerRun);

/// A worker's account of the run that made the posted values.
#[derive(Debug, Clone, Deserialize, Object)]
#[serde(remote = "Self", deny_unknown_fields)]
pub struct WorkerRun {
    /// The worker's own id of the run, such as that of a workflow.
    #[oai(nullable)]
    pub id: Option<Name>,
    /// Time as of which the model's inputs were read: the `as_of` in the response of `GET /jobs/{job_id}/inputs`.
    #[oai(nullable)]
    pub inputs_as_of: Option<Timestamp>,
    /// Start of the window of inputs that the model used (inclusive).
    #[oai(nullable)]
    pub inputs_from: Option<Timestamp>,
    /// End of the window of inputs that the model used (exclusive).
    #[oai(nullable)]
    pub inputs_to: Option<Timestamp>,
    /// Code that ran, such as a commit or the digest of an image.
    #[oai(nullable)]
    pub code: Option<Name>,
    /// Parameters of the run: strings, numbers, `true`, `false` and `null`, of at most 4,096 bytes as JSON.
    #[oai(nullable)]
    pub parameters: Option<RunParameters>,
}

impl WorkerRun {
    /// Trims the texts, and adds a violation for each rule that the account breaks. The prefix of the pointers is
    /// `/run`.
    pub fn check(&mut self, violations: &mut Violations) {
        if let Some(id) = &mut self.id {
            id.check(violations, "/run/id");
        }
        if let Some(code) = &mut self.code {
            code.check(violations, "/run/code");
        }
        if let Some((from, to)) = self.inputs_from.zip(self.inputs_to)
            && to < from
        {
            violations.add("/run/inputs_to", format!("is before inputs_from, which is {from}"));
        }
        if let Some(parameters) = &self.parameters {
            parameters.check(violations);
        }
    }
}

/// A worker's account of a run, as stored.
#[derive(Debug, Clone, PartialEq, Serialize, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct StoredWorkerRun {
    /// The worker's own id of the run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<Name>,
    /// Time as of which the model's inputs were read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inputs_as_of: Option<Timestamp>,
    /// Start of the window of inputs that the model used (inclusive).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inputs_from: Option<Timestamp>,
    /// End of the window of inputs that the model used (exclusive).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inputs_to: Option<Timestamp>,
    /// Code that ran, such as a commit or the digest of an image.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<Name>,
    /// Parameters of the run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parameters: Option<RunParameters>,
    /// Name of the token that posted the values.
    pub token_name: Name,
}

/// Parameters of a run: an object whose members are scalars.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RunParameters(Map<String, Value>);

impl RunParameters {
    /// Adds a violation for each member that is no scalar, and one if the JSON is too long.
    fn check(&self, violations: &mut Violations) {
        for (name, value) in &self.0 {
            if value.is_array() || value.is_object() {
                // The escapes of JSON pointers (RFC 6901).
                let name = name.replace('~', "~0").replace('/', "~1");
                let detail = "must be a string, a number, true, false or null";
                violations.add(format!("/run/parameters/{name}"), detail);
            }
        }
        let length = serde_json::to_string(&self.0).map_or(usize::MAX, |text| text.len());
        if length > MAX_PARAMETERS {
            let detail = format!("is longer than {MAX_PARAMETERS} bytes as JSON: it has {length}");
            violations.add("/run/parameters", detail);
        }
    }
}

impl Type for RunParameters {
    const IS_REQUIRED: bool = true;
    type RawValueType = Self;
    type RawElementValueType = Self;

    fn name() -> Cow<'static, str> {
        "RunParameters".into()
    }

    fn schema_ref() -> MetaSchemaRef {
        MetaSchemaRef::Reference(Self::name().into_owned())
    }

    // A name of its own, because some generators of clients lose a nullable object without a name in a nullable object.
    fn register(registry: &mut Registry) {
        let scalars = ["string", "number", "boolean"].map(|kind| {
            MetaSchemaRef::Inline(Box::new(MetaSchema {
                nullable: kind == "string",
                ..MetaSchema::new(kind)
            }))
        });
        let scalar = MetaSchema {
            any_of: scalars.into(),
            ..MetaSchema::ANY
        };
        let schema = MetaSchema {
            description: Some("Parameters of a run by name."),
            additional_properties: Some(Box::new(MetaSchemaRef::Inline(Box::new(scalar)))),
            ..MetaSchema::new("object")
        };
        registry.schemas.insert(Self::name().into_owned(), schema);
    }

    fn as_raw_value(&self) -> Option<&Self::RawValueType> {
        Some(self)
    }

    fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a Self::RawElementValueType> + 'a> {
        Box::new(std::iter::once(self))
    }
}

impl ParseFromJSON for RunParameters {
    fn parse_from_json(value: Option<Value>) -> ParseResult<Self> {
        Self::deserialize(value.unwrap_or_default()).map_err(ParseError::custom)
    }
}

impl ToJSON for RunParameters {
    fn to_json(&self) -> Option<Value> {
        Some(Value::Object(self.0.clone()))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// Returns the pointers of the violations of an account.
    fn pointers(run: Value) -> Vec<String> {
        let mut run: WorkerRun = serde_json::from_value(run).unwrap();
        let mut violations = Violations::default();
        run.check(&mut violations);
        let found = violations.into_vec().into_iter();
        found.filter_map(|violation| violation.pointer).collect()
    }

    #[test]
    fn every_violation_is_named_with_its_pointer() {
        let run = json!({
            "id": " ", "code": "x".repeat(201), "inputs_from": "2024-01-02T00:00:00Z", "inputs_to": "2024-01-01T00:00:00Z",
            "parameters": { "a/b": [], "c~d": {}, "e": null, "f": 1, "g": "text", "h": true }
        });
        let expected = [
            "/run/id",
            "/run/code",
            "/run/inputs_to",
            "/run/parameters/a~1b",
            "/run/parameters/c~0d",
        ];
        assert_eq!(pointers(run), expected);
        assert!(serde_json::from_value::<WorkerRun>(json!({ "commit": "x" })).is_err());
        assert!(serde_json::from_value::<WorkerRun>(json!([])).is_err());
    }

    #[test]
    fn parameters_have_at_most_4096_bytes_of_json() {
        let of = |length: usize| json!({ "parameters": { "a": "x".repeat(length - r#"{"a":""}"#.len()) } });
        assert_eq!(pointers(of(4096)), [""; 0]);
        assert_eq!(pointers(of(4097)), ["/run/parameters"]);
    }
}
