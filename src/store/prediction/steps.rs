//! Valid times at a regular step.

use crate::domain::Timestamp;

/// Valid times from a first to a last one, with the same step between all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Steps {
    first: i64,
    last: i64,
    step: i64,
}

impl Steps {
    /// Returns `count` valid times from `first` on, `step` microseconds apart. `None` if there are none, or if they are not
    /// ascending times.
    pub fn of(first: i64, step: i64, count: usize) -> Option<Self> {
        let gaps = i64::try_from(count).ok()?.checked_sub(1)?;
        let last = step.checked_mul(gaps)?.checked_add(first)?;
        (gaps >= 0 && step > 0).then_some(Self { first, last, step })
    }

    /// Returns the valid times from `least` to `most`, both inclusive. `None` if there are none.
    pub fn between(self, least: i64, most: i64) -> Option<Self> {
        let mut within = self;
        if least > within.first {
            let gap = least.checked_sub(within.first)?;
            let steps = gap / self.step + i64::from(gap % self.step > 0);
            within.first = self.step.checked_mul(steps)?.checked_add(self.first)?;
        }
        if most < within.last {
            let gap = most.checked_sub(self.first)?;
            within.last = self.first + gap - gap.rem_euclid(self.step);
        }
        (within.first <= within.last).then_some(within)
    }

    /// Returns whether all of these times and those of `other` are whole steps apart.
    pub fn is_aligned(&self, other: &Self) -> bool {
        let gap = self.first.checked_sub(other.first);
        self.step == other.step && gap.is_some_and(|gap| gap % self.step == 0)
    }

    /// Returns whether a time is not before the first and not after the last of these.
    pub fn covers(&self, valid_time: Timestamp) -> bool {
        (self.first..=self.last).contains(&valid_time.micros())
    }

    /// Returns whether all of these times are before `first` or after `last`.
    pub fn are_apart(&self, first: Timestamp, last: Timestamp) -> bool {
        self.last < first.micros() || self.first > last.micros()
    }

    /// Returns the number of times.
    pub fn count(&self) -> usize {
        usize::try_from((self.last - self.first) / self.step).map_or(usize::MAX, |gaps| gaps + 1)
    }

    /// Returns whether none of the times of `other` is later than these.
    pub fn reaches(&self, other: &Self) -> bool {
        self.last >= other.last
    }

    /// Returns these times and those of `other`, if they are one sequence together; otherwise those of `other`.
    pub fn join(self, other: Self) -> Self {
        let touches = |before: i64, first: i64| before.saturating_add(self.step) >= first;
        if self.is_aligned(&other) && touches(self.last, other.first) && touches(other.last, self.first) {
            return Self {
                first: self.first.min(other.first),
                last: self.last.max(other.last),
                step: self.step,
            };
        }
        other
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn steps(first: i64, step: i64, last: i64) -> Steps {
        Steps { first, last, step }
    }

    #[test]
    fn steps_are_cut_to_those_within_bounds() {
        let whole = Steps::of(10, 5, 4).unwrap();
        assert_eq!(whole, steps(10, 5, 25));
        for (least, most, expected) in [
            (0, 100, Some(whole)),
            (10, 25, Some(whole)),
            (11, 24, Some(steps(15, 5, 20))),
            (16, 19, None),
            (26, 100, None),
            (0, 9, None),
            (i64::MIN, i64::MAX, Some(whole)),
        ] {
            assert_eq!(whole.between(least, most), expected, "{least} to {most}");
        }
    }

    #[test]
    fn no_or_unordered_times_are_no_steps() {
        assert_eq!(Steps::of(0, 5, 0), None);
        assert_eq!(Steps::of(0, 0, 3), None);
        assert_eq!(Steps::of(0, -5, 3), None);
        assert_eq!(Steps::of(i64::MAX, 1, 2), None);
        assert_eq!(Steps::of(0, i64::MAX, 3), None);
    }

    #[test]
    fn only_touching_steps_of_one_grid_are_joined() {
        let newer = steps(10, 5, 25);
        for (older, expected) in [
            (steps(5, 5, 20), steps(5, 5, 25)),
            (steps(0, 5, 5), steps(0, 5, 25)),
            (steps(30, 5, 40), steps(10, 5, 40)),
            (steps(0, 5, 0), steps(0, 5, 0)),
            (steps(6, 5, 21), steps(6, 5, 21)),
            (steps(0, 10, 20), steps(0, 10, 20)),
        ] {
            assert_eq!(newer.join(older), expected);
        }
    }
}
