//! When the machine's clock is trusted. What cannot be undone, such as deleting by age, waits for a clock that is.

use std::{fmt, time::Duration};

use super::time::Timestamp;

/// How far a clock may be from what is expected of it by default, in hours.
pub const SLACK_HOURS: u64 = 48;

/// How far an issue_time may be ahead of the server's clock by default, in seconds: as far as clocks that are set by the
/// network differ at worst.
pub const AHEAD_SECONDS: u32 = 300;

/// How far an issue_time may be ahead of the server's clock at most, in seconds, whatever the settings say.
pub const MAX_AHEAD_SECONDS: u32 = 86_400;

/// Clocks that show less were never set: 2020-01-01T00:00:00Z, in microseconds since 1970.
const UNSET: i64 = 1_577_836_800_000_000;

/// Returns whether a clock was never set since the machine was started.
pub fn is_unset(now: Timestamp) -> bool {
    now.micros() < UNSET
}

/// How long a clock that has jumped must go on steadily until it is trusted.
const STEADY: Duration = Duration::from_secs(24 * 3600);

/// One look at two clocks: the wall clock, and the one that only counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Look {
    /// The time of the wall clock.
    pub time: Timestamp,
    /// How long the process has been running.
    pub uptime: Duration,
}

impl Look {
    /// The time that the wall clock should show after `uptime`.
    pub fn expected(self, uptime: Duration) -> Timestamp {
        let passed = uptime.saturating_sub(self.uptime).as_micros();
        let passed = i64::try_from(passed).unwrap_or(i64::MAX);
        Timestamp::from_micros(self.time.micros().saturating_add(passed))
    }
}

/// Why a clock is not trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Doubt {
    /// The time that it shows.
    pub now: Timestamp,
    /// The time that it should show: the one seen last, and the time that has passed since on the process's own count.
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
            "the clock has jumped: it shows {now}, {far} {side} the time that is expected, {expected}; nothing is deleted \
             by age until the clock is put right, has gone on steadily for a day, or is accepted with \
             `prediction-api retention`"
        )
    }
}

/// Watches a clock.
#[derive(Debug, Clone)]
pub struct ClockWatch {
    slack: u64,
    /// The look that the next ones are compared with. It moves on once a day only, so that many small jumps are noticed
    /// like a large one.
    trusted: Look,
    /// The first look at a clock that has jumped, and has gone on steadily since.
    jumped: Option<Look>,
    /// How long it had gone on steadily before that look, in earlier processes.
    carried: Duration,
}

/// A clock that has jumped and goes on steadily: the next process counts on from here, so that a machine that runs for
/// some hours a day gets to trust its clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Steady {
    /// The time that the clock showed last.
    pub time: Timestamp,
    /// How long it has gone on steadily, in all.
    pub since: Duration,
}

impl ClockWatch {
    /// Trusts a look, and later ones that differ from it by so many hours more than what has passed.
    pub fn new(trusted: Look, slack_hours: u64) -> Self {
        Self {
            slack: slack_hours.saturating_mul(3_600_000_000),
            trusted,
            jumped: None,
            carried: Duration::ZERO,
        }
    }

    /// Counts on from where an earlier process was, if the clock has not gone back or jumped again since.
    pub fn resume(&mut self, steady: Steady, look: Look) {
        let off = look.time.micros() - steady.time.micros();
        if off >= 0 && off.unsigned_abs() <= self.slack {
            (self.jumped, self.carried) = (Some(look), steady.since);
        }
    }

    /// How long a clock that is not trusted has gone on steadily.
    pub fn steady(&self, look: Look) -> Option<Steady> {
        let jumped = self.jumped?;
        Some(Steady {
            time: look.time,
            since: look.uptime.saturating_sub(jumped.uptime) + self.carried,
        })
    }

    /// Whether the clock is trusted now; if not, why.
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

    /// Whether two times are as close as those of a clock that has not jumped.
    pub fn is_near(&self, a: Timestamp, b: Timestamp) -> bool {
        a.micros().abs_diff(b.micros()) <= self.slack
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: u64 = 3600;

    /// A look after so many hours of uptime at a clock that shows so many hours more than it did at the start.
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
            // The day begins anew with the next jump.
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
            // Each process runs for ten hours a day, and starts at the time that was trusted last.
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
