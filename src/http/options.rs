//! Options of the server: limits, allowed origins, metrics, demo and reverse proxies.

use std::{sync::Arc, time::Duration};

use super::{base::Proxies, guard::browser::Origins, metrics::Metrics};

/// Limits of connections and requests.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Maximum number of open connections, without the ones that are reserved for monitoring.
    pub connections: usize,
    /// Maximum time that an open connection may be idle before its next request.
    pub idle: Duration,
    /// Maximum size of a request head (request line and headers), in bytes.
    pub header_bytes: usize,
    /// Maximum number of headers in a request.
    pub headers: usize,
    /// Maximum time from the first to the last byte of a request head, and maximum time of a TLS handshake.
    pub header: Duration,
    /// Maximum memory of the incomplete request heads of all connections, in bytes.
    pub heads_bytes: usize,
    /// Maximum size of a request body, in bytes.
    pub body_bytes: usize,
    /// Maximum memory of all request bodies together, in bytes. Each token may use a quarter of it, but at least
    /// `body_bytes`.
    pub bodies_bytes: usize,
    /// Maximum time in which the next 16 KiB of a request body must arrive, or the remainder if it is shorter.
    pub body: Duration,
    /// Maximum time in which a request body must arrive completely, if the operation needs the whole body before it
    /// begins.
    pub body_total: Duration,
    /// Maximum time from the end of the request body to the start of the response.
    pub request: Duration,
    /// Maximum time during which a client may read nothing of its response before the connection is closed.
    pub stall: Duration,
    /// Maximum average of requests per second for each token. 0 disables the limit.
    pub requests_per_second: u32,
    /// Maximum number of concurrent requests of each token. 0 selects a default: see [`Limits::token_requests`].
    pub requests_at_once: usize,
}

/// Smallest default for the concurrent requests of a token, if there are enough connections.
const LEAST_REQUESTS: usize = 16;

impl Limits {
    /// Returns the maximum number of concurrent requests of one token. If the setting is 0, this is an eighth of the
    /// connections or 16, whichever is more. The 16 are reduced to half of the connections if there are fewer than 32.
    pub fn token_requests(&self) -> usize {
        match self.requests_at_once {
            // With few connections, at least half of them stay available to other tokens.
            0 => LEAST_REQUESTS
                .min(self.connections / 2)
                .max(self.connections / 8)
                .max(1),
            set => set,
        }
    }

    /// Returns the maximum memory of one token's request bodies in bytes. This is a quarter of the memory for all
    /// bodies, so that three other tokens can use as much, but always enough for one body of maximum size.
    pub fn token_bodies_bytes(&self) -> usize {
        self.body_bytes.max(self.bodies_bytes / 4)
    }
}

/// Options of the server.
#[derive(Clone)]
pub struct Options {
    /// Limits of connections and requests.
    pub limits: Limits,
    /// Origins whose web pages may call the API from a browser (CORS).
    pub origins: Origins,
    /// Recorder of the metrics that `/metrics` returns. If `None`, the path `/metrics` does not exist.
    pub metrics: Option<Metrics>,
    /// Options of the demo. `None` if the server is not a demo.
    pub demo: Option<Demo>,
    /// Reverse proxies in front of the server.
    pub proxies: Proxies,
}

impl Options {
    /// Creates options with these limits and without other origins, metrics, a demo or proxies.
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

/// Options of a demo: a server whose data visitors can read without a token.
#[derive(Clone)]
pub struct Demo {
    /// Secret of the visitors' token. The server adds it to each GET request that has no token.
    pub visitor: String,
    /// Last day of the season, such as `2013-10-31`.
    pub last_day: String,
    /// Converts the recorded dates in a text to those of the demo.
    pub dated: Arc<dyn Fn(&str) -> String + Send + Sync>,
}
