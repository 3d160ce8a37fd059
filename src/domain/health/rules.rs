//! The rules that compute the health state of a job as a whole and of each of its targets. A target is an output role
//! that the job is expected to predict. A computation of health states is called a judgement.
//!
//! When an input of the health changes (a post, a worker's report, a change of the job or its source), the health is
//! computed again in the same transaction. Without such a change, only the passing of time changes the state, at two
//! deadlines: a job becomes late at the first, and down at the second.

use std::cmp::Reverse;

use super::{
    last_post::{LastPost, TrialPost, corrected},
    state::{Health, HealthChange, HealthState, Judgement, TargetHealth},
};
use crate::domain::{
    contract::OutputRole,
    text::{Message, Name},
    time::Timestamp,
};

/// Summary of the posts for one metric of a job, as stored with the series of the metric.
#[derive(Debug, Clone, PartialEq)]
pub struct Posted {
    /// Predicted metric.
    pub metric: Name,
    /// Last fresh issue that was posted for the metric.
    pub last: LastPost,
    /// Latest valid_time that was predicted for the metric.
    pub covers_until: Timestamp,
}

/// The expectations about a job. The rules compare the posts of the job with them.
#[derive(Debug, Clone, Copy)]
pub struct Watch<'a> {
    /// Whether workers should run the job.
    pub active: bool,
    /// Interval in which the job is expected to post, in minutes. `None` if the job is not monitored.
    pub interval_minutes: Option<i64>,
    /// Allowed delay of a post, in minutes.
    pub grace_minutes: i64,
    /// Output roles that the job is expected to predict.
    pub targets: &'a [OutputRole],
}

/// The stored result of the last computation of the health state of a job or of one of its targets, with the data that
/// the next computation needs.
#[derive(Debug, Clone, PartialEq)]
pub struct Standing {
    /// Output role of the target. `None` for the job as a whole.
    pub role: Option<Name>,
    /// Health state.
    pub state: HealthState,
    /// Time at which the job or target entered the state.
    pub since: Timestamp,
    /// Whether the job is active and its predictions reach the present. Always false for a target.
    pub covers_now: bool,
    /// Time at which the state and `covers_now` must be computed again if nothing is posted before. It may be earlier
    /// than the deadline at which they change. `None` if they cannot change without a post.
    pub look_at: Option<Timestamp>,
    /// Time from which posts are expected. It is the time at which the job was created or last resumed.
    pub watched_from: Timestamp,
    /// Time of the worker's last report of a successful run. `None` if there is no such report.
    pub ok_at: Option<Timestamp>,
    /// Time of the worker's report of a failed run. `None` if there is no such report, or if a later run succeeded.
    pub failed_at: Option<Timestamp>,
    /// The worker's message about the failed run.
    pub message: Option<Message>,
}

/// The inputs from which the health state of a job or of one of its targets is computed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Basis {
    /// Whether workers should run the job.
    pub active: bool,
    /// Interval in which the job is expected to post, in minutes. `None` if the job is not monitored.
    pub interval_minutes: Option<i64>,
    /// Allowed delay of a post, in minutes.
    pub grace_minutes: i64,
    /// Time from which posts are expected, because the job was created or resumed then.
    pub watched_from: Timestamp,
    /// Time of the last post or of the worker's last report of a successful run, whichever is later. `None` if there is
    /// neither.
    pub last_sign: Option<Timestamp>,
    /// Whether the worker reported a failed run, and no run has succeeded since.
    pub is_failing: bool,
}

impl Basis {
    /// Returns the deadline that lies this number of expected intervals plus the allowed delay after the last sign of
    /// success, or after the job was resumed if that is later. `None` if the job is paused or not monitored, or if
    /// there is no sign of success yet.
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

    /// Returns the deadline at which `state` changes if nothing is posted. `None` if the state does not change with
    /// time.
    fn look_at(&self, state: HealthState) -> Option<Timestamp> {
        match state {
            HealthState::OnTime => self.due(1),
            HealthState::Late => self.due(2),
            _ => None,
        }
    }

    /// Returns the changes from the stored state `held` to the state at `now`, with the time of each, in the order of
    /// time. The inputs have not changed since `from`, so no change is dated before `from`.
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
            // Both deadlines may have passed since the last judgement, for example while the server was off. Each
            // change then has the time of its deadline.
            (HealthState::OnTime, HealthState::Down) if once.1 < twice.1 => vec![once, twice],
            (_, HealthState::Down) => vec![twice],
            _ => vec![(state, now.max(from))],
        }
    }
}

/// The stored data that the health of a job is computed from. The expectations are in [`Watch`].
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Vitals {
    /// Results of the last computation for the job as a whole and for each of its targets.
    pub standings: Vec<Standing>,
    /// Summary of the posts for each metric.
    pub posts: Vec<Posted>,
    /// Last fresh issue of each series of the versions on trial. They do not count for the health of the job.
    pub trials: Vec<TrialPost>,
    /// Whether deadlines are suspended, because the clock has jumped. While they are, no state changes to late or down.
    pub is_held: bool,
}

impl Vitals {
    /// Returns the last fresh issue of a metric, or of all metrics if `metric` is `None`. If several issues are equally
    /// late, returns the one that arrived first. Returns `None` if nothing was posted.
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

    /// Returns the health state at `now` of a job or target whose `standing` is not stored yet.
    pub fn begin(&self, watch: Watch<'_>, standing: &Standing, now: Timestamp) -> HealthState {
        self.basis(watch, standing, now).state(now)
    }

    /// Computes the states of the job and its targets at `now`, stores them in `self`, and returns the changes in the
    /// order of time. `from` is the time since which the inputs have not changed, and no change is dated before it. If
    /// `from` is `None`, only time has passed since the last computation. A late or down job then cannot recover.
    pub fn judge(&mut self, watch: Watch<'_>, from: Option<Timestamp>, now: Timestamp) -> Vec<HealthChange> {
        let mut found = Vec::new();
        let (by_time, is_held) = (from.is_none(), self.is_held);
        let covered = self.covers_until(None).filter(|until| watch.active && *until >= now);
        for index in 0..self.standings.len() {
            let basis = self.basis(watch, &self.standings[index], now);
            let standing = &mut self.standings[index];
            let since = corrected(standing.since, now);
            let mut changes = basis.changes(standing.state, from.unwrap_or(since).max(since), now);
            let held = standing.state;
            changes.retain(|(state, _)| match state {
                HealthState::Late | HealthState::Down if is_held => false,
                // If only time has passed, an overdue job can become down but cannot recover. Otherwise a clock that is
                // set back would make the job recover.
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
            let covered = covered.filter(|_| standing.role.is_none());
            standing.covers_now = covered.is_some();
            let look_at = [basis.look_at(standing.state), covered].into_iter().flatten().min();
            // A post moves the deadline to a later time. The stored time may stay as long as it is not past, so that a
            // post for a healthy job need not write to the database.
            let is_early = |kept: Timestamp, due: Timestamp| (now..=due).contains(&kept);
            let may_stay = standing.look_at.zip(look_at);
            if !may_stay.is_some_and(|(kept, due)| is_early(kept, due)) {
                standing.look_at = look_at;
            }
        }
        found.sort_by_key(|change| change.at);
        found
    }

    /// Replaces stored times that lie in the future, because the clock was ahead when they were read, by `now`.
    /// Otherwise a worker that has stopped since would count as on time until the clock reaches these times again.
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

    /// Returns the health at `now`. It includes the changes since the last stored result that follow from the passing
    /// of time.
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

    /// Returns the time until which posts cannot change a health state, and the output roles that are excepted.
    pub fn steadiness(&self) -> Steadiness {
        let mut found = Steadiness {
            until: Some(Timestamp::from_micros(i64::MAX)),
            open: Vec::new(),
            is_covered: false,
        };
        for standing in &self.standings {
            found.is_covered |= standing.covers_now || standing.state == HealthState::Paused;
            match (standing.steady_until(), &standing.role) {
                (Some(until), _) => found.until = found.until.map(|other| other.min(until)),
                (None, Some(role)) => found.open.push(role.clone()),
                (None, None) => found.until = None,
            }
        }
        found
    }

    /// Clears the failed run of the job and of each target if a fresh issue was posted for it after the state `before`.
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

/// The time until which posts for a job cannot change its health state. Until then, a post need not compute the health.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Steadiness {
    /// Time until which posts cannot change a state. `None` if any post may change the state of the job.
    pub until: Option<Timestamp>,
    /// Output roles whose posts may change the state of their target even before that time.
    pub open: Vec<Name>,
    /// Whether the predictions reach the present already, or the job is paused. Otherwise a post whose predictions reach
    /// the present changes that.
    pub is_covered: bool,
}

impl<'a> Watch<'a> {
    /// Returns the metric of an output role. `None` for the job as a whole, and for a role that is no target.
    fn metric(self, role: Option<&Name>) -> Option<&'a Name> {
        let mut targets = self.targets.iter();
        Some(&targets.find(|target| Some(&target.role) == role)?.metric)
    }
}

impl Standing {
    /// Returns the initial data of a target, or of the job as a whole if `role` is `None`, before anything is posted
    /// for it.
    pub fn new(role: Option<Name>, now: Timestamp) -> Self {
        Self {
            role,
            state: HealthState::New,
            since: now,
            covers_now: false,
            look_at: None,
            watched_from: now,
            ok_at: None,
            failed_at: None,
            message: None,
        }
    }

    /// Returns the time until which no post can change the state. `None` if the next post may change it.
    fn steady_until(&self) -> Option<Timestamp> {
        match self.state {
            HealthState::OnTime => self.look_at,
            HealthState::Paused | HealthState::Unmonitored if self.failed_at.is_none() => {
                self.look_at.or(Some(Timestamp::from_micros(i64::MAX)))
            }
            _ => None,
        }
    }

    /// Clears the failed run and its message, because a later run succeeded.
    pub fn succeed(&mut self) {
        (self.failed_at, self.message) = (None, None);
    }
}
