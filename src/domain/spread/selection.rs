//! The spread that a request asks for.

use std::fmt;

use super::declared::is_level;
use crate::domain::{comparison::Comparison, scalar::scalar};

/// Numbers that are returned beside each value.
#[derive(Debug, Clone, PartialEq)]
pub enum Selection {
    /// All quantiles and members.
    All,
    /// All members.
    Members,
    /// The quantiles of these levels.
    Levels(Vec<f64>),
}

impl Selection {
    /// Violation of a text that is no selection.
    pub const FAULT: &str = "must be all, members, or levels greater than 0 and less than 1, such as 0.1,0.9";

    /// Parses `all`, `members`, or levels that are separated by commas.
    ///
    /// # Errors
    /// [`Self::FAULT`]: the text is something else.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        match text {
            "all" => Ok(Self::All),
            "members" => Ok(Self::Members),
            levels => {
                let level = |text: &str| text.trim().parse().ok().filter(|level| is_level(*level));
                let levels: Option<_> = levels.split(',').map(level).collect();
                levels.map(Self::Levels).ok_or(Self::FAULT)
            }
        }
    }

    /// Returns whether the quantile of this level is returned.
    pub fn has_level(&self, level: f64) -> bool {
        match self {
            Self::All => true,
            Self::Members => false,
            Self::Levels(levels) => levels.contains(&level),
        }
    }

    /// Returns whether members are returned.
    pub fn has_members(&self) -> bool {
        matches!(self, Self::All | Self::Members)
    }
}

impl fmt::Display for Selection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("all"),
            Self::Members => f.write_str("members"),
            Self::Levels(levels) => {
                let levels: Vec<_> = levels.iter().map(f64::to_string).collect();
                f.write_str(&levels.join(","))
            }
        }
    }
}

scalar!(Selection, "spread", parse);

/// The spread that a request asks for.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Wanted {
    /// Numbers that are returned. `None` returns none.
    pub selection: Option<Selection>,
    /// Comparison with a threshold whose probability is returned.
    pub threshold: Option<(Comparison, f64)>,
}

impl Wanted {
    /// Returns whether the numbers need to be read.
    pub fn is_any(&self) -> bool {
        self.selection.is_some() || self.threshold.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_separated_by_commas() {
        assert_eq!(Selection::parse("0.1, 0.9"), Ok(Selection::Levels(vec![0.1, 0.9])));
        assert_eq!(Selection::parse("all"), Ok(Selection::All));
        for text in ["", "0.1,", "1", "0", "median", "NaN"] {
            assert_eq!(Selection::parse(text), Err(Selection::FAULT), "{text}");
        }
    }
}
