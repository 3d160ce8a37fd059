//! Whether a job's predictions keep coming.

use poem_openapi::{Enum, Object};
use serde::Serialize;

use super::time::Timestamp;

/// How a job does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Enum)]
#[serde(rename_all = "snake_case")]
#[oai(rename_all = "snake_case")]
pub enum HealthState {
    /// The job is not active.
    Paused,
    /// Its source has no expected interval.
    Unmonitored,
    /// Nothing was posted yet.
    New,
    /// The last post is at most one expected interval old.
    OnTime,
    /// The last post is more than one expected interval old.
    Late,
    /// The last post is more than two expected intervals old.
    Down,
}

/// How a job does, and what that is judged on.
#[derive(Debug, Clone, PartialEq, Serialize, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct Health {
    /// How the job does now.
    pub state: HealthState,
    /// The newest issue that was posted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_issue_time: Option<Timestamp>,
    /// When that issue arrived. Older issues that arrive later do not count: a backfill does not hide a dead worker.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_arrival: Option<Timestamp>,
    /// When the next post is due.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expected_by: Option<Timestamp>,
}

/// What a job posted last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LastPost {
    /// The newest issue.
    pub issue_time: Timestamp,
    /// When it first arrived.
    pub arrival: Timestamp,
}

impl Health {
    /// Judges a job at `now` by its last post and its source's expected interval in minutes.
    pub fn judge(
        active: bool,
        interval_minutes: Option<i64>,
        last: Option<LastPost>,
        now: Timestamp,
    ) -> Self {
        let due = |intervals: i64| {
            let minutes = interval_minutes?.saturating_mul(intervals);
            Some(last?.arrival.plus_minutes(minutes))
        };
        let state = match (active, interval_minutes, due(1), due(2)) {
            (false, ..) => HealthState::Paused,
            (_, None, ..) => HealthState::Unmonitored,
            (_, _, Some(_), Some(twice)) if now > twice => HealthState::Down,
            (_, _, Some(once), _) if now > once => HealthState::Late,
            (_, _, Some(_), _) => HealthState::OnTime,
            (_, _, None, _) => HealthState::New,
        };
        Self {
            state,
            last_issue_time: last.map(|last| last.issue_time),
            last_arrival: last.map(|last| last.arrival),
            expected_by: due(1).filter(|_| active),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_change_just_after_one_and_two_intervals() {
        let posted = Timestamp::from_micros(0);
        let last = Some(LastPost {
            issue_time: posted,
            arrival: posted,
        });
        let state =
            |micros| Health::judge(true, Some(60), last, Timestamp::from_micros(micros)).state;
        let hour = 3_600_000_000;
        assert_eq!(state(hour), HealthState::OnTime);
        assert_eq!(state(hour + 1), HealthState::Late);
        assert_eq!(state(2 * hour), HealthState::Late);
        assert_eq!(state(2 * hour + 1), HealthState::Down);
    }

    #[test]
    fn a_job_without_posts_interval_or_activity() {
        let now = Timestamp::from_micros(0);
        let state = |active, interval| Health::judge(active, interval, None, now).state;
        assert_eq!(state(true, Some(60)), HealthState::New);
        assert_eq!(state(true, None), HealthState::Unmonitored);
        assert_eq!(state(false, None), HealthState::Paused);
    }
}
