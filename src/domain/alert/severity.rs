//! The severity of an alert: clear, raised, or raised at a level.

/// The severity of an alert. The variants are ordered from mild to severe.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// The alert is not raised.
    Clear,
    /// The alert is raised, and no level of it is reached.
    Raised,
    /// The alert is raised at the level with this index among the levels of the rule, which are ordered from mild to
    /// severe.
    Level(usize),
}

impl Severity {
    /// Returns whether the alert is raised.
    pub fn is_raised(self) -> bool {
        self != Self::Clear
    }

    /// Returns the index of the level, if one is reached.
    pub fn level(self) -> Option<usize> {
        match self {
            Self::Level(index) => Some(index),
            Self::Clear | Self::Raised => None,
        }
    }
}
