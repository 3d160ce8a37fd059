//! The limits of the server and of the database, from the settings. Defaults are written in `config` only.

use std::time::Duration;

use crate::{
    config::{self, Settings},
    http, store,
};

impl From<&config::Limits> for http::Limits {
    fn from(set: &config::Limits) -> Self {
        Self {
            connections: set.connections,
            idle: Duration::from_secs(set.idle_seconds),
            header_bytes: set.header_bytes,
            headers: set.headers,
            header: Duration::from_secs(set.header_seconds),
            heads_bytes: set.heads_bytes,
            body_bytes: set.body_bytes,
            bodies_bytes: set.bodies_bytes,
            body: Duration::from_secs(set.body_seconds),
            body_total: Duration::from_secs(set.body_total_seconds),
            request: Duration::from_secs(set.request_seconds),
            stall: Duration::from_secs(set.stall_seconds),
            requests_per_second: set.requests_per_second,
            requests_at_once: set.requests_at_once,
        }
    }
}

impl From<&Settings> for store::Limits {
    fn from(settings: &Settings) -> Self {
        let limits = &settings.limits;
        Self {
            write_queue: limits.write_queue,
            scans: limits.scans,
            scan_queue: limits.scan_queue,
            slow: Duration::from_millis(settings.log.slow_milliseconds),
            reserve_bytes: limits.reserve_bytes,
        }
    }
}
