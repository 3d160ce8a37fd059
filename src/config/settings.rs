//! The settings of the server with their defaults. `config/prediction-api.toml` explains each setting to operators.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::{limits::Limits, log::Log, mqtt::Mqtt, smtp::Smtp, storage::Storage};
use crate::domain::clock::SLACK_HOURS;

/// All settings of the server.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Address and port to listen on.
    pub listen: String,
    /// Folder of the database's file and of the first admin token.
    pub data_dir: PathBuf,
    /// Place of the data.
    pub storage: Storage,
    /// URL path under which a reverse proxy serves everything, such as `/farm`. Empty for none.
    pub base_path: String,
    /// Address at which people reach the server, such as `https://farm.example/farm`, with the base path. Messages link
    /// to the dashboard by it. Empty for no links.
    pub public_url: String,
    /// Addresses and networks of the reverse proxies whose forwarding headers are trusted.
    pub trusted_proxies: Vec<String>,
    /// Settings of the log.
    pub log: Log,
    /// Limits of connections, requests and queues.
    pub limits: Limits,
    /// Certificate and key for TLS.
    pub tls: Tls,
    /// Origins that may call the API from a browser.
    pub cors: Cors,
    /// Address of the metrics, and what they have.
    pub metrics: Metrics,
    /// Deletion of expired rows.
    pub retention: Retention,
    /// Addresses that webhooks may call.
    pub webhooks: Webhooks,
    /// Server that sends e-mail.
    pub smtp: Smtp,
    /// MQTT broker from which feeds receive messages.
    pub mqtt: Mqtt,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            listen: "127.0.0.1:8000".to_owned(),
            data_dir: PathBuf::from("data"),
            storage: Storage::default(),
            base_path: String::new(),
            public_url: String::new(),
            trusted_proxies: Vec::new(),
            log: Log::default(),
            limits: Limits::default(),
            tls: Tls::default(),
            cors: Cors::default(),
            metrics: Metrics::default(),
            retention: Retention::default(),
            webhooks: Webhooks::default(),
            smtp: Smtp::default(),
            mqtt: Mqtt::default(),
        }
    }
}

/// Certificate and key for TLS. If both paths are empty, the server uses plain HTTP.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tls {
    /// PEM file of the certificate and its chain.
    pub certificate: PathBuf,
    /// PEM file of the private key.
    pub key: PathBuf,
}

/// Origins that may call the API from a browser (cross-origin resource sharing).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cors {
    /// Allowed origins, such as `https://farm.example`; `*` allows all.
    pub origins: Vec<String>,
}

/// Address of the metrics, and what they have.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Metrics {
    /// Separate address and port that serves `/metrics` without a token. If empty, the API serves it and needs a token.
    pub listen: String,
    /// Minutes between two computations of the jobs' accuracy for the metrics. 0 leaves it out.
    pub accuracy_minutes: u64,
    /// Whether the metrics have the time of the last post of each job.
    pub job_arrivals: bool,
}

/// Deletion of expired rows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Retention {
    /// Seconds from the end of one sweep to the start of the next.
    pub sweep_seconds: u64,
    /// Days for which audit entries are stored.
    pub audit_days: u64,
    /// Largest jump of the machine's clock, in hours, after which the clock is still trusted. After a larger jump
    /// nothing is deleted by age.
    pub clock_slack_hours: u64,
}

impl Default for Retention {
    fn default() -> Self {
        Self {
            sweep_seconds: 60,
            audit_days: 365,
            clock_slack_hours: SLACK_HOURS,
        }
    }
}

/// Addresses that webhooks may call.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Webhooks {
    /// Whether webhooks may call loopback, private and reserved addresses.
    pub allow_private_addresses: bool,
}
