//! Values in columns: the form of `shape=series`, which also takes posts.

use super::{duration::Duration, time::Timestamp};

/// When the values of a column are valid: at a regular step from a start, or listed one by one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Times {
    /// From the first on at a regular step.
    Regular {
        /// The first.
        start: Timestamp,
        /// What lies between one and the next.
        step: Duration,
    },
    /// Each by itself.
    Listed(Vec<Timestamp>),
}

impl Times {
    /// The shortest form of these times, which stand in order.
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

    /// As optional members: a start and a step, or the times.
    pub fn split(self) -> (Option<Timestamp>, Option<Duration>, Option<Vec<Timestamp>>) {
        match self {
            Self::Regular { start, step } => (Some(start), Some(step), None),
            Self::Listed(times) => (None, None, Some(times)),
        }
    }
}

/// A column that is the same for all values stands once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shared<T> {
    /// The same for all.
    One(T),
    /// One for each value.
    Each(Vec<T>),
}

impl<T: PartialEq + Clone> Shared<T> {
    /// The shortest form of these.
    pub fn of(each: Vec<T>) -> Self {
        match each.first() {
            Some(first) if each.iter().all(|other| other == first) => Self::One(first.clone()),
            _ => Self::Each(each),
        }
    }

    /// As two optional members, of which one is there.
    pub fn split(self) -> (Option<T>, Option<Vec<T>>) {
        match self {
            Self::One(one) => (Some(one), None),
            Self::Each(each) => (None, Some(each)),
        }
    }
}
