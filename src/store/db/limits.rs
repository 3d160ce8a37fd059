//! The limits of a database's queues.

use std::time::Duration;

/// The limits of a database's queues.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// How many writes may wait; more are refused as busy.
    pub write_queue: usize,
    /// How many long reads run at once.
    pub scans: usize,
    /// How many long reads may wait; more are refused as busy.
    pub scan_queue: usize,
    /// From how long on a read or a write is logged as slow.
    pub slow: Duration,
    /// How many bytes of the disk are kept in reserve; 0 for none.
    pub reserve_bytes: u64,
}
