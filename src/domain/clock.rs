//! The rules by which the machine's clock is trusted. What cannot be undone, such as deleting by age, waits for a
//! trusted clock.

use std::{fmt, time::Duration};

use super::time::Timestamp;

/// Default for the largest difference between the clock and its expected time, in hours.
pub const SLACK_HOURS: u64 = 48;

/// Default for how far an issue_time may be ahead of the server's clock, in seconds. Clocks set over the network differ
/// by no more.
pub const AHEAD_SECONDS: u32 = 300;

/// Upper limit of how far an issue_time may be ahead of the server's clock, in seconds, whatever the settings say.
pub const MAX_AHEAD_SECONDS: u32 = 86_400;

/// 2020-01-01T00:00:00Z, in microseconds since 1970. A clock that shows less was never set.
const UNSET: i64 = 1_577_836_800_000_000;

/// Returns whether a clock was never set since the machine was started.
pub fn is_unset(now: Timestamp) -> bool {
    now.micros() < UNSET
}

/// Time for which a clock that has jumped must run steadily before it is trusted.
const STEADY: Duration = Duration::from_hours(24);

/// A reading of two clocks: the wall clock, and the monotonic clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Look {
    /// Time of the wall clock.
    pub time: Timestamp,
    /// Time since the process started, by the monotonic clock.
    pub uptime: Duration,
}

impl Look {
    /// Returns the time that the wall clock should show when the process has run for `uptime`.
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

/// Compares each reading of the clock with the last trusted one.
#[derive(Debug, Clone)]
pub struct ClockWatch {
    slack: u64,
    /// Reading that later ones are compared with. It is updated only once a day, so that many small jumps are noticed
    /// like one large jump.
    trusted: Look,
    /// First reading after a jump, if the clock has run steadily since.
    jumped: Option<Look>,
    /// Time for which the clock had run steadily in earlier processes, before that reading.
    carried: Duration,
}

/// Progress of a clock that has jumped and runs steadily. The next process continues from it, so that a machine that
/// runs for some hours a day comes to trust its clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Steady {
    /// Last time that the clock showed.
    pub time: Timestamp,
    /// Total time for which the clock has run steadily.
    pub since: Duration,
}

impl ClockWatch {
    /// Trusts a reading, and later ones that deviate from it by at most `slack_hours`.
    pub fn new(trusted: Look, slack_hours: u64) -> Self {
        Self {
            slack: slack_hours.saturating_mul(3_600_000_000),
            trusted,
            jumped: None,
            carried: Duration::ZERO,
        }
    }

    /// Continues from the progress of an earlier process, unless the clock has gone back or jumped again since.
    pub fn resume(&mut self, steady: Steady, look: Look) {
        let off = look.time.micros() - steady.time.micros();
        if off >= 0 && off.unsigned_abs() <= self.slack {
            (self.jumped, self.carried) = (Some(look), steady.since);
        }
    }

    /// Returns the progress of a clock that is not trusted yet.
    pub fn steady(&self, look: Look) -> Option<Steady> {
        let jumped = self.jumped?;
        Some(Steady {
            time: look.time,
            since: look.uptime.saturating_sub(jumped.uptime) + self.carried,
        })
    }

    /// Checks a reading. Returns the reason if the clock is not trusted.
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

    /// Trusts the clock as it is.
    pub fn accept(&mut self, look: Look) {
        self.trusted = look;
        (self.jumped, self.carried) = (None, Duration::ZERO);
    }

    /// Returns whether two times differ by no more than those of a clock that has not jumped.
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
