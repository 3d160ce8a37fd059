//! Names the origin of a setting, which is a file, an environment variable, a flag or the defaults, and describes
//! errors in settings.

use figment::{Metadata, error::Kind};

use super::environment::PREFIX;

/// Returns a line that describes an error in a setting, with its key, its origin and the allowed values.
pub fn explain(error: &figment::Error) -> String {
    let mut path = error.path.clone();
    // Messages do not show what may be a password.
    let is_secret = path
        .first()
        .is_some_and(|section| section == "storage" || section == "smtp" || section == "mqtt");
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
                "usize" | "u64" | "u32" | "u16" => "a whole number".to_owned(),
                other if other.starts_with("struct ") => "a section".to_owned(),
                other => other.to_owned(),
            };
            match is_secret {
                true => format!("is not valid; allowed is {allowed}"),
                false => format!("is {value}; allowed is {allowed}"),
            }
        }
        // The parser's message shows the position in a drawing of several lines. Only the words are used.
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

/// Returns a text for messages that names the origin of the setting `key`.
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

/// Returns whether the setting comes from an environment variable.
pub fn is_environment(metadata: &Metadata) -> bool {
    metadata.name.contains("environment")
}

/// Returns whether the setting comes from a flag of the command line.
pub fn is_flag(metadata: &Metadata) -> bool {
    metadata.name.contains("flag")
}
