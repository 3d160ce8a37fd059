//! The rule of an alert: a threshold, levels, and the conditions under which it is raised and cleared.

use std::sync::Arc;

use poem_openapi::{Enum, Object};
use serde::{Deserialize, Serialize};

use super::issue::{AlertPoint, Distribution, bounds, can_tell, is_at_least};
use crate::domain::{
    comparison::Comparison,
    duration::Duration,
    object::{names, objects},
    spread::Spread,
    text::Name,
    time::Timestamp,
    violations::Violations,
};

names!(Tell);
objects!(AlertLevel; also written: AlertLevel);

/// The largest number of successive issues that a rule may require.
pub const MAX_ISSUES: u32 = 24;

/// The largest number of levels of a rule.
const MAX_LEVELS: usize = 10;

/// The longest window of a rule, in microseconds: 366 days.
const MAX_WITHIN: i64 = 366 * 24 * 3_600_000_000;

/// The changes of a raised alert that messages are sent about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Enum)]
#[serde(rename_all = "lowercase")]
#[oai(rename_all = "lowercase")]
pub enum Tell {
    /// A level that is more severe than every level since the alert was raised.
    Worse,
    /// Every change of the level.
    All,
}

impl Tell {
    /// Returns the name in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Worse => "worse",
            Self::All => "all",
        }
    }

    /// Returns the variant with this name in the API, or `None` if the name is unknown.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Worse, Self::All].into_iter().find(|tell| tell.as_str() == name)
    }
}

/// A level of an alert: a name for the values that meet its threshold.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Object)]
#[serde(remote = "Self", deny_unknown_fields)]
pub struct AlertLevel {
    /// Name of the level.
    pub name: Name,
    /// Threshold of the level, compared like that of the alert.
    pub value: f64,
}

/// The rule by which predictions are judged.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    /// Comparison of the values with the thresholds.
    pub when: Comparison,
    /// Threshold that raises the alert.
    pub value: f64,
    /// Threshold of a raised alert: it is cleared when no value meets this one any more. `None` means that of `value`.
    pub clear: Option<f64>,
    /// Least probability with which the distribution of a value meets a threshold. `None` compares the value itself.
    pub probability: Option<f64>,
    /// Levels, from mild to severe.
    pub levels: Vec<AlertLevel>,
    /// Length of the window: values are judged if they are valid after now and at most this much later.
    pub within: Duration,
    /// Time from the first to the last of successive values that meet the threshold.
    pub lasting: Duration,
    /// Number of successive issues that have such values.
    pub issues: u32,
    /// Changes of the level that messages are sent about.
    pub tell: Tell,
}

impl Rule {
    /// Returns the threshold that a raised alert is cleared by.
    pub fn clearing(&self) -> f64 {
        self.clear.unwrap_or(self.value)
    }

    /// Returns whether the point meets a threshold: its value, or, if the rule has a probability, its distribution with at
    /// least this probability.
    pub fn is_met(&self, point: &AlertPoint, threshold: f64) -> bool {
        let Some(least) = self.probability else {
            return self.when.is_met(point.value, threshold);
        };
        let found = point.distribution.as_ref();
        found.is_some_and(|found| is_at_least(found.probability(self.when, threshold), least))
    }

    /// Returns whether the rule can judge predictions with this spread. A rule without a probability judges all.
    pub fn can_judge(&self, spread: Option<&Spread>) -> bool {
        let Some(probability) = self.probability else {
            return true;
        };
        spread.is_some_and(|spread| can_tell(spread, self.when, probability))
    }

    /// Returns the point with this value, and with the distribution that `numbers` describe if the rule has a probability.
    /// `None` if the rule cannot judge the point.
    pub fn point(
        &self,
        time: Timestamp,
        value: f64,
        spread: Option<&Arc<Spread>>,
        numbers: &[f64],
    ) -> Option<AlertPoint> {
        let distribution = match self.probability {
            None => None,
            Some(_) => {
                let spread = spread.filter(|spread| self.can_judge(Some(spread)))?;
                Some(Distribution::of(spread, numbers)?)
            }
        };
        Some(AlertPoint {
            time,
            value,
            distribution,
        })
    }

    /// Checks that an output role with this spread can be judged, and adds a violation otherwise.
    pub fn check_spread(&self, spread: Option<&Spread>, violations: &mut Violations) {
        if self.can_judge(spread) {
            return;
        }
        let detail = match spread {
            None => "needs quantiles or members, and the output role declares neither".to_owned(),
            Some(spread) => {
                let (low, high) = bounds(spread, self.when);
                format!(
                    "must be greater than {low} and at most {high}: the output role declares no quantiles that say more"
                )
            }
        };
        violations.add("/probability", detail);
    }

    /// Checks the rule, trims the names of its levels, and adds a violation for each fault.
    pub fn check(&mut self, violations: &mut Violations) {
        if self.clear.is_some_and(|clear| self.when.is_worse(clear, self.value)) {
            violations.add(
                "/clear",
                "must be on the safe side of value, so that the alert ends after it began",
            );
        }
        if self.probability.is_some_and(|least| !(least > 0.0 && least <= 1.0)) {
            violations.add("/probability", "must be greater than 0 and at most 1");
        }
        if !(1..=MAX_WITHIN).contains(&self.within.micros()) {
            violations.add("/within", "must be longer than nothing and at most 366 days");
        }
        if self.lasting.micros() < 0 {
            violations.add("/lasting", "must not be negative");
        } else if self.lasting >= self.within {
            violations.add(
                "/lasting",
                "must be shorter than within, or the alert could never be raised",
            );
        }
        if !(1..=MAX_ISSUES).contains(&self.issues) {
            violations.add("/issues", format!("must be between 1 and {MAX_ISSUES}"));
        }
        self.check_levels(violations);
    }

    fn check_levels(&mut self, violations: &mut Violations) {
        if self.levels.len() > MAX_LEVELS {
            violations.add("/levels", format!("must have at most {MAX_LEVELS} levels"));
        }
        for index in 0..self.levels.len() {
            let (before, rest) = self.levels.split_at_mut(index);
            let Some(level) = rest.first_mut() else { continue };
            level.name.check(violations, &format!("/levels/{index}/name"));
            if before.iter().any(|other| other.name == level.name) {
                violations.add(format!("/levels/{index}/name"), "is repeated among the levels");
            }
            let is_worse = |other: &AlertLevel| self.when.is_worse(level.value, other.value);
            if before.last().is_some_and(|before| !is_worse(before)) {
                violations.add(
                    format!("/levels/{index}/value"),
                    "must be more severe than the level before it",
                );
            }
        }
    }
}
