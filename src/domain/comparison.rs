//! Comparisons of values with thresholds, by which alerts are judged and events are counted.

use poem_openapi::Enum;
use serde::Serialize;

use super::object::names;

names!(Comparison);

/// The comparison of a value with the threshold.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Enum)]
#[serde(rename_all = "lowercase")]
#[oai(rename_all = "lowercase")]
pub enum Comparison {
    /// The value is greater than the threshold or equal to it.
    #[default]
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
