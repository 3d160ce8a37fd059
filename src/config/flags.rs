//! Settings that are given as flags of the command line.

use std::path::PathBuf;

use figment::{
    Metadata, Provider,
    providers::Serialized,
    value::{Dict, Map},
};
use serde::Serialize;

use super::log::{LogFormat, LogLevel};

/// Heading of the flags that every command has.
pub const GLOBAL: &str = "Global options";

/// Heading of the flags of commands that start a server.
const SERVER: &str = "Server options";

/// Settings given as flags. An absent flag leaves the value of the other places.
#[derive(Debug, Clone, Default, clap::Args, Serialize)]
pub struct Flags {
    /// Folder of the database's file, created if it does not exist [default: data, and demo-data for the demo]
    #[arg(long, global = true, value_name = "FOLDER", help_heading = GLOBAL)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) data_dir: Option<PathBuf>,
    #[command(flatten)]
    #[serde(flatten)]
    server: ServerFlags,
}

/// Settings of the server that are given as flags, before the command or after it.
#[derive(Debug, Clone, Default, clap::Args, Serialize)]
pub struct ServerFlags {
    /// Address and port to listen on, such as 0.0.0.0:8000; port 0 takes a free port [default: 127.0.0.1:8000]
    #[arg(long, value_name = "ADDRESS:PORT", help_heading = SERVER)]
    #[serde(skip_serializing_if = "Option::is_none")]
    listen: Option<String>,
    /// Path under which a reverse proxy serves everything, such as /farm [default: none]
    #[arg(long, value_name = "PATH", help_heading = SERVER)]
    #[serde(skip_serializing_if = "Option::is_none")]
    base_path: Option<String>,
    #[command(flatten)]
    #[serde(skip_serializing_if = "LogFlags::is_empty")]
    log: LogFlags,
}

#[derive(Debug, Clone, Default, clap::Args, Serialize)]
struct LogFlags {
    /// Lowest severity that is logged [default: info]
    #[arg(long = "log-level", value_name = "LEVEL", ignore_case = true, help_heading = SERVER)]
    #[serde(skip_serializing_if = "Option::is_none")]
    level: Option<LogLevel>,
    /// Format of the log: auto is text on a terminal and json otherwise [default: auto]
    #[arg(long = "log-format", value_name = "FORMAT", ignore_case = true, help_heading = SERVER)]
    #[serde(skip_serializing_if = "Option::is_none")]
    format: Option<LogFormat>,
}

impl Flags {
    /// Returns these flags with those that follow the command, which take precedence.
    pub fn with(&self, after: &ServerFlags) -> Self {
        let (before, after) = (self.server.clone(), after.clone());
        Self {
            data_dir: self.data_dir.clone(),
            server: ServerFlags {
                listen: after.listen.or(before.listen),
                base_path: after.base_path.or(before.base_path),
                log: LogFlags {
                    level: after.log.level.or(before.log.level),
                    format: after.log.format.or(before.log.format),
                },
            },
        }
    }
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
