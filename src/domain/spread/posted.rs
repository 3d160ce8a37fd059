//! The spread of points as it is posted: before the role that it belongs to is known.

use std::sync::Arc;

use super::{ByLevel, SpreadNumbers, mean::mean};
use crate::domain::{value::PostedValue, violations::Violations};

/// Kind of the numbers that points were posted with.
#[derive(Debug, Clone, PartialEq)]
pub enum Kind {
    /// Quantiles of these levels, ascending.
    Quantiles(Arc<[f64]>),
    /// This number of members.
    Members(usize),
}

/// Numbers that a point was posted with.
#[derive(Debug, Clone, Copy)]
pub struct Posted<'a> {
    /// Kind of the numbers.
    pub kind: &'a Kind,
    /// The quantiles or members.
    pub row: &'a [f64],
}

/// Numbers of the points of a run.
#[derive(Debug, Clone)]
pub struct PostedSpread {
    /// Kind of the numbers.
    pub kind: Kind,
    /// Numbers of each point.
    pub numbers: SpreadNumbers,
    /// Whether a point had numbers of another kind, which is a violation.
    pub is_mixed: bool,
}

impl Kind {
    /// Returns the number of numbers of each point.
    pub fn width(&self) -> usize {
        match self {
            Self::Quantiles(levels) => levels.len(),
            Self::Members(count) => *count,
        }
    }

    /// Returns the name of the JSON member with the numbers.
    pub fn member(&self) -> &'static str {
        match self {
            Self::Quantiles(_) => "quantiles",
            Self::Members(_) => "members",
        }
    }

    /// Returns the value of a point that was posted without one: the quantile of the level 0.5, or the mean of the
    /// members. `None` if there is no such level.
    pub fn value(&self, row: &[f64]) -> Option<f64> {
        match self {
            Self::Quantiles(levels) => {
                let median = levels.iter().position(|level| *level == 0.5)?;
                row.get(median).copied()
            }
            Self::Members(_) => Some(mean(row)),
        }
    }
}

/// Returns the value of a posted point, where `None` withdraws the stored one.
///
/// # Errors
/// The reason why it has no value.
pub fn value_of(value: Option<PostedValue>, posted: Option<Posted<'_>>) -> Result<Option<f64>, &'static str> {
    match (value, posted) {
        (Some(PostedValue(Some(value))), _) => Ok(Some(value)),
        (Some(PostedValue(None)), None) => Ok(None),
        (Some(PostedValue(None)), Some(_)) => {
            Err("is null, which withdraws the value: leave out its quantiles or members")
        }
        (None, None) => Err("is missing"),
        (None, Some(posted)) => match posted.kind.value(posted.row) {
            Some(value) => Ok(Some(value)),
            None => Err("is missing, and the quantiles have no level 0.5 to take it from"),
        },
    }
}

/// The value and the numbers that a single point was posted with.
#[derive(Debug, Clone, Copy)]
pub struct PointNumbers<'a> {
    /// Value; `Some` of none withdraws the stored one.
    pub value: Option<PostedValue>,
    /// Quantiles by their levels.
    pub quantiles: Option<&'a ByLevel<f64>>,
    /// Members of an ensemble.
    pub members: Option<&'a [f64]>,
}

/// The value of a posted point, where `None` withdraws the stored one, and its numbers with their kind.
pub type Taken = (Option<f64>, Option<(Kind, Vec<f64>)>);

impl PointNumbers<'_> {
    /// Returns the number of all numbers, of which a value that is absent is one.
    pub fn count(&self) -> usize {
        1 + self.quantiles.map_or(0, |quantiles| quantiles.0.len()) + self.members.map_or(0, <[f64]>::len)
    }

    /// Returns the value and the numbers. Adds a violation and returns `None` if there are both quantiles and members, an empty
    /// list, or no value. `at` returns the JSON pointer of a member of the point.
    pub fn take(&self, at: impl Fn(&str) -> String, violations: &mut Violations) -> Option<Taken> {
        let numbers = match (self.quantiles, self.members) {
            (None, None) => None,
            (Some(_), Some(_)) => {
                violations.add(at("members"), BOTH);
                return None;
            }
            (Some(ByLevel(quantiles)), None) => {
                let (levels, row): (Vec<_>, Vec<_>) = quantiles.iter().copied().unzip();
                Some((Kind::Quantiles(levels.into()), row))
            }
            (None, Some(members)) => Some((Kind::Members(members.len()), members.to_vec())),
        };
        if let Some((kind, _)) = numbers.as_ref().filter(|(_, row)| row.is_empty()) {
            violations.add(at(kind.member()), "is empty");
            return None;
        }
        match value_of(self.value, numbers.as_ref().map(|(kind, row)| Posted { kind, row })) {
            Ok(value) => Some((value, numbers)),
            Err(detail) => {
                violations.add(at("value"), detail);
                None
            }
        }
    }
}

const BOTH: &str = "cannot be combined with quantiles";

/// Columns of numbers that a series was posted with, one for each level or member.
pub struct Columns {
    /// Kind of the numbers.
    pub kind: Kind,
    columns: Vec<Vec<PostedValue>>,
}

impl Columns {
    /// Returns the columns of a posted series. Adds a violation if there are both quantiles and members, an empty list, or
    /// columns of several lengths.
    pub fn of(
        quantiles: Option<ByLevel<Vec<PostedValue>>>,
        members: Option<Vec<Vec<PostedValue>>>,
        violations: &mut Violations,
    ) -> Option<Self> {
        let found = match (quantiles, members) {
            (None, None) => return None,
            (Some(_), Some(_)) => {
                violations.add("/members", BOTH);
                return None;
            }
            (Some(ByLevel(quantiles)), None) => {
                let (levels, columns): (Vec<_>, Vec<_>) = quantiles.into_iter().unzip();
                Self {
                    kind: Kind::Quantiles(levels.into()),
                    columns,
                }
            }
            (None, Some(columns)) => Self {
                kind: Kind::Members(columns.len()),
                columns,
            },
        };
        if found.columns.is_empty() {
            violations.add(format!("/{}", found.kind.member()), "is empty");
            return None;
        }
        Some(found)
    }

    /// Returns the number of points: the length of the first column.
    pub fn count(&self) -> usize {
        self.columns.first().map_or(0, Vec::len)
    }

    /// Adds a violation for each column that has another length than the values.
    pub fn check(&self, count: usize, violations: &mut Violations) {
        for (index, column) in self.columns.iter().enumerate() {
            if column.len() != count {
                let detail = format!("has {} entries, and there are {count} values", column.len());
                violations.add(self.kind.pointer(index), detail);
            }
        }
    }

    /// Puts the numbers of a point into `row`, and returns their kind. `None` if all are null. Times of a series may have
    /// fewer members than others, and then null in the last columns. Adds a violation if other numbers are null.
    pub fn row(&self, point: usize, row: &mut Vec<f64>, violations: &mut Violations) -> Option<Kind> {
        row.clear();
        let of = |column: &Vec<PostedValue>| column.get(point).and_then(|value| value.0);
        row.extend(self.columns.iter().map_while(of));
        let given = self.columns.iter().filter(|column| of(column).is_some()).count();
        match &self.kind {
            _ if given == 0 => None,
            Kind::Quantiles(levels) if given == levels.len() => Some(self.kind.clone()),
            Kind::Members(_) if given == row.len() => Some(Kind::Members(given)),
            _ => {
                let pointer = format!("{}/{point}", self.kind.pointer(row.len()));
                violations.add(pointer, "is null, and other numbers of the same time are not");
                None
            }
        }
    }
}

impl Kind {
    /// Returns the JSON pointer, within a point or a series, of the number with this index.
    pub fn pointer(&self, index: usize) -> String {
        match self {
            Self::Quantiles(levels) => format!("/quantiles/{}", levels.get(index).copied().unwrap_or_default()),
            Self::Members(_) => format!("/members/{index}"),
        }
    }
}
