//! The log, on standard error.

use std::io::{self, IsTerminal};

use tracing_subscriber::{filter::LevelFilter, fmt};

use crate::config::{Log, LogFormat, LogLevel};

/// Starts the log.
pub fn start(log: &Log) {
    let level = match log.level {
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
        LogLevel::Trace => LevelFilter::TRACE,
    };
    let terminal = io::stderr().is_terminal();
    let text = match log.format {
        LogFormat::Auto => terminal,
        LogFormat::Text => true,
        LogFormat::Json => false,
    };
    let builder = fmt().with_max_level(level).with_writer(io::stderr);
    // The log is started once; a second start, in a test, keeps the first.
    let _ = if text {
        builder.with_ansi(terminal && !is_plain()).try_init()
    } else {
        builder.json().flatten_event(true).try_init()
    };
}

/// Whether the user wants no escape sequences: `NO_COLOR` is set (see <https://no-color.org>), or the terminal knows none.
pub fn is_plain() -> bool {
    let is_set = |text: std::ffi::OsString| !text.is_empty();
    std::env::var_os("NO_COLOR").is_some_and(is_set)
        || std::env::var_os("TERM").is_some_and(|terminal| terminal == "dumb")
}
