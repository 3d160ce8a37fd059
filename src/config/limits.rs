//! Limits of connections, requests and queues, with their defaults.

use serde::{Deserialize, Serialize};

use crate::domain::clock::AHEAD_SECONDS;

/// Limits of connections, requests and queues.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Largest number of open connections.
    pub connections: usize,
    /// Seconds for which a connection may wait for its next request.
    pub idle_seconds: u64,
    /// Largest request head (request line and headers), in bytes.
    pub header_bytes: usize,
    /// Largest number of headers in a request.
    pub headers: usize,
    /// Seconds in which a head must arrive, and a TLS handshake must finish.
    pub header_seconds: u64,
    /// Largest sum of all incomplete heads, in bytes.
    pub heads_bytes: usize,
    /// Largest request body, in bytes.
    pub body_bytes: usize,
    /// Largest sum of the bodies in memory, in bytes. Each token may use a quarter of it.
    pub bodies_bytes: usize,
    /// Seconds in which each 16 KiB of a body, or the rest of it, must arrive.
    pub body_seconds: u64,
    /// Seconds in which a body that is read as a whole must arrive.
    pub body_total_seconds: u64,
    /// Seconds by which an `issue_time` may be ahead of the server's clock.
    pub issue_ahead_seconds: u32,
    /// Seconds from the end of the request body to the start of the response.
    pub request_seconds: u64,
    /// Seconds for which a client may read nothing of its response.
    pub stall_seconds: u64,
    /// Average requests per second of each token; a burst may be twice as large. 0 disables the limit.
    pub requests_per_second: u32,
    /// Bytes of the disk reserved for deletions; 0 for none.
    pub reserve_bytes: u64,
    /// Concurrent requests of each token; 0 means an eighth of the connections, at least 16.
    pub requests_at_once: usize,
    /// Largest number of waiting writes.
    pub write_queue: usize,
    /// Number of long reads that run at the same time.
    pub scans: usize,
    /// Largest number of waiting long reads.
    pub scan_queue: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 10_240,
            idle_seconds: 75,
            header_bytes: 16 * 1024,
            headers: 100,
            header_seconds: 10,
            heads_bytes: 16 * 1024 * 1024,
            body_bytes: 16 * 1024 * 1024,
            bodies_bytes: 64 * 1024 * 1024,
            body_seconds: 30,
            body_total_seconds: 300,
            issue_ahead_seconds: AHEAD_SECONDS,
            request_seconds: 60,
            stall_seconds: 30,
            requests_per_second: 1000,
            reserve_bytes: 8 * 1024 * 1024,
            requests_at_once: 0,
            write_queue: 1024,
            scans: 4,
            scan_queue: 256,
        }
    }
}
