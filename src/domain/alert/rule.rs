//! The rule of an alert: a threshold, levels, and the conditions under which it is raised and cleared.

use poem_openapi::{Enum, Object};
use serde::{Deserialize, Serialize};

use crate::domain::{
    duration::Duration,
    object::{names, objects},
    text::Name,
    violations::Violations,
};

names!(Comparison, Tell);
objects!(AlertLevel; also written: AlertLevel);

/// The largest number of successive issues that a rule may require.
pub const MAX_ISSUES: u32 = 24;

/// The largest number of levels of a rule.
const MAX_LEVELS: usize = 10;

/// The longest window of a rule, in microseconds: 366 days.
const MAX_WITHIN: i64 = 366 * 24 * 3_600_000_000;

/// The comparison of a value with the threshold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Enum)]
#[serde(rename_all = "lowercase")]
#[oai(rename_all = "lowercase")]
pub enum Comparison {
    /// The value is greater than the threshold or equal to it.
    Ge,
    /// The value is greater than the threshold.
    Gt,
    /// The value is less than the threshold or equal to it.
    Le,
    /// The value is less than the threshold.
    Lt,
}

impl Comparison {
    /// Every comparison.
    pub const ALL: [Self; 4] = [Self::Ge, Self::Gt, Self::Le, Self::Lt];

    /// Returns the comparison's name in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ge => "ge",
            Self::Gt => "gt",
            Self::Le => "le",
            Self::Lt => "lt",
        }
    }

    /// Returns the comparison with this name in the API, or `None` if the name is unknown.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|comparison| comparison.as_str() == name)
    }

    /// Returns whether the value meets the threshold.
    pub fn is_met(self, value: f64, threshold: f64) -> bool {
        match self {
            Self::Ge => value >= threshold,
            Self::Gt => value > threshold,
            Self::Le => value <= threshold,
            Self::Lt => value < threshold,
        }
    }

    /// Returns whether `a` is more severe than `b`: greater for a rule about great values, and less for one about small
    /// values.
    pub fn is_worse(self, a: f64, b: f64) -> bool {
        match self {
            Self::Ge | Self::Gt => a > b,
            Self::Le | Self::Lt => a < b,
        }
    }
}

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

    /// Checks the rule, trims the names of its levels, and adds a violation for each fault.
    pub fn check(&mut self, violations: &mut Violations) {
        if self.clear.is_some_and(|clear| self.when.is_worse(clear, self.value)) {
            violations.add(
                "/clear",
                "must be on the safe side of value, so that the alert ends after it began",
            );
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
