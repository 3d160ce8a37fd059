//! Finds the origin of a setting, and explains faults in settings.

use figment::{Metadata, error::Kind};

use super::environment::PREFIX;

/// Explains a fault in a setting: its key, its origin and the allowed values.
pub fn explain(error: &figment::Error) -> String {
    let mut path = error.path.clone();
    let fault = match &error.kind {
        Kind::UnknownField(name, allowed) => {
            if path.last() != Some(name) {
                path.push(name.clone());
            }
            format!("is no setting; allowed are {}", allowed.join(", "))
        }
        Kind::UnknownVariant(value, allowed) => {
            format!("cannot be {value}; allowed are {}", allowed.join(", "))
        }
        Kind::InvalidType(value, allowed) | Kind::InvalidValue(value, allowed) => {
            let allowed = match allowed.as_str() {
                "usize" | "u64" | "u32" => "a whole number".to_owned(),
                other if other.starts_with("struct ") => "a section".to_owned(),
                other => other.to_owned(),
            };
            format!("is {value}; allowed is {allowed}")
        }
        // A parser's message draws the place over several lines; the words are enough.
        other => {
            let text = other.to_string();
            let words = text.lines().filter(|line| !line.contains('|'));
            words.collect::<Vec<_>>().join(" ").trim().to_owned()
        }
    };
    let key = path.join(".");
    let origin = error
        .metadata
        .as_ref()
        .map_or_else(String::new, |metadata| format!(" (from {})", place(metadata, &key)));
    if key.is_empty() {
        format!("the configuration cannot be read{origin}: {fault}")
    } else {
        format!("the setting {key}{origin} {fault}")
    }
}

/// Names the place that a setting was read from, for messages.
pub fn place(metadata: &Metadata, key: &str) -> String {
    if let Some(figment::Source::File(path)) = &metadata.source {
        return path.display().to_string();
    }
    if is_environment(metadata) {
        let name = key.to_uppercase().replace('.', "__");
        return format!("the environment variable {PREFIX}{name}");
    }
    if is_flag(metadata) {
        return "a flag".to_owned();
    }
    "the defaults".to_owned()
}

/// Returns whether the place is the environment.
pub fn is_environment(metadata: &Metadata) -> bool {
    metadata.name.contains("environment")
}

/// Returns whether the place is the command line.
pub fn is_flag(metadata: &Metadata) -> bool {
    metadata.name.contains("flag")
}
