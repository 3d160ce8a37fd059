//! The API's document is complete, and a change of it shows in the snapshot.

use std::collections::BTreeSet;

use prediction_api::http::{self, PROBLEM_KINDS};
use serde_json::Value;

use crate::app::{HAS_WEBHOOKS, TestApp};

fn document() -> Value {
    serde_json::from_str(&http::document().to_json()).unwrap()
}

fn operations(document: &Value) -> Vec<(String, String, &Value)> {
    let mut found = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            found.push((method.to_uppercase(), path.clone(), operation));
        }
    }
    found
}

// Without a feature the document lacks its operations.
#[cfg(feature = "webhooks")]
#[test]
fn the_document_is_the_one_in_the_snapshot() {
    insta::assert_snapshot!(http::document().to_yaml());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_server_serves_the_document_as_json_and_yaml() {
    let app = TestApp::start().await;
    let request = |path| app.request("GET".parse().unwrap(), path);
    let json = app.send(request("/api/v1/openapi.json")).await;
    assert_eq!(json.expect(200), document());
    let yaml = app.send(request("/api/v1/openapi.yaml")).await;
    assert_eq!((yaml.status, yaml.text), (200, http::document().to_yaml()));
}

#[test]
fn every_operation_is_described() {
    let document = document();
    let tags: BTreeSet<_> = document["tags"]
        .as_array()
        .unwrap()
        .iter()
        .map(|tag| tag["name"].as_str().unwrap())
        .collect();
    for (method, path, operation) in operations(&document) {
        let at = format!("{method} {path}");
        for member in ["operationId", "summary", "description"] {
            assert!(!operation[member].as_str().unwrap().is_empty(), "{at}: {member}");
        }
        assert!(tags.contains(operation["tags"][0].as_str().unwrap()), "{at}");
        let is_open = path.ends_with('z');
        assert_eq!(operation["security"].as_array().unwrap().is_empty(), is_open, "{at}");
        assert_eq!(operation["responses"]["401"].is_null(), is_open, "{at}");
        assert!(!operation["responses"]["400"].is_null(), "{at}");
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            let name = parameter["name"].as_str().unwrap();
            assert!(parameter["description"].is_string(), "{at}: {name}");
            if parameter["in"] == "path" {
                assert!(parameter["example"].is_string(), "{at}: {name}");
            }
        }
    }
}

#[test]
fn every_field_has_a_description_and_an_example() {
    let document = document();
    for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
        assert!(schema["description"].is_string(), "{name}");
        if schema["type"] != "object" {
            continue;
        }
        assert!(schema["example"].is_object(), "{name} has no example");
        for (member, field) in schema["properties"].as_object().into_iter().flatten() {
            let at = format!("{name}.{member}");
            let is_reference = field.get("$ref").or(field.get("allOf")).is_some();
            assert!(
                field["description"].is_string() || is_reference,
                "{at} has no description"
            );
            assert!(field.get("example").is_some() || is_reference, "{at} has no example");
        }
    }
}

#[test]
fn bodies_that_come_in_have_no_other_members() {
    let document = document();
    for (method, path, operation) in operations(&document) {
        for media in operation["requestBody"]["content"].as_object().into_iter().flatten() {
            for schema in objects(&document, &media.1["schema"]) {
                assert_eq!(schema["additionalProperties"], false, "{method} {path}");
            }
        }
    }
}

/// Returns the schemas of objects that a schema is, or is one of, or is a list of.
fn objects<'a>(document: &'a Value, schema: &'a Value) -> Vec<&'a Value> {
    if let Some(name) = schema["$ref"].as_str().and_then(|name| name.rsplit('/').next()) {
        return objects(document, &document["components"]["schemas"][name]);
    }
    if let Some(ways) = schema["oneOf"].as_array() {
        return ways.iter().flat_map(|way| objects(document, way)).collect();
    }
    match schema["type"].as_str() {
        Some("array") => objects(document, &schema["items"]),
        Some("object") => vec![schema],
        _ => Vec::new(),
    }
}

/// What the generators of clients need: see the guide "Generated clients".
#[test]
fn clients_can_be_generated_from_the_document() {
    let document = document();
    let schemas = document["components"]["schemas"].as_object().unwrap();
    for (name, schema) in schemas {
        // Go's generator writes a function `NewX` for each schema X, and takes a name that ends in Test for a test.
        assert!(!name.starts_with("New") && !name.ends_with("Test"), "{name}");
        assert!(name.chars().all(|c| c.is_ascii_alphanumeric()), "{name}");
        let forms = schema["oneOf"].as_array();
        // TypeScript's generator imports the schema of each form, and that of the items of an array.
        let mut imported = BTreeSet::new();
        for form in forms.into_iter().flatten() {
            let form = form["$ref"].as_str().unwrap_or_else(|| panic!("{name}"));
            let schema = &schemas[form.rsplit('/').next().unwrap()];
            assert!(
                imported.insert(schema["items"]["$ref"].as_str().unwrap_or(form)),
                "{name}"
            );
        }
    }
    let mut all = Vec::new();
    collect(&document, "", &mut all);
    for (place, value) in &all {
        let member = place.rsplit('/').next().unwrap();
        assert!(!member.starts_with("x-") || place.contains("/content/"), "{place}");
        // Values of an enumeration have a name, and so have the layouts of a response.
        let is_named = place.starts_with("/components/schemas/") && place.matches('/').count() == 4;
        assert!(member != "enum" || !value.is_array() || is_named, "{place}");
        // Go's regular expressions know no `\u`.
        assert!(
            member != "pattern" || !value.as_str().is_some_and(|pattern| pattern.contains(r"\u")),
            "{place}"
        );
        let is_of_a_response = place.contains("/responses/");
        assert!(
            !is_of_a_response || !matches!(member, "anyOf" | "oneOf" | "allOf"),
            "{place}"
        );
    }
    // Some generators leave out an operation with such a parameter.
    for (method, path, operation) in operations(&document) {
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            assert!(
                parameter["schema"]["allOf"].is_null(),
                "{method} {path} {}",
                parameter["name"]
            );
        }
    }
    let of = |name: &str| schemas[name].clone();
    let page = &of("PredictionPage")["oneOf"];
    assert_eq!(page[0]["$ref"], "#/components/schemas/PredictionRows");
    assert_eq!(page[1]["$ref"], "#/components/schemas/PredictionSeriesList");
    assert_eq!(
        of("ReadingPage")["oneOf"][1]["$ref"],
        "#/components/schemas/ReadingSeries"
    );
    // An empty array is a response in rows.
    assert_eq!(
        (
            &of("PredictionSeriesList")["minItems"],
            &of("PredictionRows")["minItems"]
        ),
        (&1.into(), &Value::Null)
    );
    for member in ["contact", "license"] {
        assert!(!document["info"][member]["name"].as_str().unwrap().is_empty());
    }
}

/// Collects all members with their JSON pointers, except those of examples.
fn collect<'a>(value: &'a Value, place: &str, all: &mut Vec<(String, &'a Value)>) {
    let members: Vec<(String, &Value)> = match value {
        Value::Object(members) => members.iter().map(|(name, value)| (name.clone(), value)).collect(),
        Value::Array(items) => items
            .iter()
            .enumerate()
            .map(|(index, item)| (index.to_string(), item))
            .collect(),
        _ => return,
    };
    for (name, value) in members
        .into_iter()
        .filter(|(name, _)| name != "example" && name != "examples")
    {
        let place = format!("{place}/{name}");
        collect(value, &place, all);
        all.push((place, value));
    }
}

#[test]
fn the_table_of_routes_is_the_documents() {
    let module = include_str!("../../src/http/routes.rs");
    let in_table: BTreeSet<_> = module
        .lines()
        .filter_map(|line| line.strip_prefix("//! | "))
        .filter(|line| line.contains("| /") && (HAS_WEBHOOKS || !line.contains("| webhook.rs |")))
        .map(|line| {
            let cells: Vec<_> = line.split('|').map(str::trim).collect();
            let file = format!("{}/src/http/api/{}", env!("CARGO_MANIFEST_DIR"), cells[3]);
            let code = std::fs::read_to_string(file).unwrap();
            assert!(code.contains(&format!("\"{}\"", cells[2])), "{line}");
            (cells[0].to_owned(), cells[1].to_owned(), cells[2].to_owned())
        })
        .collect();
    let document = document();
    let in_document: BTreeSet<_> = operations(&document)
        .into_iter()
        .map(|(method, path, operation)| (method, path, operation["operationId"].as_str().unwrap().to_owned()))
        .collect();
    assert_eq!(in_table, in_document);
}

#[test]
fn every_kind_of_problem_has_a_page_in_the_guides() {
    for kind in PROBLEM_KINDS {
        assert!(http::has_guide(&format!("problems/{}", kind.slug)), "{}", kind.slug);
    }
}
