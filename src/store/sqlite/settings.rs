//! Settings that all connections share.

use std::time::Duration;

/// The time for which a statement waits for another process that is writing, such as the command line.
pub const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// The number of bytes of the database file that each connection for reading maps into memory. Mapping doubles the
/// number of reads of points that the server can serve at once.
pub const MMAP_BYTES: i64 = 256 * 1024 * 1024;

/// The number of prepared statements that each connection caches.
pub const CACHED_STATEMENTS: usize = 128;
