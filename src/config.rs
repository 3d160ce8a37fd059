//! Settings: defaults, then a TOML file, then the environment, then flags.

mod environment;

use std::path::{Path, PathBuf};

use figment::{
    Figment, Metadata, Provider,
    error::Kind,
    providers::{Format, Serialized, Toml},
    value::{Dict, Map, Value},
};
use serde::{Deserialize, Deserializer, Serialize, de::IntoDeserializer};

use environment::{Environment, PREFIX};

/// The file that is read if it is there and no other is named.
pub const DEFAULT_FILE: &str = "config/prediction-api.toml";

/// Variables of the prefix that are no settings: the file's path, the first admin token, and a worker's token.
const NO_SETTINGS: &[&str] = &["config", "admin_token", "token"];

/// The folder that the demo fills unless a flag or the environment names another. A file's folder is the server's.
const DEMO_FOLDER: &str = "demo-data";

/// The most of what is only counted.
const MANY: u64 = 1_000_000;

/// Every setting; `config/prediction-api.toml` says what each means.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The address and port to listen on.
    pub listen: String,
    /// The folder of the database.
    pub data_dir: PathBuf,
    /// The path that a reverse proxy serves everything under.
    pub base_path: String,
    /// The reverse proxies whose forwarding headers are believed: addresses and networks.
    pub trusted_proxies: Vec<String>,
    /// What is logged, and how.
    pub log: Log,
    /// The limits of connections, requests and queues.
    pub limits: Limits,
    /// The certificate that connections are encrypted with.
    pub tls: Tls,
    /// Which pages of others may call the API from a browser.
    pub cors: Cors,
    /// Where the metrics are.
    pub metrics: Metrics,
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
    #[serde(deserialize_with = "in_any_case")]
    pub level: LogLevel,
    /// The form of the log.
    #[serde(deserialize_with = "in_any_case")]
    pub format: LogFormat,
    /// From how long on a read or a write of the database is logged as slow, in milliseconds.
    pub slow_milliseconds: u64,
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

/// The limits of connections, requests and queues.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// How many connections are open at once.
    pub connections: usize,
    /// How long a connection may wait for its next request, in seconds.
    pub idle_seconds: u64,
    /// The largest head of a request (its line and its headers), in bytes.
    pub header_bytes: usize,
    /// How many headers a request may have.
    pub headers: usize,
    /// How long a head may take to arrive, and a TLS handshake, in seconds.
    pub header_seconds: u64,
    /// The largest sum of all heads that have not come to their end, in bytes.
    pub heads_bytes: usize,
    /// The largest body of a request, in bytes.
    pub body_bytes: usize,
    /// The largest sum of the bodies that are in memory, in bytes; a quarter of it for each token.
    pub bodies_bytes: usize,
    /// How long each 16 KiB of a body, or its rest, may take to arrive, in seconds.
    pub body_seconds: u64,
    /// How long a body may take to arrive that is read as a whole, in seconds.
    pub body_total_seconds: u64,
    /// How far an issue_time may be ahead of the server's clock, in seconds.
    pub issue_ahead_seconds: u32,
    /// How long a request may take from the last of its body to its answer, in seconds.
    pub request_seconds: u64,
    /// How long a client may take nothing of its answer, in seconds.
    pub stall_seconds: u64,
    /// How many requests each token may make in a second on average, and at once twice as many; 0 for any number.
    pub requests_per_second: u32,
    /// How many bytes of the disk are kept in reserve for deletions; 0 for none.
    pub reserve_bytes: u64,
    /// How many requests of each token may be under way at once; 0 for an eighth of the connections, at least 16.
    pub requests_at_once: usize,
    /// How many writes may wait.
    pub write_queue: usize,
    /// How many long reads run at once.
    pub scans: usize,
    /// How many long reads may wait.
    pub scan_queue: usize,
}

/// The certificate that connections are encrypted with; empty paths for plain HTTP.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tls {
    /// The file of the certificate and those that vouch for it, in PEM.
    pub certificate: PathBuf,
    /// The file of its private key, in PEM.
    pub key: PathBuf,
}

/// Which pages of others may call the API from a browser.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cors {
    /// Their origins, such as `https://farm.example`; `*` for all.
    pub origins: Vec<String>,
}

/// Where the metrics are.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Metrics {
    /// The address and port where `/metrics` is answered without a token; if empty, it is beside the API and needs one.
    pub listen: String,
}

/// When what has expired is deleted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Retention {
    /// How long after a sweep the next one begins, in seconds.
    pub sweep_seconds: u64,
    /// How long the audit trail is kept, in days.
    pub audit_days: u64,
    /// How far the machine's clock may jump before deleting waits, in hours.
    pub clock_slack_hours: u64,
}

/// What webhooks may call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Webhooks {
    /// Whether they may call loopback, private and reserved addresses.
    pub allow_private_addresses: bool,
}

/// Reads a name, whose letters may be upper case.
fn in_any_case<'a, T: Deserialize<'a>, D: Deserializer<'a>>(from: D) -> Result<T, D::Error> {
    let name = String::deserialize(from)?.to_lowercase();
    T::deserialize(name.into_deserializer())
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            listen: "127.0.0.1:8000".to_owned(),
            data_dir: PathBuf::from("data"),
            base_path: String::new(),
            trusted_proxies: Vec::new(),
            log: Log {
                level: LogLevel::Info,
                format: LogFormat::Auto,
                slow_milliseconds: 500,
            },
            limits: Limits {
                connections: 10_240,
                idle_seconds: 75,
                header_bytes: 16 * 1024,
                headers: 100,
                header_seconds: 10,
                heads_bytes: 16 * 1024 * 1024,
                body_bytes: 16 * 1024 * 1024,
                bodies_bytes: 64 * 1024 * 1024,
                body_seconds: 30,
                body_total_seconds: 300,
                issue_ahead_seconds: 300,
                request_seconds: 60,
                stall_seconds: 30,
                requests_per_second: 1000,
                reserve_bytes: 8 * 1024 * 1024,
                requests_at_once: 0,
                write_queue: 1024,
                scans: 4,
                scan_queue: 256,
            },
            tls: Tls::default(),
            cors: Cors::default(),
            metrics: Metrics::default(),
            retention: Retention {
                sweep_seconds: 60,
                audit_days: 365,
                clock_slack_hours: 48,
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
    /// The folder of the database; made if it is not there [default: data, and demo-data for the demo]
    #[arg(long, global = true, value_name = "FOLDER")]
    #[serde(skip_serializing_if = "Option::is_none")]
    data_dir: Option<PathBuf>,
    /// The path that a reverse proxy serves everything under, such as /farm [default: none]
    #[arg(long, global = true, value_name = "PATH")]
    #[serde(skip_serializing_if = "Option::is_none")]
    base_path: Option<String>,
    #[command(flatten)]
    #[serde(skip_serializing_if = "LogFlags::is_empty")]
    log: LogFlags,
}

#[derive(Debug, Clone, Default, clap::Args, Serialize)]
struct LogFlags {
    /// The least severe messages that are logged [default: info]
    #[arg(long = "log-level", global = true, value_name = "LEVEL", ignore_case = true)]
    #[serde(skip_serializing_if = "Option::is_none")]
    level: Option<LogLevel>,
    /// The form of the log: auto is text on a terminal and json otherwise [default: auto]
    #[arg(long = "log-format", global = true, value_name = "FORMAT", ignore_case = true)]
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
    /// The environment variables that container platforms set for a service of the program's name. They are not used.
    pub ignored: Vec<String>,
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
        let defaults = figment.find_value("").ok().and_then(Value::into_dict);
        let environment = Environment::read(std::env::vars_os(), &defaults.unwrap_or_default(), NO_SETTINGS)?;
        let ignored = environment.ignored.clone();
        if let Some(named) = &named
            && !named.is_file()
        {
            return Err(format!("there is no configuration file {}", named.display()));
        }
        let file = named.unwrap_or_else(|| DEFAULT_FILE.into());
        if file.is_file() {
            figment = figment.merge(Toml::file_exact(file));
        }
        let folder = flags.data_dir.as_deref();
        if folder.is_some_and(|folder| folder.to_str().is_none()) {
            return Err("data_dir (from a flag) is not valid UTF-8".to_owned());
        }
        figment = figment.merge(environment).merge(flags.clone());
        let settings: Settings = figment.extract().map_err(|error| explain(&error))?;
        let loaded = Self {
            settings,
            ignored,
            figment,
        };
        loaded.check_ranges()?;
        loaded.check_texts()?;
        Ok(loaded)
    }

    /// The settings of the demo, which has a folder of its own unless the user names one for this run.
    pub fn for_demo(&self) -> Settings {
        let mut settings = self.settings.clone();
        let metadata = self.figment.find_metadata("data_dir");
        if !metadata.is_some_and(|metadata| is_environment(metadata) || is_flag(metadata)) {
            settings.data_dir = DEMO_FOLDER.into();
        }
        settings
    }

    /// Logs what the operator should know of the settings.
    pub fn warn(&self) {
        if !self.ignored.is_empty() {
            tracing::warn!(
                variables = self.ignored.join(", "),
                "these environment variables are ignored: Kubernetes or Docker sets them for a service of this name"
            );
        }
    }

    /// Where the value of a key came from.
    pub fn origin(&self, key: &str) -> String {
        self.figment
            .find_metadata(key)
            .map_or_else(|| "the defaults".to_owned(), |metadata| place(metadata, key))
    }

    fn check_ranges(&self) -> Result<(), String> {
        let Settings {
            limits, retention, log, ..
        } = &self.settings;
        let number = |value: usize| u64::try_from(value).unwrap_or(u64::MAX);
        let each = u64::from(limits.requests_per_second);
        for (key, value, least, most) in [
            ("log.slow_milliseconds", log.slow_milliseconds, 1, 3_600_000),
            ("limits.connections", number(limits.connections), 1, MANY),
            ("limits.idle_seconds", limits.idle_seconds, 1, 3600),
            ("limits.header_bytes", number(limits.header_bytes), 8192, 1 << 20),
            ("limits.headers", number(limits.headers), 16, 1000),
            ("limits.header_seconds", limits.header_seconds, 1, 3600),
            ("limits.body_bytes", number(limits.body_bytes), 1024, 1 << 30),
            ("limits.heads_bytes", number(limits.heads_bytes), 1 << 20, 1 << 30),
            (
                "limits.bodies_bytes",
                number(limits.bodies_bytes),
                number(limits.body_bytes),
                1 << 36,
            ),
            ("limits.body_seconds", limits.body_seconds, 1, 3600),
            ("limits.body_total_seconds", limits.body_total_seconds, 1, 86_400),
            (
                "limits.issue_ahead_seconds",
                u64::from(limits.issue_ahead_seconds),
                0,
                86_400,
            ),
            ("limits.request_seconds", limits.request_seconds, 1, 3600),
            ("limits.stall_seconds", limits.stall_seconds, 1, 3600),
            ("limits.requests_per_second", each, 0, MANY),
            ("limits.reserve_bytes", limits.reserve_bytes, 0, 1 << 30),
            ("limits.requests_at_once", number(limits.requests_at_once), 0, MANY),
            ("limits.write_queue", number(limits.write_queue), 1, MANY),
            ("limits.scans", number(limits.scans), 1, 64),
            ("limits.scan_queue", number(limits.scan_queue), 1, MANY),
            ("retention.sweep_seconds", retention.sweep_seconds, 1, 86_400),
            ("retention.audit_days", retention.audit_days, 1, 36_500),
            ("retention.clock_slack_hours", retention.clock_slack_hours, 1, MANY),
        ] {
            if !(least..=most).contains(&value) {
                let fault = format!("must be from {least} to {most}");
                return Err(self.refused(key, &value.to_string(), &fault));
            }
        }
        Ok(())
    }

    /// What no range can say.
    fn check_texts(&self) -> Result<(), String> {
        let Settings { tls, cors, .. } = &self.settings;
        let is_none = |path: &Path| path.as_os_str().is_empty();
        for (key, path, other) in [
            ("tls.certificate", &tls.certificate, &tls.key),
            ("tls.key", &tls.key, &tls.certificate),
        ] {
            if !is_none(path) && is_none(other) {
                let shown = format!("{:?}", path.display().to_string());
                return Err(self.refused(key, &shown, "stands alone: give both the certificate and the key"));
            }
        }
        let Settings {
            listen,
            metrics,
            data_dir,
            ..
        } = &self.settings;
        if is_none(data_dir) {
            let fault = "names no folder: write . for the working folder";
            return Err(self.refused("data_dir", "\"\"", fault));
        }
        for (key, address) in [("listen", listen), ("metrics.listen", &metrics.listen)] {
            let may_be_none = key == "metrics.listen" && address.is_empty();
            let port = address.rsplit_once(':').map(|(_, port)| port.parse::<u16>());
            if !may_be_none && !matches!(port, Some(Ok(_))) {
                let fault = "is no address: write ADDRESS:PORT, such as 127.0.0.1:8000";
                return Err(self.refused(key, &format!("{address:?}"), fault));
            }
        }
        if let Some(bad) = cors.origins.iter().find(|origin| !is_origin(origin)) {
            let fault = "is no origin: write https://host or https://host:port, or *";
            return Err(self.refused("cors.origins", &format!("{bad:?}"), fault));
        }
        Ok(())
    }

    /// Why the value of a key is refused, with where it came from.
    pub fn refused(&self, key: &str, value: &str, fault: &str) -> String {
        format!("{key} = {value} (from {}) {fault}", self.origin(key))
    }
}

/// The origin of a page (RFC 6454) as browsers send it, or all of them.
fn is_origin(text: &str) -> bool {
    let host = text.strip_prefix("https://").or(text.strip_prefix("http://"));
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-:[]".contains(&byte);
    text == "*" || host.is_some_and(|host| !host.is_empty() && host.bytes().all(plain))
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

fn place(metadata: &Metadata, key: &str) -> String {
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

fn is_environment(metadata: &Metadata) -> bool {
    metadata.name.contains("environment")
}

fn is_flag(metadata: &Metadata) -> bool {
    metadata.name.contains("flag")
}
