//! The operator's settings for requests to webhooks.

use std::time::Duration;

/// The operator's settings for the HTTP requests that deliver messages to webhooks.
#[derive(Debug, Clone, Copy)]
pub struct Rules {
    /// Whether messages may be sent to loopback, private and reserved addresses.
    pub allow_private_addresses: bool,
    /// Timeout of one request.
    pub time_out: Duration,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            allow_private_addresses: false,
            time_out: Duration::from_secs(10),
        }
    }
}
