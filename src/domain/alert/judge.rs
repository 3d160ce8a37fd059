//! Judges an alert: computes its severity from the newest issues, at a moment.
//!
//! A threshold is reached by an issue at a moment if a stretch of its successive values within the window meets it, and
//! the stretch lasts as long as the rule says. The window begins after the moment. An alert is raised at the first
//! moment at which each of the required number of newest issues reaches its threshold.
//!
//! A raised alert is cleared by an issue that has no value within the window that meets the clearing threshold. Time
//! alone clears it only when the last such value has passed by one expected interval, because the next issue usually
//! arrives by then and may raise it again. An issue without any value within the window says nothing, and is treated
//! like the passing of time. Levels rise and fall by the same two rules.
//!
//! An issue that the rule cannot judge, because it has a probability and the issue has neither quantiles nor members, says
//! nothing either: the issues before it go on being judged. An alert that is not raised is unknown then.

use super::{
    answer::FactsOfAlert,
    issue::{AlertIssue, AlertPoint},
    rule::{Rule, Tell},
    severity::Severity,
    spans::Spans,
    state::{AlertStanding, Transition},
};
use crate::domain::time::Timestamp;

/// The reason for which an alert is judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// The newest issue arrived, or one of those that the rule requires was changed.
    Issue,
    /// An issue of this time arrived or was changed. It counts like the passing of time if the rule does not look at it,
    /// since newer ones are enough.
    IssueOf(Timestamp),
    /// Time has passed.
    Time,
}

/// The result of judging an alert.
#[derive(Debug, Clone, PartialEq)]
pub struct Judged {
    /// The new state.
    pub standing: AlertStanding,
    /// The transition, if the severity changed.
    pub transition: Option<Transition>,
}

/// Judges an alert at `at`. `issues` are the newest issues, newest first; at least as many as the rule requires, if there
/// are. The first may have no points, if the rule cannot judge it. `interval` is the expected interval between issues in
/// microseconds, or 0 if none is known.
pub fn judge(
    rule: &Rule,
    standing: AlertStanding,
    issues: &[AlertIssue],
    interval: i64,
    cause: Cause,
    at: Timestamp,
) -> Judged {
    let view = View::new(rule, issues, interval);
    let now = at.micros();
    let counts = match cause {
        Cause::Issue => true,
        Cause::IssueOf(time) => view.looks_at(time),
        Cause::Time => false,
    };
    let cause = match counts && !view.is_blind && view.covers(now) {
        true => Cause::Issue,
        false => Cause::Time,
    };
    let before = standing.severity;
    let severity = view.reached(now).max(view.holds(before, now, cause));
    let mut next = AlertStanding { severity, ..standing };
    if severity.is_raised() != before.is_raised() {
        next.since = at;
    }
    let is_told = match rule.tell {
        _ if severity == before => false,
        _ if severity.is_raised() != before.is_raised() => true,
        Tell::All => true,
        Tell::Worse => severity > standing.told,
    };
    if is_told {
        next.told = severity;
    }
    next.look_at = view.look_at(severity, now);
    let transition = (severity != before).then(|| Transition {
        previous: before,
        severity,
        at,
        since: next.since,
        is_told,
        facts: facts(rule, issues, at),
    });
    Judged {
        standing: next,
        transition,
    }
}

/// Judges an alert at each moment up to `now` at which time alone changes it, with the issues that were the newest all
/// along. Returns the state and the transitions in the order of time.
pub fn pass(
    rule: &Rule,
    mut standing: AlertStanding,
    issues: &[AlertIssue],
    interval: i64,
    now: Timestamp,
) -> (AlertStanding, Vec<Transition>) {
    let mut found = Vec::new();
    while let Some(at) = standing.look_at.filter(|at| *at <= now) {
        let judged = judge(rule, standing, issues, interval, Cause::Time, at);
        standing = judged.standing;
        found.extend(judged.transition);
        // A moment never comes twice.
        standing.look_at = standing.look_at.filter(|next| *next > at);
    }
    (standing, found)
}

/// Returns the facts about the values of the newest issue within the window at `at` that meet the rule's threshold, or
/// its clearing threshold if none meets the former.
pub fn facts(rule: &Rule, issues: &[AlertIssue], at: Timestamp) -> FactsOfAlert {
    let Some(issue) = issues.first() else {
        return FactsOfAlert::default();
    };
    let ends = at.micros().saturating_add(rule.within.micros());
    let ahead = || {
        issue
            .points
            .iter()
            .filter(|point| point.time > at && point.time.micros() <= ends)
    };
    let meeting = |threshold: f64| ahead().filter(move |point| rule.is_met(point, threshold));
    let threshold = match meeting(rule.value).next() {
        Some(_) => rule.value,
        None => rule.clearing(),
    };
    let worst = meeting(threshold).reduce(|worst, point| {
        if rule.when.is_worse(point.value, worst.value) {
            point
        } else {
            worst
        }
    });
    let probability = |point: &AlertPoint| Some(point.distribution.as_ref()?.probability(rule.when, rule.value));
    FactsOfAlert {
        issue_time: Some(issue.issue_time),
        source_version: Some(issue.source_version.clone()),
        covers_until: issue.points.last().map(|point| point.time),
        first_time: meeting(threshold).next().map(|point| point.time),
        last_time: meeting(threshold).next_back().map(|point| point.time),
        peak: worst.map(|point| point.value),
        peak_time: worst.map(|point| point.time),
        peak_probability: meeting(threshold).filter_map(probability).reduce(f64::max),
    }
}

/// A rule and the issues that it is applied to.
struct View<'a> {
    rule: &'a Rule,
    issues: &'a [AlertIssue],
    /// Whether the newest issue of all, which is not one of `issues`, cannot be judged.
    is_blind: bool,
    within: i64,
    interval: i64,
}

impl<'a> View<'a> {
    fn new(rule: &'a Rule, issues: &'a [AlertIssue], interval: i64) -> Self {
        let (is_blind, issues) = match issues {
            [newest, rest @ ..] if newest.points.is_empty() => (true, rest),
            all => (false, all),
        };
        Self {
            rule,
            issues,
            is_blind,
            within: rule.within.micros(),
            interval,
        }
    }

    /// Returns whether the newest issue has a value within the window.
    fn covers(&self, now: i64) -> bool {
        let ends = now.saturating_add(self.within);
        self.issues.first().is_some_and(|issue| {
            let next = issue.points.partition_point(|point| point.time.micros() <= now);
            issue.points.get(next).is_some_and(|point| point.time.micros() <= ends)
        })
    }

    /// Returns whether the issue of this time is one of those that the rule requires.
    fn looks_at(&self, issue_time: Timestamp) -> bool {
        let count = self.rule.issues as usize;
        let last = self.issues.get(count.wrapping_sub(1)).or(self.issues.last());
        last.is_none_or(|last| last.issue_time <= issue_time)
    }

    /// Returns the severity that the required number of newest issues reach.
    fn reached(&self, now: i64) -> Severity {
        if !self.reaching(self.rule.value).contains(now) {
            return Severity::Clear;
        }
        let levels = self.rule.levels.iter().enumerate().rev();
        levels
            .filter(|(_, level)| self.reaching(level.value).contains(now))
            .map(|(index, _)| Severity::Level(index))
            .next()
            .unwrap_or(Severity::Raised)
    }

    /// Returns the severity that is left of `before`.
    fn holds(&self, before: Severity, now: i64, cause: Cause) -> Severity {
        let back = match cause {
            Cause::Time => self.interval,
            Cause::Issue | Cause::IssueOf(_) => 0,
        };
        if !before.is_raised() || !self.holding(self.rule.clearing(), back).contains(now) {
            return Severity::Clear;
        }
        let levels = self.rule.levels.iter().enumerate();
        levels
            .filter(|(index, _)| before.level().is_some_and(|level| *index <= level))
            .filter(|(_, level)| self.holding(level.value, back).contains(now))
            .map(|(index, _)| Severity::Level(index))
            .next_back()
            .unwrap_or(Severity::Raised)
    }

    /// Returns the next moment after `now` at which time alone changes the severity. It may be a moment at which nothing
    /// changes, and is never later than the first change.
    fn look_at(&self, severity: Severity, now: i64) -> Option<Timestamp> {
        let mut moments = Vec::new();
        let raised = self.reaching(self.rule.value);
        if !severity.is_raised() {
            moments.extend(raised.next_start(now));
        }
        for (index, level) in self.rule.levels.iter().enumerate() {
            if Severity::Level(index) > severity {
                let both = self.reaching(level.value).intersection(&raised);
                moments.extend(both.next_start(now));
            }
        }
        if severity.is_raised() {
            let ends = |threshold: f64| self.holding(threshold, self.interval).end_of(now);
            moments.extend(ends(self.rule.clearing()));
            let level = severity.level().and_then(|index| self.rule.levels.get(index));
            moments.extend(level.and_then(|level| ends(level.value)));
            // The severity may be held by `reached` alone, whose end is a change too.
            moments.extend(raised.end_of(now));
            moments.extend(level.and_then(|level| self.reaching(level.value).end_of(now)));
        }
        moments.into_iter().min().map(Timestamp::from_micros)
    }

    /// Returns the moments at which each of the required number of newest issues reaches the threshold.
    fn reaching(&self, threshold: f64) -> Spans {
        let count = self.rule.issues as usize;
        if count == 0 || self.issues.len() < count {
            return Spans::default();
        }
        let mut of_issues = self.issues[..count]
            .iter()
            .map(|issue| self.stretches(issue, threshold));
        let first = of_issues.next().unwrap_or_default();
        of_issues.fold(first, |all, issue| all.intersection(&issue))
    }

    /// Returns the moments at which a stretch of values that meet the threshold, and that lasts long enough, is within
    /// the window: from when its end enters the window until its start has come.
    fn stretches(&self, issue: &AlertIssue, threshold: f64) -> Spans {
        let lasting = self.rule.lasting.micros();
        let mut parts = Vec::new();
        for stretch in issue.points.split(|point| !self.rule.is_met(point, threshold)) {
            let mut last = 0;
            for (first, start) in stretch.iter().map(|point| point.time).enumerate() {
                last = last.max(first);
                while let Some(end) = stretch.get(last).map(|point| point.time) {
                    if end.micros().saturating_sub(start.micros()) >= lasting {
                        parts.push((end.micros().saturating_sub(self.within), start.micros()));
                        break;
                    }
                    last += 1;
                }
            }
        }
        Spans::union(parts)
    }

    /// Returns the moments at which a value that meets the threshold is within the window, or has passed by less than
    /// `back`.
    fn holding(&self, threshold: f64, back: i64) -> Spans {
        let Some(issue) = self.issues.first() else {
            return Spans::default();
        };
        let meeting = issue.points.iter().filter(|point| self.rule.is_met(point, threshold));
        let part = |point: &AlertPoint| {
            let time = point.time.micros();
            (time.saturating_sub(self.within), time.saturating_add(back))
        };
        Spans::union(meeting.map(part).collect())
    }
}
