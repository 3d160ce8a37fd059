//! The operator's settings for webhooks.

use std::time::Duration;

/// The operator's settings for the calls of webhooks.
#[derive(Debug, Clone, Copy)]
pub struct Rules {
    /// Whether loopback, private and reserved addresses may be called.
    pub allow_private_addresses: bool,
    /// Time limit for a call.
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
