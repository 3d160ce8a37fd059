//! Options of the server: its limits, and who may call it.

use std::time::Duration;

use super::{base::Proxies, guard::browser::Origins, metrics::Metrics};

/// The limits of connections and requests.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// How many connections are open at once.
    pub connections: usize,
    /// How long a connection may wait for its next request.
    pub idle: Duration,
    /// The largest head, in bytes.
    pub header_bytes: usize,
    /// How many headers a request may have.
    pub headers: usize,
    /// How long a head may take to arrive, and a TLS handshake.
    pub header: Duration,
    /// The largest sum of all heads that have not come to their end, in bytes.
    pub heads_bytes: usize,
    /// The largest body, in bytes.
    pub body_bytes: usize,
    /// The largest sum of the bodies that are in memory, in bytes; a quarter of it for each token.
    pub bodies_bytes: usize,
    /// How long each 16 KiB of a body, or its rest, may take to arrive.
    pub body: Duration,
    /// How long a body may take to arrive that is read as a whole.
    pub body_total: Duration,
    /// How long a request may take from the last of its body to its answer.
    pub request: Duration,
    /// How long a client may take nothing of its answer.
    pub stall: Duration,
    /// How many requests each token may make in a second on average; 0 for any number.
    pub requests_per_second: u32,
    /// How many requests of each token may be under way at once; 0 for an eighth of the connections, at least 16.
    pub requests_at_once: usize,
}

/// The least number of requests that a token may have under way unless it is set.
const LEAST_REQUESTS: usize = 16;

impl Limits {
    /// How many requests of one token may be under way.
    pub fn token_requests(&self) -> usize {
        match self.requests_at_once {
            // However few connections there are, half of them are left to the others.
            0 => LEAST_REQUESTS
                .min(self.connections / 2)
                .max(self.connections / 8)
                .max(1),
            set => set,
        }
    }

    /// How many bytes the bodies of one token may take: a quarter, so that three others have as much, but no less than
    /// one body.
    pub fn token_bodies_bytes(&self) -> usize {
        self.body_bytes.max(self.bodies_bytes / 4)
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 10_240,
            idle: Duration::from_secs(75),
            header_bytes: 16 * 1024,
            headers: 100,
            header: Duration::from_secs(10),
            heads_bytes: 16 * 1024 * 1024,
            body_bytes: 16 * 1024 * 1024,
            bodies_bytes: 64 * 1024 * 1024,
            body: Duration::from_secs(30),
            body_total: Duration::from_secs(300),
            request: Duration::from_secs(60),
            stall: Duration::from_secs(30),
            requests_per_second: 1000,
            requests_at_once: 0,
        }
    }
}

/// The options of a server.
#[derive(Clone, Default)]
pub struct Options {
    /// Its limits.
    pub limits: Limits,
    /// Whose pages may call it from a browser.
    pub origins: Origins,
    /// What `/metrics` answers; without, there is no such path.
    pub metrics: Option<Metrics>,
    /// If it is a demo.
    pub demo: Option<Demo>,
    /// The reverse proxies in front of it.
    pub proxies: Proxies,
}

/// The settings of a demo: visitors read without a token.
#[derive(Clone)]
pub struct Demo {
    /// The secret of the token that a GET without one is answered with.
    pub visitor: String,
}
