//! Replays the arrivals of predictions through the rule of an alert.

use std::collections::BTreeMap;

use super::{
    judge::{AlertIssue, Cause, judge, pass},
    rule::Rule,
    state::{AlertStanding, Transition},
};
use crate::domain::{
    prediction::{Issue, Point},
    text::Name,
    time::Timestamp,
};

/// Some points of an issue that arrived together.
#[derive(Debug, Clone)]
pub struct Arrival {
    /// Issue time and arrival.
    pub issue: Issue,
    /// Label of the source version.
    pub source_version: Name,
    /// The points; those without a value are withdrawn.
    pub points: Vec<Point>,
}

/// An issue after the arrivals until now.
struct Held {
    source_version: Name,
    values: BTreeMap<Timestamp, f64>,
}

/// The replay of one series of predictions. Arrivals must be added in the order of time.
pub struct Replay<'a> {
    rule: &'a Rule,
    interval: i64,
    standing: AlertStanding,
    held: BTreeMap<Timestamp, Held>,
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
            newest: Vec::new(),
            transitions: Vec::new(),
        }
    }

    /// Adds an arrival, and judges the alert before and after it.
    pub fn add(&mut self, arrival: Arrival) {
        let at = arrival.issue.available_at;
        self.pass(at);
        let issue_time = arrival.issue.issue_time;
        let held = self.held.entry(issue_time).or_insert_with(|| Held {
            source_version: arrival.source_version.clone(),
            values: BTreeMap::new(),
        });
        held.source_version = arrival.source_version;
        for point in arrival.points {
            match point.value {
                Some(value) => {
                    held.values.insert(point.valid_time, value);
                }
                None => {
                    held.values.remove(&point.valid_time);
                }
            }
        }
        if held.values.is_empty() {
            self.held.remove(&issue_time);
        }
        let most = self.rule.issues as usize + SPARE;
        while self.held.len() > most {
            self.held.pop_first();
        }
        let count = self.rule.issues as usize;
        let issues = self.held.iter().rev().take(count);
        self.newest = issues
            .map(|(issue_time, held)| AlertIssue {
                issue_time: *issue_time,
                source_version: held.source_version.clone(),
                points: held.values.iter().map(|(time, value)| (*time, *value)).collect(),
            })
            .collect();
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
