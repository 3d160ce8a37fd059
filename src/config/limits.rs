//! Limits of connections, requests and queues, with their defaults.

use serde::{Deserialize, Serialize};

use crate::domain::clock::AHEAD_SECONDS;

/// Limits of connections, requests and queues.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Largest number of open connections.
    pub connections: usize,
    /// Largest time, in seconds, for which an open connection may wait for its next request.
    pub idle_seconds: u64,
    /// Largest request head (request line and headers), in bytes.
    pub header_bytes: usize,
    /// Largest number of headers in a request.
    pub headers: usize,
    /// Largest time, in seconds, for a request head to arrive, and for a TLS handshake to finish.
    pub header_seconds: u64,
    /// Largest total size of all request heads that have not arrived completely, in bytes.
    pub heads_bytes: usize,
    /// Largest request body, in bytes.
    pub body_bytes: usize,
    /// Largest total size of the request bodies in memory, in bytes. Each token may use a quarter of it.
    pub bodies_bytes: usize,
    /// Largest time, in seconds, for each 16 KiB of a request body to arrive, or for its last part.
    pub body_seconds: u64,
    /// Largest time, in seconds, for a whole request body to arrive, if the body is read completely before it is
    /// processed.
    pub body_total_seconds: u64,
    /// Largest accepted difference, in seconds, by which an `issue_time` is ahead of the server's clock.
    pub issue_ahead_seconds: u32,
    /// Largest time, in seconds, from the end of the request body to the start of the response.
    pub request_seconds: u64,
    /// Largest time, in seconds, for which a client may read nothing of its response.
    pub stall_seconds: u64,
    /// Average requests per second of each token; a burst may be twice as large. 0 disables the limit.
    pub requests_per_second: u32,
    /// Size of the file that reserves disk space for deletions, in bytes. 0 means no reserve.
    pub reserve_bytes: u64,
    /// Largest number of concurrent requests of each token. 0 means an eighth of `connections`, and at least 16.
    pub requests_at_once: usize,
    /// Largest number of writes that wait for the database.
    pub write_queue: usize,
    /// Largest number of long reads that run concurrently.
    pub scans: usize,
    /// Largest number of long reads that wait to run.
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
