//! The rules that judge the health of a job as a whole and of each of its targets.
//!
//! Health is judged where its inputs change (a post, a worker's report, a change of the job or its source), in the same
//! transaction. Between these moments only time changes it, at two deadlines.

use std::cmp::Reverse;

use super::state::{Health, HealthChange, HealthState, Judgement, TargetHealth};
use crate::domain::{
    clock::MAX_AHEAD_SECONDS,
    contract::OutputRole,
    text::{Message, Name},
    time::Timestamp,
};

/// Largest lead over the clock, in microseconds, of a time that the clock itself has given: small corrections set
/// clocks back again and again. A time further ahead was given by a clock that was wrong.
const CORRECTION: i64 = 1_000_000;

/// Returns the latest time that a clock which now shows `now` can have given before.
pub fn latest_given(now: Timestamp) -> Timestamp {
    Timestamp::from_micros(now.micros().saturating_add(CORRECTION))
}

/// Returns a time that the clock gave, or `now` if the clock was ahead then and has been corrected since.
fn corrected(time: Timestamp, now: Timestamp) -> Timestamp {
    match time > latest_given(now) {
        true => now,
        false => time,
    }
}

/// The last post of a metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LastPost {
    /// Issue time of the post.
    pub issue_time: Timestamp,
    /// Time of its first arrival, by the machine's clock.
    pub arrival: Timestamp,
}

impl LastPost {
    /// Returns the earlier of issue and arrival, as of which the issue counts. So a worker whose clock is ahead does
    /// not hide later issues.
    fn counts_as(self) -> Timestamp {
        self.issue_time.min(self.arrival)
    }

    /// Returns whether another issue that arrives at `now` is fresh, that is, later than this one. If this one was
    /// posted or stamped by a clock that was ahead and has been corrected, any issue of the last day is fresh.
    pub fn is_before(self, issue_time: Timestamp, now: Timestamp) -> bool {
        let counts_as = issue_time.min(now);
        let is_of_a_wrong_clock =
            self.arrival > latest_given(now) || self.issue_time > now.plus_seconds(MAX_AHEAD_SECONDS.into());
        match is_of_a_wrong_clock {
            true => counts_as > self.counts_as().min(now).plus_hours(-24),
            false => counts_as > self.counts_as(),
        }
    }
}

/// Posts of one metric, as stored with its series.
#[derive(Debug, Clone, PartialEq)]
pub struct Posted {
    /// Predicted metric.
    pub metric: Name,
    /// Last fresh issue.
    pub last: LastPost,
    /// Latest valid_time.
    pub covers_until: Timestamp,
}

/// The expectations about a job that its health is judged by.
#[derive(Debug, Clone, Copy)]
pub struct Watch<'a> {
    /// Whether workers should run the job.
    pub active: bool,
    /// Interval in which the job is expected to post, in minutes.
    pub interval_minutes: Option<i64>,
    /// Allowed delay of a post, in minutes.
    pub grace_minutes: i64,
    /// Outputs that are expected.
    pub targets: &'a [OutputRole],
}

/// The stored result of the last judgement of a job or one of its targets, with the data for the next judgement.
#[derive(Debug, Clone, PartialEq)]
pub struct Standing {
    /// Output role; none for the job as a whole.
    pub role: Option<Name>,
    /// Health state.
    pub state: HealthState,
    /// Time since which the state holds.
    pub since: Timestamp,
    /// Earliest time at which the state can change without a new post; null if never.
    pub look_at: Option<Timestamp>,
    /// Time from which posts are expected: the job was created, or last resumed, then.
    pub watched_from: Timestamp,
    /// Time of the worker's last report of success.
    pub ok_at: Option<Timestamp>,
    /// Time of the worker's report of a failed run; null once a later run succeeded.
    pub failed_at: Option<Timestamp>,
    /// Message of that report.
    pub message: Option<Message>,
}

/// The inputs of one judgement.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Basis {
    /// Whether workers should run the job.
    pub active: bool,
    /// Interval in which the job is expected to post, in minutes.
    pub interval_minutes: Option<i64>,
    /// Allowed delay of a post, in minutes.
    pub grace_minutes: i64,
    /// Time from which posts are expected.
    pub watched_from: Timestamp,
    /// Time of the worker's last sign of success: a post, or a report.
    pub last_sign: Option<Timestamp>,
    /// Whether the worker reported a failed run, and none has succeeded since.
    pub is_failing: bool,
}

impl Basis {
    /// Returns the time at which this number of intervals, and the allowed delay, have passed since the last sign of
    /// success or since the job was resumed.
    pub fn due(&self, intervals: i64) -> Option<Timestamp> {
        let from = self.last_sign?.max(self.watched_from);
        let minutes = self.interval_minutes?.saturating_mul(intervals);
        let minutes = minutes.saturating_add(self.grace_minutes);
        self.active.then(|| from.plus_minutes(minutes))
    }

    /// Returns the health state at `now`.
    pub fn state(&self, now: Timestamp) -> HealthState {
        if !self.active {
            return HealthState::Paused;
        }
        if self.is_failing {
            return HealthState::Failed;
        }
        if self.interval_minutes.is_none() {
            return HealthState::Unmonitored;
        }
        match (self.due(1), self.due(2)) {
            (_, Some(twice)) if now > twice => HealthState::Down,
            (Some(once), _) if now > once => HealthState::Late,
            (Some(_), _) => HealthState::OnTime,
            (None, _) => HealthState::New,
        }
    }

    /// Returns the time until which a state holds if nothing is posted; none if it holds forever.
    fn look_at(&self, state: HealthState) -> Option<Timestamp> {
        match state {
            HealthState::OnTime => self.due(1),
            HealthState::Late => self.due(2),
            _ => None,
        }
    }

    /// Returns the changes from the state `held` to the state at `now`, in their order. The inputs have been the same
    /// since `from`.
    fn changes(&self, held: HealthState, from: Timestamp, now: Timestamp) -> Vec<(HealthState, Timestamp)> {
        let state = self.state(now);
        if state == held {
            return Vec::new();
        }
        let passed = |intervals| self.due(intervals).map_or(now, |due| due.max(from));
        let once = (HealthState::Late, passed(1));
        let twice = (HealthState::Down, passed(2));
        match (held, state) {
            (_, HealthState::Late) => vec![once],
            // Both deadlines may have passed while the server was off. Each change then has its own time.
            (HealthState::OnTime, HealthState::Down) if once.1 < twice.1 => vec![once, twice],
            (_, HealthState::Down) => vec![twice],
            _ => vec![(state, now.max(from))],
        }
    }
}

/// The inputs of a job's health, other than its expectations.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Vitals {
    /// Results of the last judgement: of the job as a whole, and of each target.
    pub standings: Vec<Standing>,
    /// Posts, by metric.
    pub posts: Vec<Posted>,
    /// Whether deadlines are suspended, because the clock has jumped.
    pub is_held: bool,
}

impl Vitals {
    /// Returns the last fresh issue of a metric, or of all metrics. Of issues that count as equal, it returns the first
    /// to arrive.
    pub fn last_post(&self, metric: Option<&Name>) -> Option<LastPost> {
        let posts = self.posts_of(metric).map(|posted| posted.last);
        posts.max_by_key(|post| (post.counts_as(), Reverse(post.arrival), post.issue_time))
    }

    fn covers_until(&self, metric: Option<&Name>) -> Option<Timestamp> {
        let covered = self.posts_of(metric).map(|posted| posted.covers_until);
        covered.max()
    }

    fn posts_of<'a>(&'a self, metric: Option<&'a Name>) -> impl Iterator<Item = &'a Posted> {
        let wanted = move |posted: &&Posted| metric.is_none_or(|metric| *metric == posted.metric);
        self.posts.iter().filter(wanted)
    }

    fn basis(&self, watch: Watch<'_>, standing: &Standing, now: Timestamp) -> Basis {
        let arrival = self
            .last_post(watch.metric(standing.role.as_ref()))
            .map(|post| post.arrival);
        let sign = arrival.max(standing.ok_at);
        Basis {
            active: watch.active,
            interval_minutes: watch.interval_minutes,
            grace_minutes: watch.grace_minutes,
            watched_from: corrected(standing.watched_from, now),
            last_sign: sign.map(|sign| corrected(sign, now)),
            is_failing: standing.failed_at.is_some(),
        }
    }

    /// Returns the health state at `now` of a standing that is not stored yet.
    pub fn begin(&self, watch: Watch<'_>, standing: &Standing, now: Timestamp) -> HealthState {
        self.basis(watch, standing, now).state(now)
    }

    /// Judges the job and its targets at `now`, and returns the changes in their order. The inputs have been the same
    /// since `from`, or since the last change if `from` is not given.
    pub fn judge(&mut self, watch: Watch<'_>, from: Option<Timestamp>, now: Timestamp) -> Vec<HealthChange> {
        let mut found = Vec::new();
        let (by_time, is_held) = (from.is_none(), self.is_held);
        for index in 0..self.standings.len() {
            let basis = self.basis(watch, &self.standings[index], now);
            let standing = &mut self.standings[index];
            let since = corrected(standing.since, now);
            let mut changes = basis.changes(standing.state, from.unwrap_or(since).max(since), now);
            let held = standing.state;
            changes.retain(|(state, _)| match state {
                HealthState::Late | HealthState::Down if is_held => false,
                // A clock that was set back is no sign of success.
                HealthState::Down => true,
                _ => !(by_time && held.is_overdue()),
            });
            for (state, at) in changes {
                found.push(HealthChange {
                    role: standing.role.clone(),
                    previous: standing.state,
                    state,
                    at,
                    message: standing.message.clone(),
                });
                (standing.state, standing.since) = (state, at);
            }
            let look_at = basis.look_at(standing.state);
            // A deadline that a post has moved is updated only when it passes, so that posts for a healthy job write
            // nothing here.
            let is_early = |kept: Timestamp, due: Timestamp| (now..=due).contains(&kept);
            let may_stay = standing.look_at.zip(look_at);
            if !may_stay.is_some_and(|(kept, due)| is_early(kept, due)) {
                standing.look_at = look_at;
            }
        }
        found.sort_by_key(|change| change.at);
        found
    }

    /// Corrects times that were given by a clock that was ahead: what arrived at such a time counts as arriving now,
    /// for good. Without this, a worker that has stopped since would be on time until the clock reaches that time
    /// again.
    pub fn correct(&mut self, now: Timestamp) {
        for posted in &mut self.posts {
            posted.last.arrival = corrected(posted.last.arrival, now);
        }
        for standing in &mut self.standings {
            standing.since = corrected(standing.since, now);
            standing.watched_from = corrected(standing.watched_from, now);
            standing.ok_at = standing.ok_at.map(|at| corrected(at, now));
            standing.failed_at = standing.failed_at.map(|at| corrected(at, now));
        }
    }

    /// Returns the health at `now`, including the changes by time alone since the last judgement.
    pub fn health(&self, watch: Watch<'_>, now: Timestamp) -> Health {
        let mut judged = self.clone();
        judged.judge(watch, None, now);
        let of = |role: Option<&Name>| {
            let mut standings = judged.standings.iter();
            let found = standings.find(|standing| standing.role.as_ref() == role);
            match found {
                Some(standing) => judged.judgement(watch, standing, now),
                None => judged.judgement(watch, &Standing::new(role.cloned(), now), now),
            }
        };
        let targets = watch.targets.iter().map(|target| TargetHealth {
            role: target.role.clone(),
            metric: target.metric.clone(),
            judgement: of(Some(&target.role)),
        });
        Health {
            whole: of(None),
            targets: targets.collect(),
        }
    }

    fn judgement(&self, watch: Watch<'_>, standing: &Standing, now: Timestamp) -> Judgement {
        let metric = watch.metric(standing.role.as_ref());
        let covers_until = self.covers_until(metric);
        let last = self.last_post(metric);
        Judgement {
            state: standing.state,
            since: corrected(standing.since, now),
            last_issue_time: last.map(|last| last.issue_time),
            last_arrival: last.map(|last| corrected(last.arrival, now)),
            expected_by: self.basis(watch, standing, now).due(1),
            covers_until,
            covers_now: covers_until.is_some_and(|until| until >= now),
            message: standing.message.clone(),
        }
    }

    /// Returns what can be posted without changing the health state.
    pub fn steadiness(&self) -> Steadiness {
        let mut found = Steadiness {
            until: Some(Timestamp::from_micros(i64::MAX)),
            open: Vec::new(),
        };
        for standing in &self.standings {
            match (standing.steady_until(), &standing.role) {
                (Some(until), _) => found.until = found.until.map(|other| other.min(until)),
                (None, Some(role)) => found.open.push(role.clone()),
                (None, None) => found.until = None,
            }
        }
        found
    }

    /// Clears the failed run of each standing for which a fresh issue has arrived since `before`.
    pub fn clear_failure(&mut self, watch: Watch<'_>, before: &Self) {
        for index in 0..self.standings.len() {
            let metric = watch.metric(self.standings[index].role.as_ref());
            let issue = |vitals: &Self| vitals.last_post(metric).map(LastPost::counts_as);
            if issue(self) > issue(before) {
                self.standings[index].succeed();
            }
        }
    }
}

/// A bound within which posts for a job cannot change its health state.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Steadiness {
    /// End of the bound; none if any post may change the state.
    pub until: Option<Timestamp>,
    /// Output roles whose posts may change a state nonetheless.
    pub open: Vec<Name>,
}

impl<'a> Watch<'a> {
    /// Returns the metric of an output role; none for the job as a whole.
    fn metric(self, role: Option<&Name>) -> Option<&'a Name> {
        let mut targets = self.targets.iter();
        Some(&targets.find(|target| Some(&target.role) == role)?.metric)
    }
}

impl Standing {
    /// Returns the initial standing of a job or a target that nothing was posted for.
    pub fn new(role: Option<Name>, now: Timestamp) -> Self {
        Self {
            role,
            state: HealthState::New,
            since: now,
            look_at: None,
            watched_from: now,
            ok_at: None,
            failed_at: None,
            message: None,
        }
    }

    /// Returns the time until which no post can change the state; none if a post may change it.
    fn steady_until(&self) -> Option<Timestamp> {
        match self.state {
            HealthState::OnTime => self.look_at,
            HealthState::Paused | HealthState::Unmonitored if self.failed_at.is_none() => {
                Some(Timestamp::from_micros(i64::MAX))
            }
            _ => None,
        }
    }

    /// Clears the failed run.
    pub fn succeed(&mut self) {
        (self.failed_at, self.message) = (None, None);
    }
}
