//! The value of a variable is text. It is converted to the type of the setting's default: text, a number, a truth
//! value, or a list, which may be written as a single value. The type is never guessed from the text.

use std::ffi::OsStr;

use figment::{
    Metadata, Profile, Provider,
    value::{Dict, Map, Num, Tag, Value},
};

use super::platform::is_of_a_platform;

/// Prefix of the names of the variables.
pub const PREFIX: &str = "PREDICTION_API_";

/// Separator between a section and its setting in a variable's name, such as `PREDICTION_API_LOG__LEVEL`.
const NESTING: &str = "__";

/// Settings from the variables that begin with [`PREFIX`].
#[derive(Debug, Default)]
pub struct Environment {
    settings: Dict,
    /// Names of variables that begin with [`PREFIX`] but that a container platform has set for a service. They are
    /// ignored.
    pub ignored: Vec<String>,
}

impl Environment {
    /// Reads the settings from `variables`. The values are converted to the types of `defaults`. Variables whose names
    /// are in `reserved`, in lower case and without the prefix, are not settings and are skipped.
    ///
    /// # Errors
    /// The name or value of a variable that begins with the prefix is not valid UTF-8.
    pub fn read<N: AsRef<OsStr>, V: AsRef<OsStr>>(
        variables: impl Iterator<Item = (N, V)>,
        defaults: &Dict,
        reserved: &[&str],
    ) -> Result<Self, String> {
        let mut found = Self::default();
        for (name, value) in variables {
            let shown = name.as_ref().to_string_lossy();
            let Some(rest) = without_prefix(&shown) else {
                continue;
            };
            let (Some(_), Some(value)) = (name.as_ref().to_str(), value.as_ref().to_str()) else {
                return Err(format!(
                    "the environment variable {} is not valid UTF-8",
                    shown.escape_debug()
                ));
            };
            let key = rest.to_lowercase();
            if reserved.contains(&key.as_str()) {
                continue;
            }
            if is_of_a_platform(&rest.to_uppercase(), value) {
                found.ignored.push(shown.into_owned());
                continue;
            }
            let path: Vec<_> = key.split(NESTING).collect();
            insert(&mut found.settings, defaults, &path, value);
        }
        found.ignored.sort();
        Ok(found)
    }
}

impl Provider for Environment {
    fn metadata(&self) -> Metadata {
        Metadata::named("environment variables")
    }

    fn data(&self) -> Result<Map<Profile, Dict>, figment::Error> {
        Ok(Profile::Default.collect(self.settings.clone()))
    }
}

fn without_prefix(name: &str) -> Option<&str> {
    let (start, rest) = name.split_at_checked(PREFIX.len())?;
    start.eq_ignore_ascii_case(PREFIX).then_some(rest)
}

fn insert(settings: &mut Dict, defaults: &Dict, path: &[&str], value: &str) {
    let (Some(name), rest) = (path.first(), path.get(1..).unwrap_or_default()) else {
        return;
    };
    let default = defaults.get(*name);
    if rest.is_empty() {
        // A value for a whole section must not replace the settings that were read for the section.
        let is_section = matches!(settings.get(*name), Some(Value::Dict(..)));
        if !is_section {
            settings.insert((*name).to_owned(), typed(value, default));
        }
        return;
    }
    let none = Dict::new();
    let inner_defaults = default.and_then(Value::as_dict).unwrap_or(&none);
    let entry = settings.entry((*name).to_owned());
    let inner = entry.or_insert_with(|| Value::from(Dict::new()));
    if !matches!(inner, Value::Dict(..)) {
        *inner = Value::from(Dict::new());
    }
    if let Value::Dict(_, inner) = inner {
        insert(inner, inner_defaults, rest, value);
    }
}

/// Converts the text to the type of the default. Text that cannot be converted is returned as text, and refused later
/// because of its type.
fn typed(text: &str, default: Option<&Value>) -> Value {
    let plain = unquoted(text.trim());
    let found = match default {
        Some(Value::Num(..)) => plain.parse().ok().map(|number| Num::U64(number).into()),
        Some(Value::Bool(..)) => plain.to_lowercase().parse::<bool>().ok().map(Value::from),
        Some(Value::Array(..)) => Some(list(text)),
        _ => None,
    };
    found.unwrap_or_else(|| Value::from(unquoted(text)))
}

/// Parses a list: a single value, or values separated by commas, with or without square brackets around them.
fn list(text: &str) -> Value {
    let text = text.trim();
    let inner = text.strip_prefix('[').and_then(|text| text.strip_suffix(']'));
    let values = inner.unwrap_or(text).split(',').map(str::trim);
    let values = values.filter(|value| !value.is_empty()).map(unquoted);
    Value::Array(Tag::Default, values.map(Value::from).collect())
}

/// Returns the text without surrounding quotes, because many tools pass the quotes of a file of variables on.
fn unquoted(text: &str) -> &str {
    let inside = |quote| text.strip_prefix(quote)?.strip_suffix(quote);
    inside('"').or_else(|| inside('\'')).unwrap_or(text)
}
