//! Limits the logging of failures that may repeat at the rate of requests. The first failure is logged. Repetitions
//! within a minute are only counted.

use std::{
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use super::stopwatch::Stopwatch;

/// The time after a log line during which the same failure is only counted and not logged again.
const AGAIN: Duration = Duration::from_mins(1);

/// The maximum number of distinct failure texts that are tracked. Further texts are counted together with the last one.
const MOST: usize = 16;

/// The recent failures of one operation. Each place in the code that logs such failures has a `Recurring` of its own.
#[derive(Default)]
pub struct Recurring {
    is_failing: AtomicBool,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    seen: Vec<Seen>,
    /// The number of failures since the last success.
    failures: u64,
}

/// A distinct failure that was logged.
struct Seen {
    text: String,
    logged: Stopwatch,
    /// The number of times that the failure has happened since it was logged.
    times: u64,
}

impl Recurring {
    /// Creates an instance without failures.
    pub const fn new() -> Self {
        let state = State {
            seen: Vec::new(),
            failures: 0,
        };
        Self {
            is_failing: AtomicBool::new(false),
            state: Mutex::new(state),
        }
    }

    /// Counts a failure with this text. If the failure should be logged now, returns the number of times that it
    /// happened since it was last logged, including this time. Otherwise returns `None`.
    pub fn failed(&self, text: &str) -> Option<u64> {
        self.is_failing.store(true, Ordering::Relaxed);
        let mut state = self.state();
        state.failures += 1;
        let seen = &mut state.seen;
        let mut found = seen.iter().position(|seen| seen.text == text);
        if found.is_none() && seen.len() >= MOST {
            seen.retain(|seen| seen.logged.elapsed() < AGAIN);
            found = seen.len().checked_sub(1).filter(|last| *last + 1 >= MOST);
        }
        let Some(seen) = found.and_then(|at| seen.get_mut(at)) else {
            seen.push(Seen {
                text: text.to_owned(),
                logged: Stopwatch::start(),
                times: 0,
            });
            return Some(1);
        };
        seen.times += 1;
        if seen.logged.elapsed() < AGAIN {
            return None;
        }
        seen.logged = Stopwatch::start();
        Some(std::mem::take(&mut seen.times))
    }

    /// Records a success. If there were failures since the last success, returns their number, so that the caller can
    /// log the recovery. Otherwise returns `None`.
    pub fn succeeded(&self) -> Option<u64> {
        if !self.is_failing.swap(false, Ordering::Relaxed) {
            return None;
        }
        let failures = std::mem::take(&mut *self.state()).failures;
        (failures > 0).then_some(failures)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_failure_is_logged_once_until_it_is_over() {
        let failures = Recurring::new();
        assert_eq!(failures.succeeded(), None);
        assert_eq!(failures.failed("full"), Some(1));
        for _ in 0..10_000 {
            assert_eq!(failures.failed("full"), None);
        }
        assert_eq!(failures.failed("damaged"), Some(1));
        assert_eq!(failures.succeeded(), Some(10_002));
        assert_eq!(failures.succeeded(), None);
        assert_eq!(failures.failed("full"), Some(1));
    }

    #[test]
    fn failures_that_differ_each_time_are_logged_a_few_times_only() {
        let failures = Recurring::new();
        let logged = (0..10_000).filter_map(|number| failures.failed(&number.to_string()));
        assert_eq!(logged.count(), MOST);
    }
}
