//! Settings: defaults, then a TOML file, then the environment, then flags.

use std::path::{Path, PathBuf};

use figment::{
    Figment, Metadata, Provider,
    error::Kind,
    providers::{Env, Format, Serialized, Toml},
    value::{Dict, Map},
};
use serde::{Deserialize, Serialize};

/// The file that is read if it is there and no other is named.
pub const DEFAULT_FILE: &str = "config/prediction-api.toml";

/// What environment variables of settings begin with.
const PREFIX: &str = "PREDICTION_API_";

/// Variables of the prefix that are no settings: the file's path, the first admin token, and a worker's token.
const NO_SETTINGS: &[&str] = &["config", "admin_token", "token"];

/// Every setting; `config/prediction-api.toml` says what each means.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The address and port to listen on.
    pub listen: String,
    /// The folder of the database.
    pub data_dir: PathBuf,
    /// What is logged, and how.
    pub log: Log,
    /// The limits of queues and requests.
    pub limits: Limits,
    /// When what has expired is deleted.
    pub retention: Retention,
    /// What webhooks may call.
    pub webhooks: Webhooks,
}

/// What is logged, and how.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Log {
    /// The least severe messages that are logged.
    pub level: LogLevel,
    /// The form of the log.
    pub format: LogFormat,
}

/// How severe a message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum LogLevel {
    /// What the operator must act on.
    Error,
    /// What the operator should know of.
    Warn,
    /// One line a request, and what the server does by itself.
    Info,
    /// For whoever looks for a fault.
    Debug,
    /// Everything.
    Trace,
}

/// The form of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// Text on a terminal, JSON otherwise.
    Auto,
    /// For people.
    Text,
    /// For programs.
    Json,
}

/// The limits of queues and requests.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// The largest body of a request, in bytes.
    pub body_bytes: usize,
    /// How many writes may wait.
    pub write_queue: usize,
    /// How many long reads run at once.
    pub scans: usize,
    /// How many long reads may wait.
    pub scan_queue: usize,
}

/// When what has expired is deleted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Retention {
    /// How long after a sweep the next one begins, in seconds.
    pub sweep_seconds: u64,
    /// How long the audit trail is kept, in days.
    pub audit_days: u64,
}

/// What webhooks may call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Webhooks {
    /// Whether they may call loopback, private and reserved addresses.
    pub allow_private_addresses: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            listen: "127.0.0.1:8000".to_owned(),
            data_dir: PathBuf::from("data"),
            log: Log {
                level: LogLevel::Info,
                format: LogFormat::Auto,
            },
            limits: Limits {
                body_bytes: 16 * 1024 * 1024,
                write_queue: 1024,
                scans: 4,
                scan_queue: 256,
            },
            retention: Retention {
                sweep_seconds: 60,
                audit_days: 365,
            },
            webhooks: Webhooks {
                allow_private_addresses: false,
            },
        }
    }
}

/// Settings that are given as flags; what is absent is left to the other places.
#[derive(Debug, Clone, Default, clap::Args, Serialize)]
pub struct Flags {
    /// Where to listen, such as 0.0.0.0:8000; port 0 takes a free one [default: 127.0.0.1:8000]
    #[arg(long, global = true, value_name = "ADDRESS:PORT")]
    #[serde(skip_serializing_if = "Option::is_none")]
    listen: Option<String>,
    /// The folder of the database; made if it is not there [default: data]
    #[arg(long, global = true, value_name = "FOLDER")]
    #[serde(skip_serializing_if = "Option::is_none")]
    data_dir: Option<PathBuf>,
    #[command(flatten)]
    #[serde(skip_serializing_if = "LogFlags::is_empty")]
    log: LogFlags,
}

#[derive(Debug, Clone, Default, clap::Args, Serialize)]
struct LogFlags {
    /// The least severe messages that are logged [default: info]
    #[arg(long = "log-level", global = true, value_name = "LEVEL")]
    #[serde(skip_serializing_if = "Option::is_none")]
    level: Option<LogLevel>,
    /// The form of the log: auto is text on a terminal and json otherwise [default: auto]
    #[arg(long = "log-format", global = true, value_name = "FORMAT")]
    #[serde(skip_serializing_if = "Option::is_none")]
    format: Option<LogFormat>,
}

impl LogFlags {
    fn is_empty(&self) -> bool {
        self.level.is_none() && self.format.is_none()
    }
}

impl Provider for Flags {
    fn metadata(&self) -> Metadata {
        Metadata::named("a flag")
    }

    fn data(&self) -> Result<Map<figment::Profile, Dict>, figment::Error> {
        Serialized::defaults(self).data()
    }
}

/// The settings in force, and where each came from.
pub struct Loaded {
    /// The settings.
    pub settings: Settings,
    figment: Figment,
}

impl Loaded {
    /// Reads the settings. `file` is the one that the user named.
    ///
    /// # Errors
    /// A line that names the key, where it stands and what is allowed.
    pub fn read(file: Option<&Path>, flags: &Flags) -> Result<Self, String> {
        let named = file
            .map(Path::to_owned)
            .or_else(|| std::env::var_os("PREDICTION_API_CONFIG").map(PathBuf::from))
            .filter(|named| !named.as_os_str().is_empty());
        let mut figment = Figment::from(Serialized::defaults(Settings::default()));
        if let Some(named) = &named
            && !named.is_file()
        {
            return Err(format!(
                "there is no configuration file {}",
                named.display()
            ));
        }
        let file = named.unwrap_or_else(|| DEFAULT_FILE.into());
        if file.is_file() {
            figment = figment.merge(Toml::file_exact(file));
        }
        figment = figment
            .merge(Env::prefixed(PREFIX).ignore(NO_SETTINGS).split("__"))
            .merge(flags.clone());
        let settings: Settings = figment.extract().map_err(|error| explain(&error))?;
        let loaded = Self { settings, figment };
        loaded.check_ranges()?;
        Ok(loaded)
    }

    /// Where the value of a key came from.
    pub fn origin(&self, key: &str) -> String {
        self.figment.find_metadata(key).map_or_else(
            || "the defaults".to_owned(),
            |metadata| place(metadata, key),
        )
    }

    fn check_ranges(&self) -> Result<(), String> {
        let Settings {
            limits, retention, ..
        } = &self.settings;
        let number = |value: usize| u64::try_from(value).unwrap_or(u64::MAX);
        for (key, value, least, most) in [
            (
                "limits.body_bytes",
                number(limits.body_bytes),
                1024,
                1 << 30,
            ),
            (
                "limits.write_queue",
                number(limits.write_queue),
                1,
                1_000_000,
            ),
            ("limits.scans", number(limits.scans), 1, 64),
            ("limits.scan_queue", number(limits.scan_queue), 1, 1_000_000),
            (
                "retention.sweep_seconds",
                retention.sweep_seconds,
                1,
                86_400,
            ),
            ("retention.audit_days", retention.audit_days, 1, 36_500),
        ] {
            if !(least..=most).contains(&value) {
                let origin = self.origin(key);
                return Err(format!(
                    "{key} = {value} (from {origin}) must be from {least} to {most}"
                ));
            }
        }
        Ok(())
    }
}

/// What is wrong with a setting: the key, where it stands, what is allowed.
fn explain(error: &figment::Error) -> String {
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
            let allowed = match allowed.to_string().as_str() {
                "usize" | "u64" => "a whole number".to_owned(),
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
        .map_or_else(String::new, |metadata| {
            format!(" (from {})", place(metadata, &key))
        });
    if key.is_empty() {
        format!("the configuration cannot be read{origin}: {fault}")
    } else {
        format!("the setting {key}{origin} {fault}")
    }
}

fn place(metadata: &Metadata, key: &str) -> String {
    if let Some(figment::Source::File(path)) = &metadata.source {
        return path.display().to_string();
    }
    if metadata.name.contains("environment") {
        let name = key.to_uppercase().replace('.', "__");
        return format!("the environment variable {PREFIX}{name}");
    }
    if metadata.name.contains("flag") {
        return "a flag".to_owned();
    }
    "the defaults".to_owned()
}
