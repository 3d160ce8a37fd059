//! Settings of the log, with their defaults.

use serde::{Deserialize, Serialize};

use super::in_any_case::in_any_case;

/// Settings of the log.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Log {
    /// Lowest severity that is logged.
    #[serde(deserialize_with = "in_any_case")]
    pub level: LogLevel,
    /// Format of the log.
    #[serde(deserialize_with = "in_any_case")]
    pub format: LogFormat,
    /// Duration, in milliseconds, above which a read or write of the database is logged as slow.
    pub slow_milliseconds: u64,
}

/// Severity of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum LogLevel {
    /// Errors that the operator must act on.
    Error,
    /// Warnings that the operator should know.
    Warn,
    /// One line per request, and the work of the background tasks.
    Info,
    /// Details for finding a fault.
    Debug,
    /// Everything.
    Trace,
}

/// Format of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// Text on a terminal, JSON otherwise.
    Auto,
    /// Text for people.
    Text,
    /// JSON for programs.
    Json,
}

impl Default for Log {
    fn default() -> Self {
        Self {
            level: LogLevel::Info,
            format: LogFormat::Auto,
            slow_milliseconds: 500,
        }
    }
}
