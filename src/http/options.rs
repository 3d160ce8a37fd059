//! Options of the server: its limits, and the clients that may call it.

use std::time::Duration;

use super::{base::Proxies, guard::browser::Origins, metrics::Metrics};

/// Limits of connections and requests.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Largest number of open connections.
    pub connections: usize,
    /// Time for which a connection may wait for its next request.
    pub idle: Duration,
    /// Largest head, in bytes.
    pub header_bytes: usize,
    /// Largest number of headers in a request.
    pub headers: usize,
    /// Time in which a head must arrive, and a TLS handshake must finish.
    pub header: Duration,
    /// Largest sum of all incomplete heads, in bytes.
    pub heads_bytes: usize,
    /// Largest body, in bytes.
    pub body_bytes: usize,
    /// Largest sum of the bodies in memory, in bytes. Each token may use a quarter of it.
    pub bodies_bytes: usize,
    /// Time in which each 16 KiB of a body, or the rest of it, must arrive.
    pub body: Duration,
    /// Time in which a body that is read at once must arrive.
    pub body_total: Duration,
    /// Time from the end of the request body to the start of the response.
    pub request: Duration,
    /// Time for which a client may read nothing of its response.
    pub stall: Duration,
    /// Average requests per second of each token; 0 disables the limit.
    pub requests_per_second: u32,
    /// Concurrent requests of each token; 0 means an eighth of the connections, at least 16.
    pub requests_at_once: usize,
}

/// Minimum of the default number of concurrent requests of a token.
const LEAST_REQUESTS: usize = 16;

impl Limits {
    /// Returns the number of concurrent requests that one token may have.
    pub fn token_requests(&self) -> usize {
        match self.requests_at_once {
            // Even if there are few connections, half of them are left to other tokens.
            0 => LEAST_REQUESTS
                .min(self.connections / 2)
                .max(self.connections / 8)
                .max(1),
            set => set,
        }
    }

    /// Returns the number of bytes that the bodies of one token may take: a quarter of all, so that three others have
    /// as much, but at least one body.
    pub fn token_bodies_bytes(&self) -> usize {
        self.body_bytes.max(self.bodies_bytes / 4)
    }
}

/// Options of the server.
#[derive(Clone)]
pub struct Options {
    /// Limits of connections and requests.
    pub limits: Limits,
    /// Origins whose pages may call the server from a browser.
    pub origins: Origins,
    /// Metrics that `/metrics` returns. If absent, the path does not exist.
    pub metrics: Option<Metrics>,
    /// Options of the demo. `None` if the server is not a demo.
    pub demo: Option<Demo>,
    /// Reverse proxies in front of the server.
    pub proxies: Proxies,
}

impl Options {
    /// Returns the default options: no other origins, no metrics, no demo and no proxy.
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            origins: Origins::default(),
            metrics: None,
            demo: None,
            proxies: Proxies::default(),
        }
    }
}

/// Options of a demo, which visitors read without a token.
#[derive(Clone)]
pub struct Demo {
    /// Secret of the token that a GET request without a token uses.
    pub visitor: String,
}
