//! Settings from environment variables.
//!
//! A variable contains text, which is read as the type of the setting's default: text, a number, or a list, which may
//! be a single value. The type is not guessed from the text.

use std::ffi::OsStr;

use figment::{
    Metadata, Profile, Provider,
    value::{Dict, Map, Num, Tag, Value},
};

use super::platform::is_of_a_platform;

/// The prefix of the variables.
pub const PREFIX: &str = "PREDICTION_API_";

/// Separates a section from its setting in a variable's name.
const NESTING: &str = "__";

/// The variables of the process that begin with [`PREFIX`].
#[derive(Debug, Default)]
pub struct Environment {
    settings: Dict,
    /// The names of variables that container platforms set and that are not used.
    pub ignored: Vec<String>,
}

impl Environment {
    /// Reads `variables`, by the types of `defaults`. The names in `reserved`, in lower case and without the prefix, are
    /// used elsewhere.
    ///
    /// # Errors
    /// A variable is not UTF-8.
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
        // A section that is set as a value would replace its settings.
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

/// Returns the text as a value of the default's type. A text that cannot be one stays a text, and is refused as such.
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

/// Returns a list as a single value, as values with commas between them, or in brackets.
fn list(text: &str) -> Value {
    let text = text.trim();
    let inner = text.strip_prefix('[').and_then(|text| text.strip_suffix(']'));
    let values = inner.unwrap_or(text).split(',').map(str::trim);
    let values = values.filter(|value| !value.is_empty()).map(unquoted);
    Value::Array(Tag::Default, values.map(Value::from).collect())
}

/// Returns the text without the quotes around it, which files of variables often have.
fn unquoted(text: &str) -> &str {
    let inside = |quote| text.strip_prefix(quote)?.strip_suffix(quote);
    inside('"').or_else(|| inside('\'')).unwrap_or(text)
}
