//! Logs failures that may repeat at the rate of requests: the first one is logged, the others are counted.

use std::{
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use super::stopwatch::Stopwatch;

/// The time for which a repeated failure is only counted before it is logged again.
const AGAIN: Duration = Duration::from_mins(1);

/// The number of distinct failures; more are counted as one.
const MOST: usize = 16;

/// A kind of failure at the place where it is logged.
#[derive(Default)]
pub struct Recurring {
    is_failing: AtomicBool,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    seen: Vec<Seen>,
    /// The failures since the last success.
    failures: u64,
}

/// A failure that was logged.
struct Seen {
    text: String,
    logged: Stopwatch,
    /// The number of times that it happened since then.
    times: u64,
}

impl Recurring {
    /// Makes one without failures.
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

    /// Counts a failure. If it should be logged now, returns the number of failures since the last log line, including
    /// this one.
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

    /// Ends a run of failures. Returns how many there were since the last success, if any.
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
