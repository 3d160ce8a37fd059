//! Lets other threads run during work that takes long.

use std::thread;

/// Number of points after which other threads may run: about a tenth of a millisecond.
const POINTS: usize = 2000;

/// Counts the points of long work on a thread. Now and then it lets the threads run that wait for this processor, such as those
/// that serve requests: the system would otherwise give the work several milliseconds at a time (see `BENCHMARKS.md`).
#[derive(Default)]
pub struct Courtesy(usize);

impl Courtesy {
    /// Counts points that the work has handled.
    #[inline]
    pub fn count(&mut self, points: usize) {
        self.0 += points;
        if self.0 >= POINTS {
            self.0 = 0;
            thread::yield_now();
        }
    }
}
