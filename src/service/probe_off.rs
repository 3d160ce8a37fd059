//! Stands in for the client of health checks in builds without the feature `webhooks`, which have no HTTP client.

use std::time::Duration;

/// Returns an error.
pub async fn get(_url: &str, _timeout: Duration) -> Result<(u16, String), String> {
    Err("this executable was built without the feature webhooks, and has no HTTP client: use curl".to_owned())
}
