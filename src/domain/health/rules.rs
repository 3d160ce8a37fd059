//! The rules by which health is judged: of a job as a whole, and of each of its targets.
//!
//! What a judgement rests on changes only with posts, with what a worker reports, and with the job and its source; each
//! of these is judged where it happens. In between, only time passes: what it changes follows from two deadlines.

use std::cmp::Reverse;

use super::state::{Health, HealthChange, HealthState, Judgement, TargetHealth};
use crate::domain::{
    clock::MAX_AHEAD_SECONDS,
    contract::OutputRole,
    text::{Message, Name},
    time::Timestamp,
};

/// How far ahead of the clock a time may lie that the clock itself has given, in microseconds: clocks are corrected by
/// less again and again. What lies further ahead was given by a clock that was wrong.
const CORRECTION: i64 = 1_000_000;

/// Returns the latest time that a clock which shows `now` can have given before.
pub fn latest_given(now: Timestamp) -> Timestamp {
    Timestamp::from_micros(now.micros().saturating_add(CORRECTION))
}

/// Returns a time that the clock gave, or `now` if the clock was ahead then and has been put right.
fn corrected(time: Timestamp, now: Timestamp) -> Timestamp {
    match time > latest_given(now) {
        true => now,
        false => time,
    }
}

/// What was posted last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LastPost {
    /// The issue.
    pub issue_time: Timestamp,
    /// When it first arrived, by the machine's clock.
    pub arrival: Timestamp,
}

impl LastPost {
    /// Returns the time that the issue counts as: a worker whose clock is ahead does not hide what is issued after it.
    fn counts_as(self) -> Timestamp {
        self.issue_time.min(self.arrival)
    }

    /// Returns whether another issue that arrives at `now` is fresh, which is to say later than this one. If this one was
    /// posted, or its arrival taken, by a clock that was ahead and has been put right, any issue of the last day is.
    pub fn is_before(self, issue_time: Timestamp, now: Timestamp) -> bool {
        let counts_as = issue_time.min(now);
        let is_of_a_wrong_clock =
            self.arrival > latest_given(now) || self.issue_time > now.plus_seconds(MAX_AHEAD_SECONDS);
        match is_of_a_wrong_clock {
            true => counts_as > self.counts_as().min(now).plus_hours(-24),
            false => counts_as > self.counts_as(),
        }
    }
}

/// What was posted of one metric, as its series know it.
#[derive(Debug, Clone, PartialEq)]
pub struct Posted {
    /// What is predicted.
    pub metric: Name,
    /// The last fresh issue.
    pub last: LastPost,
    /// The latest valid_time.
    pub covers_until: Timestamp,
}

/// What a job promises.
#[derive(Debug, Clone, Copy)]
pub struct Watch<'a> {
    /// Whether workers are to run it.
    pub active: bool,
    /// How often it is expected to post, in minutes.
    pub interval_minutes: Option<i64>,
    /// How much later than expected a post may come, in minutes.
    pub grace_minutes: i64,
    /// The outputs that are expected.
    pub targets: &'a [OutputRole],
}

/// How a job, or one of its targets, was judged last, and what is kept for the next judgement.
#[derive(Debug, Clone, PartialEq)]
pub struct Standing {
    /// The output role; none for the job as a whole.
    pub role: Option<Name>,
    /// How it did.
    pub state: HealthState,
    /// Since when.
    pub since: Timestamp,
    /// Until when it does so whatever happens: only behind that moment can time alone change it.
    pub look_at: Option<Timestamp>,
    /// From when posts are expected: when the job was made, or resumed last.
    pub watched_from: Timestamp,
    /// When the worker last said that it is well.
    pub ok_at: Option<Timestamp>,
    /// When the worker said that its run failed, if nothing good came since.
    pub failed_at: Option<Timestamp>,
    /// What it said of that.
    pub message: Option<Message>,
}

/// What one judgement rests on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Basis {
    /// Whether workers are to run the job.
    pub active: bool,
    /// How often it is expected to post, in minutes.
    pub interval_minutes: Option<i64>,
    /// How much later than expected a post may come, in minutes.
    pub grace_minutes: i64,
    /// From when posts are expected.
    pub watched_from: Timestamp,
    /// When the worker last showed that it is well.
    pub last_sign: Option<Timestamp>,
    /// Whether it said that its run failed, and nothing good came since.
    pub is_failing: bool,
}

impl Basis {
    /// When that many intervals and the grace have passed since the last sign of life, or since the job was resumed.
    pub fn due(&self, intervals: i64) -> Option<Timestamp> {
        let from = self.last_sign?.max(self.watched_from);
        let minutes = self.interval_minutes?.saturating_mul(intervals);
        let minutes = minutes.saturating_add(self.grace_minutes);
        self.active.then(|| from.plus_minutes(minutes))
    }

    /// How it does at `now`.
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

    /// Until when a state holds if nothing happens; none if it holds for ever.
    fn look_at(&self, state: HealthState) -> Option<Timestamp> {
        match state {
            HealthState::OnTime => self.due(1),
            HealthState::Late => self.due(2),
            _ => None,
        }
    }

    /// How `held` became what it is at `now`, in the order of the changes, where the basis is what it is since `from`.
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
            // Both deadlines passed unseen, the server being off, say: each at its time.
            (HealthState::OnTime, HealthState::Down) if once.1 < twice.1 => vec![once, twice],
            (_, HealthState::Down) => vec![twice],
            _ => vec![(state, now.max(from))],
        }
    }
}

/// All that a job's health is judged on, beside its promise.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Vitals {
    /// How it was judged last: as a whole, and each target.
    pub standings: Vec<Standing>,
    /// What was posted, by metric.
    pub posts: Vec<Posted>,
    /// Whether no deadline passes at present, since the clock has jumped.
    pub is_held: bool,
}

impl Vitals {
    /// The last fresh issue of a metric, or of all; of those that count as equal the first to come.
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

    /// How a standing that is not kept yet does at `now`.
    pub fn begin(&self, watch: Watch<'_>, standing: &Standing, now: Timestamp) -> HealthState {
        self.basis(watch, standing, now).state(now)
    }

    /// Judges all at `now`, where what that rests on is what it is since `from`, or since the last change if that is not
    /// given. Answers the changes, in their order.
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
                // A clock that goes back is no sign of life.
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
            // A deadline that a post moved away is noticed when it comes: posts write nothing here while all is well.
            let is_early = |kept: Timestamp, due: Timestamp| (now..=due).contains(&kept);
            let may_stay = standing.look_at.zip(look_at);
            if !may_stay.is_some_and(|(kept, due)| is_early(kept, due)) {
                standing.look_at = look_at;
            }
        }
        found.sort_by_key(|change| change.at);
        found
    }

    /// Puts times right that a clock gave which was ahead: what came then counts as coming now, once and for all. Without
    /// it a worker that has died since would be on time until the clock is there again.
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

    /// The health that is answered at `now`: with what time alone has changed since it was judged last.
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

    /// How steady the job is: what can be posted without changing how it does.
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

    /// Forgets the failed run where something good came: a fresh issue after those that `before` had.
    pub fn forgive(&mut self, watch: Watch<'_>, before: &Self) {
        for index in 0..self.standings.len() {
            let metric = watch.metric(self.standings[index].role.as_ref());
            let issue = |vitals: &Self| vitals.last_post(metric).map(LastPost::counts_as);
            if issue(self) > issue(before) {
                self.standings[index].succeed();
            }
        }
    }
}

/// What can be posted for a job without changing how it does.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Steadiness {
    /// Until when; none if any post may change something.
    pub until: Option<Timestamp>,
    /// The output roles of which a post may change something all the same.
    pub open: Vec<Name>,
}

impl<'a> Watch<'a> {
    /// The metric of an output role; none for the job as a whole.
    fn metric(self, role: Option<&Name>) -> Option<&'a Name> {
        let mut targets = self.targets.iter();
        Some(&targets.find(|target| Some(&target.role) == role)?.metric)
    }
}

impl Standing {
    /// A job, or a target, of which nothing is known yet.
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

    /// Until when no post changes how it does; none if one may.
    fn steady_until(&self) -> Option<Timestamp> {
        match self.state {
            HealthState::OnTime => self.look_at,
            HealthState::Paused | HealthState::Unmonitored if self.failed_at.is_none() => {
                Some(Timestamp::from_micros(i64::MAX))
            }
            _ => None,
        }
    }

    /// Forgets the failed run.
    pub fn succeed(&mut self) {
        (self.failed_at, self.message) = (None, None);
    }
}
