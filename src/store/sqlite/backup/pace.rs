//! Slows a copy down so that it does not delay writers. The copy is flushed in small parts with a pause after each
//! part, and runs on a thread of low priority.

use std::{fs::File, time::Duration};

use crate::store::stop::Stop;

/// The number of bytes that a copy grows between two flushes.
const PIECE: u64 = 128 * 1024;

/// The number of calls of [`Pace::is_over`] after which the copy pauses even if it has grown little, because rows may
/// be small.
const OFTEN: u32 = 200;

/// The length of a pause. The pauses limit the speed of a copy to about 40 MB a second.
const REST: Duration = Duration::from_millis(2);

/// The lowest priority that a thread can have, as a Unix nice value.
const LOWEST_PRIORITY: i32 = 19;

/// The progress of a copy. SQLite calls [`Pace::is_over`] after every few steps of the copy.
pub struct Pace {
    file: File,
    /// The length of the file at the last pause, in bytes.
    length: u64,
    /// The number of calls since the last pause.
    calls: u32,
    stop: Stop,
}

impl Pace {
    /// Creates the state for a copy to `file`, which ends once `stop` is set.
    pub fn new(file: File, stop: Stop) -> Self {
        Self {
            file,
            length: 0,
            calls: 0,
            stop,
        }
    }

    /// Flushes the file if it has grown enough, and pauses after a flush or after many calls. Returns whether the copy
    /// must stop.
    pub fn is_over(&mut self) -> bool {
        let length = self.file.metadata().map_or(0, |metadata| metadata.len());
        self.calls += 1;
        let has_grown = length >= self.length + PIECE;
        if has_grown {
            // If this flush fails, the last flush fails too, and its error is reported.
            let _ = self.file.sync_data();
        }
        if has_grown || self.calls >= OFTEN {
            (self.length, self.calls) = (length, 0);
            std::thread::sleep(REST);
        }
        self.stop.is_set()
    }
}

/// Runs `work` on a thread of low priority and waits for the result, so that writers do not wait for a processor. A
/// panic of `work` is passed on.
pub fn in_the_background<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    std::thread::scope(|scope| {
        let worker = scope.spawn(|| {
            // The priority applies to this thread only, which ends with the work. If the priority cannot be set, the
            // work runs with the normal priority.
            let _ = rustix::process::nice(LOWEST_PRIORITY);
            work()
        });
        match worker.join() {
            Ok(done) => done,
            Err(fault) => std::panic::resume_unwind(fault),
        }
    })
}
