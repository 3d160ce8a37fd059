//! Values that stand for an interval of time, such as an hourly mean, and not for an instant.

use poem_openapi::Enum;
use serde::Serialize;

use super::{duration::Duration, object::names, violations::Violations};

names!(IntervalLabel, Aggregation);

/// The end of its interval by which a value is named.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Enum)]
#[serde(rename_all = "lowercase")]
#[oai(rename_all = "lowercase")]
pub enum IntervalLabel {
    /// The time of the value is the end of the interval, which it includes.
    Ending,
    /// The time of the value is the beginning of the interval, which it includes.
    Beginning,
}

impl IntervalLabel {
    /// Returns the label's name in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ending => "ending",
            Self::Beginning => "beginning",
        }
    }

    /// Returns the label with this name in the API, or `None` if the name is unknown.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Ending, Self::Beginning]
            .into_iter()
            .find(|label| label.as_str() == name)
    }
}

/// The method by which the values of an interval become one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Enum)]
#[serde(rename_all = "lowercase")]
#[oai(rename_all = "lowercase")]
pub enum Aggregation {
    /// The arithmetic mean.
    Mean,
    /// The sum.
    Sum,
    /// The smallest value.
    Min,
    /// The greatest value.
    Max,
}

impl Aggregation {
    /// Returns the method's name in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Mean => "mean",
            Self::Sum => "sum",
            Self::Min => "min",
            Self::Max => "max",
        }
    }

    /// Returns the method with this name in the API, or `None` if the name is unknown.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Mean, Self::Sum, Self::Min, Self::Max]
            .into_iter()
            .find(|method| method.as_str() == name)
    }

    /// Returns the aggregate of values. `None` without values.
    pub fn of(self, values: &[f64]) -> Option<f64> {
        let sum = || values.iter().sum::<f64>();
        let chosen = |choose: fn(f64, f64) -> f64| values.iter().copied().reduce(choose);
        match self {
            _ if values.is_empty() => None,
            Self::Mean => Some(sum() / values.len() as f64),
            Self::Sum => Some(sum()),
            Self::Min => chosen(f64::min),
            Self::Max => chosen(f64::max),
        }
    }
}

/// The interval that each value of an output role or of a sensor stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Interval {
    /// Length in microseconds, greater than 0.
    pub length: i64,
    /// The end of the interval by which a value is named.
    pub label: IntervalLabel,
    /// The method by which the values of an interval become one.
    pub method: Aggregation,
}

impl Interval {
    /// Returns the interval of the three members of an output role or a sensor. Values are means that are named by the end
    /// of their interval, unless the members say otherwise. `None` without a length: the values are instants.
    pub fn of(length: Option<Duration>, label: Option<IntervalLabel>, method: Option<Aggregation>) -> Option<Self> {
        Some(Self {
            length: length?.micros(),
            label: label.unwrap_or(IntervalLabel::Ending),
            method: method.unwrap_or(Aggregation::Mean),
        })
    }
}

/// Checks the three members that describe an interval, and adds a violation for each fault. `at` is the JSON pointer of
/// the object that contains them.
pub fn check_interval(
    length: Option<Duration>,
    label: Option<IntervalLabel>,
    method: Option<Aggregation>,
    at: &str,
    violations: &mut Violations,
) {
    if length.is_some_and(|length| length.micros() <= 0) {
        violations.add(format!("{at}/interval"), "must be longer than 0");
    }
    for (name, is_given) in [("label", label.is_some()), ("method", method.is_some())] {
        if is_given && length.is_none() {
            violations.add(format!("{at}/{name}"), "needs the member interval");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_aggregated() {
        let values = [3.0, 1.0, 2.0];
        let found = [Aggregation::Mean, Aggregation::Sum, Aggregation::Min, Aggregation::Max].map(|method| {
            assert_eq!(Aggregation::from_name(method.as_str()), Some(method));
            assert_eq!(method.of(&[]), None);
            method.of(&values).unwrap()
        });
        assert_eq!(found, [2.0, 6.0, 1.0, 3.0]);
    }
}
