//! Settings from environment variables.
//!
//! A variable holds text, and the setting's default says what the text means: a text stays as it is, a number is read
//! as one, and a list may be a single value. Nothing is guessed from the look of the text.

use std::ffi::OsStr;

use figment::{
    Metadata, Profile, Provider,
    value::{Dict, Map, Num, Tag, Value},
};

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
        // A section that was given as a value would take the place of its settings.
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

/// The text as a value of the default's type. A text that cannot be one stays a text, and is refused as such.
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

/// A list as a single value, as values with commas between them, or in brackets.
fn list(text: &str) -> Value {
    let text = text.trim();
    let inner = text.strip_prefix('[').and_then(|text| text.strip_suffix(']'));
    let values = inner.unwrap_or(text).split(',').map(str::trim);
    let values = values.filter(|value| !value.is_empty()).map(unquoted);
    Value::Array(Tag::Default, values.map(Value::from).collect())
}

/// The text without the quotes around it, which files of variables often have.
fn unquoted(text: &str) -> &str {
    let inside = |quote| text.strip_prefix(quote)?.strip_suffix(quote);
    inside('"').or_else(|| inside('\'')).unwrap_or(text)
}

/// Whether Kubernetes sets the variable for a service, or Docker for a link, whose name begins like this program's:
/// `SERVICE_HOST`, `SERVICE_PORT`, `SERVICE_PORT_HTTP`, `PORT=tcp://...`, `PORT_8000_TCP_ADDR`, `NAME=/a/b`, `ENV_PATH`.
fn is_of_a_platform(name: &str, value: &str) -> bool {
    // The service may have a longer name, such as prediction-api-metrics.
    let mut starts = vec![0];
    starts.extend(name.match_indices('_').map(|(at, _)| at + 1));
    let rests = starts.into_iter().filter_map(|at| name.get(at..));
    let mut rests = rests.filter(|rest| !rest.starts_with('_'));
    rests.any(|rest| {
        let is_service = rest == "SERVICE_HOST" || rest == "SERVICE_PORT" || rest.starts_with("SERVICE_PORT_");
        let is_address = ["tcp://", "udp://", "sctp://"]
            .iter()
            .any(|scheme| value.starts_with(scheme));
        let is_link = (rest == "NAME" && value.starts_with('/')) || rest.starts_with("ENV_");
        is_service || (rest == "PORT" && is_address) || is_port(rest) || is_link
    })
}

/// Whether that is `PORT_<number>_<protocol>`, or begins so.
fn is_port(rest: &str) -> bool {
    let Some((number, protocol)) = rest.strip_prefix("PORT_").and_then(|rest| rest.split_once('_')) else {
        return false;
    };
    let protocol = protocol.split('_').next();
    number.parse::<u16>().is_ok() && matches!(protocol, Some("TCP" | "UDP" | "SCTP"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ignores(name: &str, value: &str) -> bool {
        is_of_a_platform(name, value)
    }

    #[test]
    fn only_what_platforms_set_is_ignored() {
        for (name, value) in [
            ("PORT", "tcp://10.0.0.1:8000"),
            ("SERVICE_HOST", "10.0.0.1"),
            ("SERVICE_PORT", "8000"),
            ("SERVICE_PORT_HTTP", "8000"),
            ("PORT_8000_TCP", "tcp://10.0.0.1:8000"),
            ("PORT_8000_UDP_ADDR", "10.0.0.1"),
            ("PORT_8000_TCP_PROTO", "tcp"),
            ("METRICS_SERVICE_HOST", "10.0.0.2"),
            ("METRICS_PORT_9100_TCP_PORT", "9100"),
            ("METRICS_PORT", "tcp://10.0.0.2:9100"),
            ("NAME", "/worker/prediction-api"),
            ("ENV_PATH", "/usr/bin"),
        ] {
            assert!(ignores(name, value), "{name}");
        }
        for (name, value) in [
            ("PORT", "8000"),
            ("NAME", "farm"),
            ("PORT_A_TCP", "x"),
            ("LISTEN", "tcp://10.0.0.1:8000"),
            ("SERVICE", "x"),
            ("HOST", "10.0.0.1"),
        ] {
            assert!(!ignores(name, value), "{name}");
        }
    }
}
