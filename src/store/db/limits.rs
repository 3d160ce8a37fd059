//! The limits of a database's queues.

use std::time::Duration;

/// The limits of a database's queues.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// The number of writes that may wait; more are refused as busy.
    pub write_queue: usize,
    /// The number of long reads that run at once.
    pub scans: usize,
    /// The number of long reads that may wait; more are refused as busy.
    pub scan_queue: usize,
    /// The time from which on a read or a write is logged as slow.
    pub slow: Duration,
    /// The bytes of the disk that are reserved; 0 for none.
    pub reserve_bytes: u64,
}
