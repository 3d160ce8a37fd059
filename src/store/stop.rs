//! A flag that makes reads and copies stop, and a limit of the cost of a read.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use crate::domain::{Error, Result};

/// A flag that is set at most once. Clones share the same flag.
#[derive(Debug, Clone, Default)]
pub struct Stop(Arc<AtomicBool>);

impl Stop {
    /// Sets the flag.
    pub fn set(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Returns whether the flag is set.
    pub fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// A limit of the cost of a read. A read that costs more fails, and sets a flag by which its caller knows that it was not
/// another error.
#[derive(Debug, Clone)]
pub struct Limit {
    most: usize,
    stop: Stop,
}

impl Default for Limit {
    /// Returns the limit that no read exceeds.
    fn default() -> Self {
        Self::new(usize::MAX, Stop::default())
    }
}

impl Limit {
    /// Creates a limit. `stop` is set if a read costs more than `most`.
    pub fn new(most: usize, stop: Stop) -> Self {
        Self { most, stop }
    }

    /// Checks that a read that has cost this much so far may go on.
    ///
    /// # Errors
    /// `Unavailable` if it costs more than the limit.
    pub fn check(&self, cost: usize) -> Result<()> {
        if cost <= self.most {
            return Ok(());
        }
        self.stop.set();
        Err(Error::Unavailable("a read costs more than its limit".to_owned()))
    }

    /// Refuses a read whose cost is not counted, if there is a limit.
    ///
    /// # Errors
    /// `Unavailable` if there is a limit.
    pub fn refuse(&self) -> Result<()> {
        self.check(usize::MAX)
    }
}
