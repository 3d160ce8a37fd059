//! Whether a version on trial posts. This does not count for the health of the job.

use std::cmp::Reverse;

use uuid::Uuid;

use super::{
    last_post::corrected,
    rules::{Basis, Vitals, Watch},
};
use crate::domain::time::Timestamp;

impl Vitals {
    /// Returns the issue time of the last fresh issue of a version that is on trial since `since`, and whether its next
    /// issue is overdue at `now`. No issue is overdue while deadlines are suspended.
    pub fn trial(
        &self,
        watch: Watch<'_>,
        version: Uuid,
        since: Timestamp,
        now: Timestamp,
    ) -> (Option<Timestamp>, bool) {
        let of_version = self.trials.iter().filter(|post| post.source_version_id == version);
        let last = of_version
            .map(|post| post.last)
            .max_by_key(|last| (last.counts_as(), Reverse(last.arrival), last.issue_time));
        let whole = self.standings.iter().find(|standing| standing.role.is_none());
        let resumed = whole.map(|standing| standing.watched_from);
        let watched_from = corrected(resumed.map_or(since, |resumed| resumed.max(since)), now);
        let basis = Basis {
            active: watch.active,
            interval_minutes: watch.interval_minutes,
            grace_minutes: watch.grace_minutes,
            watched_from,
            last_sign: Some(last.map_or(watched_from, |last| corrected(last.arrival, now))),
            is_failing: false,
        };
        let is_late = !self.is_held && basis.due(1).is_some_and(|due| now > due);
        (last.map(|last| last.issue_time), is_late)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::health::{LastPost, Standing, TrialPost};

    const VERSION: Uuid = Uuid::from_u128(1);

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_micros(0).plus_minutes(minute)
    }

    fn watch(interval_minutes: Option<i64>) -> Watch<'static> {
        Watch {
            active: true,
            interval_minutes,
            grace_minutes: 5,
            targets: &[],
        }
    }

    fn post(version: u128, minute: i64) -> TrialPost {
        let last = LastPost {
            issue_time: at(minute - 1),
            arrival: at(minute),
        };
        TrialPost {
            source_version_id: Uuid::from_u128(version),
            last,
        }
    }

    #[test]
    fn a_version_is_late_after_the_interval_and_the_grace_since_its_last_issue() {
        let mut vitals = Vitals::default();
        let late = |vitals: &Vitals, minute| vitals.trial(watch(Some(60)), VERSION, at(0), at(minute));
        assert_eq!((late(&vitals, 65), late(&vitals, 66)), ((None, false), (None, true)));
        // The issues of another version do not count.
        vitals.trials = vec![post(1, 10), post(1, 30), post(2, 90)];
        let last = Some(at(29));
        assert_eq!((late(&vitals, 95), late(&vitals, 96)), ((last, false), (last, true)));
        assert!(!vitals.trial(watch(None), VERSION, at(0), at(1000)).1);
        // A trial that begins again, and a job that is resumed, have a whole interval.
        assert!(!vitals.trial(watch(Some(60)), VERSION, at(50), at(115)).1);
        let mut whole = Standing::new(None, at(0));
        whole.watched_from = at(100);
        vitals.standings = vec![whole];
        assert_eq!((late(&vitals, 165), late(&vitals, 166)), ((last, false), (last, true)));
        vitals.is_held = true;
        assert_eq!(late(&vitals, 166), (last, false));
    }
}
