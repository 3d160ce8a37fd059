//! Settings that all connections share.

use std::time::Duration;

/// The time for which a statement waits for another process that is writing, such as the command line.
pub const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// The bytes of the file that readers map into memory; this doubles the number of concurrent reads of points.
pub const MMAP_BYTES: i64 = 256 * 1024 * 1024;

/// The number of prepared statements that each connection caches.
pub const CACHED_STATEMENTS: usize = 128;
