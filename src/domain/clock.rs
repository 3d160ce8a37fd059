//! Rules that decide whether the server trusts the machine's wall clock. Actions that cannot be undone, such as
//! deleting data by age, wait until the clock is trusted.

use std::{fmt, time::Duration};

use super::time::Timestamp;

/// Default of the largest difference, in hours, between the time that the wall clock shows and the expected time. A
/// larger difference is a jump.
pub const SLACK_HOURS: u64 = 48;

/// Default of the largest time by which an issue_time may be ahead of the server's clock, in seconds. Clocks that are
/// synchronised over the network differ by less.
pub const AHEAD_SECONDS: u32 = 300;

/// Upper limit, in seconds, of the setting for the time by which an issue_time may be ahead of the server's clock.
pub const MAX_AHEAD_SECONDS: u32 = 86_400;

/// 2020-01-01T00:00:00Z, in microseconds since 1970-01-01T00:00:00Z. A clock that shows an earlier time was never set.
const UNSET: i64 = 1_577_836_800_000_000;

/// Returns whether the clock that shows `now` was never set since the machine was started, that is, whether `now` is
/// before 2020.
pub fn is_unset(now: Timestamp) -> bool {
    now.micros() < UNSET
}

/// Time for which a clock that has jumped must run without another jump before it is trusted again. A trusted reading
/// is also replaced by a newer one after this time.
const STEADY: Duration = Duration::from_hours(24);

/// A simultaneous reading of the wall clock and of the monotonic clock, which nobody can set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Look {
    /// Time of the wall clock.
    pub time: Timestamp,
    /// Time since the process started, by the monotonic clock.
    pub uptime: Duration,
}

impl Look {
    /// Returns the time that the wall clock should show when the process has run for `uptime`, if the clock has not
    /// been set since this reading.
    pub fn expected(self, uptime: Duration) -> Timestamp {
        let passed = uptime.saturating_sub(self.uptime).as_micros();
        let passed = i64::try_from(passed).unwrap_or(i64::MAX);
        Timestamp::from_micros(self.time.micros().saturating_add(passed))
    }
}

/// The reason why a clock is not trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Doubt {
    /// Time that the clock shows.
    pub now: Timestamp,
    /// Time that the clock should show: the last trusted time plus the time that has passed since, by the monotonic
    /// clock.
    pub expected: Timestamp,
}

impl fmt::Display for Doubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { now, expected } = self;
        let hours = now.micros().abs_diff(expected.micros()) / 3_600_000_000;
        let far = match hours {
            0..72 => format!("{hours} hours"),
            _ => format!("{} days", hours / 24),
        };
        let side = if now > expected { "ahead of" } else { "behind" };
        write!(
            f,
            "the clock has jumped: it shows {now}, {far} {side} the expected time, {expected}; nothing is deleted \
             by age until the clock is corrected, has run steadily for a day, or is accepted with \
             `prediction-api retention`"
        )
    }
}

/// Detector of jumps of the wall clock. It compares each reading with the last trusted reading.
#[derive(Debug, Clone)]
pub struct ClockWatch {
    slack: u64,
    /// Trusted reading that later readings are compared with. It is updated only once a day, so that many small jumps
    /// add up and are detected like one large jump.
    trusted: Look,
    /// First reading after a jump, if the clock has not jumped again since. `None` while the clock is trusted.
    jumped: Option<Look>,
    /// Time for which the clock ran without a jump in earlier processes. It is added to the time since `jumped`.
    carried: Duration,
}

/// Progress of a clock that has jumped and has run without another jump since. The next process continues from this
/// progress. So a server that runs only some hours a day trusts its clock again after some days.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Steady {
    /// Time of the wall clock at the last reading.
    pub time: Timestamp,
    /// Total time for which the clock has run without a jump, over all processes.
    pub since: Duration,
}

impl ClockWatch {
    /// Creates a detector that trusts the reading `trusted`. A later reading is trusted if it differs from the expected
    /// time by at most `slack_hours`.
    pub fn new(trusted: Look, slack_hours: u64) -> Self {
        Self {
            slack: slack_hours.saturating_mul(3_600_000_000),
            trusted,
            jumped: None,
            carried: Duration::ZERO,
        }
    }

    /// Continues from the progress `steady` of an earlier process. The progress is ignored if the clock shows an
    /// earlier time than at the last reading of that process, or a time that is later by more than the allowed
    /// difference.
    pub fn resume(&mut self, steady: Steady, look: Look) {
        let off = look.time.micros() - steady.time.micros();
        if off >= 0 && off.unsigned_abs() <= self.slack {
            (self.jumped, self.carried) = (Some(look), steady.since);
        }
    }

    /// Returns the progress of a clock that has jumped and is not trusted yet. `None` if the clock is trusted.
    pub fn steady(&self, look: Look) -> Option<Steady> {
        let jumped = self.jumped?;
        Some(Steady {
            time: look.time,
            since: look.uptime.saturating_sub(jumped.uptime) + self.carried,
        })
    }

    /// Checks the reading `look`. Returns `None` if the clock is trusted, otherwise the reason why not.
    pub fn look(&mut self, look: Look) -> Option<Doubt> {
        let expected = self.trusted.expected(look.uptime);
        if self.is_near(expected, look.time) {
            (self.jumped, self.carried) = (None, Duration::ZERO);
            if look.uptime.saturating_sub(self.trusted.uptime) >= STEADY {
                self.trusted = look;
            }
            return None;
        }
        let is_steady = |jumped: &Look| self.is_near(jumped.expected(look.uptime), look.time);
        let Some(since) = self.jumped.filter(is_steady) else {
            (self.jumped, self.carried) = (Some(look), Duration::ZERO);
            return Some(Doubt {
                now: look.time,
                expected,
            });
        };
        if look.uptime.saturating_sub(since.uptime) + self.carried >= STEADY {
            self.accept(look);
            return None;
        }
        Some(Doubt {
            now: look.time,
            expected,
        })
    }

    /// Trusts the clock from the reading `look` on, even if the clock has jumped.
    pub fn accept(&mut self, look: Look) {
        self.trusted = look;
        (self.jumped, self.carried) = (None, Duration::ZERO);
    }

    /// Returns whether two times differ by at most the allowed difference (`slack_hours` of [`ClockWatch::new`]).
    pub fn is_near(&self, a: Timestamp, b: Timestamp) -> bool {
        a.micros().abs_diff(b.micros()) <= self.slack
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: u64 = 3600;

    /// Returns a reading after `uptime` hours of a clock that has advanced by `clock` hours since the start.
    fn look(uptime: u64, clock: i64) -> Look {
        Look {
            time: Timestamp::from_micros(1_700_000_000_000_000).plus_hours(clock),
            uptime: Duration::from_secs(uptime * HOUR),
        }
    }

    fn watch() -> ClockWatch {
        ClockWatch::new(look(0, 0), 48)
    }

    #[test]
    fn a_steady_clock_is_trusted_for_ever() {
        let mut watch = watch();
        for hours in 0..1000 {
            let clock = i64::try_from(hours).unwrap() + 47 * i64::from(hours % 2 == 1);
            assert_eq!(watch.look(look(hours, clock)), None, "{hours}");
        }
    }

    #[test]
    fn a_jump_ahead_or_back_is_doubted_until_it_is_put_right() {
        for jump in [49, 368 * 24, -49, -50 * 365 * 24] {
            let mut watch = watch();
            let doubt = watch.look(look(1, 1 + jump)).unwrap();
            assert_eq!(doubt.expected, look(1, 1).time);
            assert!(watch.look(look(24, 24 + jump)).is_some());
            assert_eq!(watch.look(look(24, 24)), None);
            // The next jump restarts the day.
            assert!(watch.look(look(25, 25 + jump)).is_some());
            assert!(watch.look(look(48, 48 + jump)).is_some());
        }
    }

    #[test]
    fn a_jump_is_accepted_after_a_steady_day() {
        for jump in [60 * 24, -60 * 24] {
            let mut watch = watch();
            assert!(watch.look(look(0, jump)).is_some());
            assert!(watch.look(look(23, 23 + jump)).is_some());
            assert_eq!(watch.look(look(24, 24 + jump)), None);
            assert_eq!(watch.look(look(25, 25 + jump)), None);
            assert!(watch.look(look(26, 26)).is_some());
        }
    }

    #[test]
    fn a_clock_that_jumps_again_is_doubted_for_another_day() {
        let mut watch = watch();
        assert!(watch.look(look(0, 1000)).is_some());
        assert!(watch.look(look(20, 5000)).is_some());
        assert!(watch.look(look(30, 5010)).is_some());
        assert_eq!(watch.look(look(44, 5024)), None);
    }

    #[test]
    fn many_small_jumps_are_noticed() {
        let mut watch = watch();
        assert_eq!(watch.look(look(1, 41)), None);
        assert!(watch.look(look(2, 82)).is_some());
    }

    #[test]
    fn the_clock_is_trusted_once_it_is_accepted() {
        let mut watch = watch();
        assert!(watch.look(look(1, 1000)).is_some());
        watch.accept(look(2, 1001));
        assert_eq!(watch.look(look(3, 1002)), None);
    }

    #[test]
    fn steady_time_adds_up_over_restarts() {
        let far = 24 * 365;
        let mut steady = None;
        for day in 0..3 {
            // Each process runs for ten hours a day, and starts at the last trusted time.
            let mut watch = watch();
            let clock = |hour: u64| look(hour, far + day * 24 + i64::try_from(hour).unwrap());
            if let Some(steady) = steady {
                watch.resume(steady, clock(0));
            }
            for hour in 0..10 {
                let is_trusted = watch.look(clock(hour)).is_none();
                assert_eq!(is_trusted, day == 2 && hour >= 6, "day {day}, hour {hour}");
            }
            steady = watch.steady(clock(9));
        }
    }

    #[test]
    fn steady_time_does_not_add_up_over_another_jump() {
        let mut watch = watch();
        let steady = Steady {
            time: look(0, 8760).time,
            since: Duration::from_secs(23 * HOUR),
        };
        for clock in [8759, 8760 + 49] {
            watch.resume(steady, look(0, clock));
            assert!(watch.look(look(2, clock + 2)).is_some(), "{clock}");
        }
    }
}
