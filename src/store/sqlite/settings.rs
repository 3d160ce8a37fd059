//! What connections have in common.

use std::time::Duration;

/// How long a statement waits for another process that is writing, such as the command line.
pub const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// How much of the file the readers map into memory; doubles the concurrent point reads.
pub const MMAP_BYTES: i64 = 256 * 1024 * 1024;

/// How many statements each connection keeps prepared.
pub const CACHED_STATEMENTS: usize = 128;
