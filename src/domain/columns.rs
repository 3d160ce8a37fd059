//! Columns of values: the format of `shape=series`, which posts accept too.

use super::{duration::Duration, time::Timestamp};

/// Times of the values of a column, as a start and a regular step if possible, otherwise as a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Times {
    /// Times at a regular step.
    Regular {
        /// First time.
        start: Timestamp,
        /// Difference between two successive times.
        step: Duration,
    },
    /// All times, one for each value.
    Listed(Vec<Timestamp>),
}

impl Times {
    /// Returns the shortest representation of `times`, which are sorted: start and step if all successive times have
    /// the same difference, otherwise the list.
    pub fn of(times: &[Timestamp]) -> Self {
        if let [first, second, ..] = times {
            let step = second.micros() - first.micros();
            let is_regular = |pair: &[Timestamp]| pair[1].micros() - pair[0].micros() == step;
            if times.windows(2).all(is_regular) {
                return Self::Regular {
                    start: *first,
                    step: Duration::from_micros(step),
                };
            }
        }
        Self::Listed(times.to_vec())
    }

    /// Returns the times as three optional members of a response: start, step and list. Either start and step are
    /// present, or the list.
    pub fn split(self) -> (Option<Timestamp>, Option<Duration>, Option<Vec<Timestamp>>) {
        match self {
            Self::Regular { start, step } => (Some(start), Some(step), None),
            Self::Listed(times) => (None, None, Some(times)),
        }
    }
}

/// A column with one value for each row. If all rows have the same value, the column contains it only once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shared<T> {
    /// One value for all rows.
    One(T),
    /// One value for each row.
    Each(Vec<T>),
}

impl<T: PartialEq + Clone> Shared<T> {
    /// Returns the shortest representation of the values `each`, one for each row.
    pub fn of(each: Vec<T>) -> Self {
        match each.first() {
            Some(first) if each.iter().all(|other| other == first) => Self::One(first.clone()),
            _ => Self::Each(each),
        }
    }

    /// Returns the column as two optional members of a response: the common value, and the list. Exactly one is
    /// present.
    pub fn split(self) -> (Option<T>, Option<Vec<T>>) {
        match self {
            Self::One(one) => (Some(one), None),
            Self::Each(each) => (None, Some(each)),
        }
    }
}
