//! The spread that an output role declares.

use serde::{Deserialize, Serialize};

use crate::domain::violations::Violations;

/// Number of quantiles that an output role may declare.
const QUANTILES: std::ops::RangeInclusive<usize> = 2..=MOST_LEVELS;

/// Largest number of quantiles of an output role.
pub const MOST_LEVELS: usize = 99;

/// Number of members that an output role may declare.
const MEMBERS: std::ops::RangeInclusive<u16> = 2..=200;

/// The numbers that are posted beside each value of an output role.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Spread {
    /// Quantiles of these levels, ascending, each above 0 and below 1.
    Quantiles(Vec<f64>),
    /// At most this number of members of an ensemble.
    Members(u16),
}

impl Spread {
    /// Returns the spread that an output role with these members declares. `None` if it declares none.
    pub fn of(quantiles: Option<&[f64]>, members: Option<u16>) -> Option<Self> {
        match (quantiles, members) {
            (Some(levels), _) => Some(Self::Quantiles(levels.into())),
            (None, Some(most)) => Some(Self::Members(most)),
            (None, None) => None,
        }
    }

    /// Returns the name of the JSON member in which the numbers are posted and returned.
    pub fn member(&self) -> &'static str {
        match self {
            Self::Quantiles(_) => "quantiles",
            Self::Members(_) => "members",
        }
    }
}

/// Checks the spread that an output role declares, and adds a violation for each fault. `at` is the JSON pointer of the
/// role.
///
/// There are 2 to 99 levels, ascending, above 0 and below 1; or 2 to 200 members; and not both.
pub fn check_spread(quantiles: Option<&[f64]>, members: Option<u16>, at: &str, violations: &mut Violations) {
    if let Some(most) = members {
        if !MEMBERS.contains(&most) {
            let detail = format!("must be from {} to {}", MEMBERS.start(), MEMBERS.end());
            violations.add(format!("{at}/members"), detail);
        }
        if quantiles.is_some() {
            violations.add(format!("{at}/members"), "cannot be combined with quantiles");
        }
    }
    let Some(levels) = quantiles else { return };
    if !QUANTILES.contains(&levels.len()) {
        let detail = format!("must have {} to {} levels", QUANTILES.start(), QUANTILES.end());
        violations.add(format!("{at}/quantiles"), detail);
    }
    for (index, level) in levels.iter().enumerate() {
        let pointer = || format!("{at}/quantiles/{index}");
        if !is_level(*level) {
            violations.add(pointer(), "must be greater than 0 and less than 1");
        } else if index > 0 && levels[index - 1] >= *level {
            violations.add(pointer(), "must be greater than the level before it");
        }
    }
}

/// Returns whether a number may be the level of a quantile.
pub fn is_level(level: f64) -> bool {
    level > 0.0 && level < 1.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(quantiles: Option<&[f64]>, members: Option<u16>) -> usize {
        let mut violations = Violations::default();
        check_spread(quantiles, members, "/output_roles/0", &mut violations);
        match violations.into_result() {
            Err(crate::domain::Error::Invalid(found)) => found.len(),
            _ => 0,
        }
    }

    #[test]
    fn levels_ascend_within_0_and_1_and_members_are_instead_of_them() {
        assert_eq!(faults(Some(&[0.1, 0.5, 0.9]), None), 0);
        assert_eq!(faults(None, Some(51)), 0);
        assert_eq!(faults(Some(&[0.1, 0.5]), Some(51)), 1);
        assert_eq!(faults(Some(&[0.5]), None), 1);
        assert_eq!(faults(Some(&[0.0, 0.5, 0.5, 1.0]), None), 3);
        assert_eq!(faults(None, Some(1)) + faults(None, Some(201)), 2);
    }
}
