//! Settings that all connections share.

use std::time::Duration;

/// The time for which a statement waits for another process that is writing, such as the command line.
pub const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// The number of bytes at the begin of the database file that each connection for reading maps into memory. In a file of
/// 4 MB, this saves 12 to 16 % of the processor time of reads; in one of 2.6 GB, neither 8 nor 256 MiB save anything that
/// could be distinguished from noise. The pages count as memory of the server once for each connection: with 256 MiB it
/// had 397 MB, with 8 MiB 112 MB.
pub const MMAP_BYTES: i64 = 8 * 1024 * 1024;

/// The number of prepared statements that each connection caches.
pub const CACHED_STATEMENTS: usize = 128;
