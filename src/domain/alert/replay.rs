//! Replays the arrivals of predictions through the rule of an alert.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::{
    issue::{AlertIssue, AlertPoint},
    judge::{Cause, judge, pass},
    rule::Rule,
    state::{AlertStanding, Transition},
};
use crate::domain::{prediction::Issue, text::Name, time::Timestamp};

/// Some points of an issue that arrived together.
#[derive(Debug, Clone)]
pub struct Arrival {
    /// Issue time and arrival.
    pub issue: Issue,
    /// Label of the source version.
    pub source_version: Name,
    /// Whether the rule can judge the predictions.
    pub is_judged: bool,
    /// The points.
    pub points: Vec<ArrivedPoint>,
}

/// A point that arrived.
#[derive(Debug, Clone)]
pub enum ArrivedPoint {
    /// A value that the rule judges.
    Value(AlertPoint),
    /// A value for this time that the rule cannot judge.
    Unjudged(Timestamp),
    /// The value for this time was withdrawn.
    Withdrawn(Timestamp),
}

/// An issue after the arrivals until now.
struct Held {
    source_version: Name,
    points: BTreeMap<Timestamp, AlertPoint>,
}

/// The issues that the rule cannot judge: the times that have a value, by issue and source version.
#[derive(Default)]
struct Blind {
    times: BTreeMap<(Timestamp, Name), BTreeSet<Timestamp>>,
    /// Latest arrival of each source version.
    arrivals: HashMap<Name, Timestamp>,
}

impl Blind {
    /// Applies an arrival, and forgets the oldest issues beyond `most`.
    fn add(&mut self, arrival: Arrival, most: usize) {
        let Issue {
            issue_time,
            available_at,
        } = arrival.issue;
        let key = (issue_time, arrival.source_version);
        self.arrivals.insert(key.1.clone(), available_at);
        let times = self.times.entry(key.clone()).or_default();
        for point in arrival.points {
            match point {
                ArrivedPoint::Value(AlertPoint { time, .. }) | ArrivedPoint::Unjudged(time) => times.insert(time),
                ArrivedPoint::Withdrawn(time) => times.remove(&time),
            };
        }
        if times.is_empty() {
            self.times.remove(&key);
        }
        while self.times.len() > most {
            self.times.pop_first();
        }
    }

    /// Returns the newest issue with a value, and its source version: of several the one that arrived last.
    fn newest(&self) -> Option<(Timestamp, Name)> {
        let (newest, _) = self.times.last_key_value()?.0;
        let own = self.times.keys().rev().take_while(|(time, _)| time == newest);
        own.max_by_key(|(_, version)| self.arrivals.get(version)).cloned()
    }
}

/// The replay of one series of predictions. Arrivals must be added in the order of time.
pub struct Replay<'a> {
    rule: &'a Rule,
    interval: i64,
    standing: AlertStanding,
    held: BTreeMap<Timestamp, Held>,
    blind: Blind,
    newest: Vec<AlertIssue>,
    transitions: Vec<Transition>,
}

/// The number of issues beyond those that the rule requires that are remembered, in case newer ones are withdrawn.
const SPARE: usize = 100;

impl<'a> Replay<'a> {
    /// Begins a replay at `from`. `interval` is the expected interval between issues in microseconds, or 0.
    pub fn new(rule: &'a Rule, interval: i64, from: Timestamp) -> Self {
        Self {
            rule,
            interval,
            standing: AlertStanding::new(from),
            held: BTreeMap::new(),
            blind: Blind::default(),
            newest: Vec::new(),
            transitions: Vec::new(),
        }
    }

    /// Adds an arrival, and judges the alert before and after it.
    pub fn add(&mut self, arrival: Arrival) {
        let at = arrival.issue.available_at;
        self.pass(at);
        let issue_time = arrival.issue.issue_time;
        match arrival.is_judged {
            true => self.hold(arrival),
            false => self.blind.add(arrival, self.most()),
        }
        self.newest = self.newest();
        let judged = judge(
            self.rule,
            self.standing,
            &self.newest,
            self.interval,
            Cause::IssueOf(issue_time),
            at,
        );
        self.standing = judged.standing;
        self.transitions.extend(judged.transition);
    }

    /// Applies an arrival to the issue that it belongs to.
    fn hold(&mut self, arrival: Arrival) {
        let issue_time = arrival.issue.issue_time;
        let held = self.held.entry(issue_time).or_insert_with(|| Held {
            source_version: arrival.source_version.clone(),
            points: BTreeMap::new(),
        });
        held.source_version = arrival.source_version;
        for point in arrival.points {
            match point {
                ArrivedPoint::Value(point) => held.points.insert(point.time, point),
                ArrivedPoint::Unjudged(time) | ArrivedPoint::Withdrawn(time) => held.points.remove(&time),
            };
        }
        if held.points.is_empty() {
            self.held.remove(&issue_time);
        }
        while self.held.len() > self.most() {
            self.held.pop_first();
        }
    }

    /// Returns the number of issues that are remembered.
    fn most(&self) -> usize {
        self.rule.issues as usize + SPARE
    }

    /// Returns the newest issues, as [`judge`] expects them.
    fn newest(&self) -> Vec<AlertIssue> {
        let issues = self.held.iter().rev().take(self.rule.issues as usize);
        let judged = issues.map(|(issue_time, held)| AlertIssue {
            issue_time: *issue_time,
            source_version: held.source_version.clone(),
            points: held.points.values().cloned().collect(),
        });
        let judged: Vec<_> = judged.collect();
        AlertIssue::after_blind(self.blind.newest(), judged)
    }

    fn pass(&mut self, now: Timestamp) {
        let (standing, transitions) = pass(self.rule, self.standing, &self.newest, self.interval, now);
        self.standing = standing;
        self.transitions.extend(transitions);
    }

    /// Ends the replay at `at`. Returns the state, the newest issues and all transitions in the order of time.
    pub fn end(mut self, at: Timestamp) -> (AlertStanding, Vec<AlertIssue>, Vec<Transition>) {
        self.pass(at);
        (self.standing, self.newest, self.transitions)
    }
}
