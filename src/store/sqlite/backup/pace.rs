//! Prevents a copy from delaying writers: it is flushed in small parts, with a rest after each, on a thread of low
//! priority.

use std::{fs::File, time::Duration};

use super::stop::Stop;

/// The bytes that are written between two flushes.
const PIECE: u64 = 128 * 1024;

/// The number of calls after which there is a rest although little was written: rows may be small.
const OFTEN: u32 = 200;

/// The length of a rest: at most some 40 MB a second are copied.
const REST: Duration = Duration::from_millis(2);

/// The lowest priority that a thread can have.
const LOWEST_PRIORITY: i32 = 19;

/// Flushes, rests, and checks whether to stop. SQLite calls it after every few steps of a copy.
pub struct Pace {
    file: File,
    /// The length of the file at the last rest.
    length: u64,
    /// The number of calls since then.
    calls: u32,
    stop: Stop,
}

impl Pace {
    /// Creates the pace of a copy to `file`.
    pub fn new(file: File, stop: Stop) -> Self {
        Self {
            file,
            length: 0,
            calls: 0,
            stop,
        }
    }

    /// Returns whether the copy must stop.
    pub fn is_over(&mut self) -> bool {
        let length = self.file.metadata().map_or(0, |metadata| metadata.len());
        self.calls += 1;
        let has_grown = length >= self.length + PIECE;
        if has_grown {
            // If it fails, the last flush fails too and is reported.
            let _ = self.file.sync_data();
        }
        if has_grown || self.calls >= OFTEN {
            (self.length, self.calls) = (length, 0);
            std::thread::sleep(REST);
        }
        self.stop.is_set()
    }
}

/// Runs `work` on a thread of low priority: writers must not wait for a processor.
pub fn in_the_background<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    std::thread::scope(|scope| {
        let worker = scope.spawn(|| {
            // The priority is that of this thread alone, which ends with the work. If setting it is not allowed, the
            // work continues without.
            let _ = rustix::process::nice(LOWEST_PRIORITY);
            work()
        });
        match worker.join() {
            Ok(done) => done,
            Err(fault) => std::panic::resume_unwind(fault),
        }
    })
}
