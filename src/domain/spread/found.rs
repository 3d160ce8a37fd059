//! The spread of the rows of a response.

use std::ops::Range;

use super::{ByLevel, Spread, Wanted, probability};
use crate::domain::value::PostedValue;

/// Numbers of rows, and what of them is returned.
#[derive(Debug, Default)]
pub struct FoundSpreads {
    /// The spread that the request asks for.
    pub wanted: Wanted,
    /// The spreads of the series that the request selects, whether they have rows or not.
    pub declared: Vec<Spread>,
    /// Place of the numbers of each row.
    rows: Vec<Range<usize>>,
    numbers: Vec<f64>,
}

impl FoundSpreads {
    /// Appends the numbers of the next row; none if the row has no spread.
    pub fn push(&mut self, numbers: &[f64]) {
        let start = self.numbers.len();
        self.numbers.extend_from_slice(numbers);
        self.rows.push(start..self.numbers.len());
    }

    /// Returns the numbers of a row; none if the row has no spread.
    pub fn row(&self, index: usize) -> &[f64] {
        let place = self.rows.get(index).cloned().unwrap_or_default();
        self.numbers.get(place).unwrap_or_default()
    }

    /// Returns the indices of the quantiles that are returned, with their levels.
    pub fn levels<'a>(&'a self, levels: &'a [f64]) -> impl Iterator<Item = (usize, f64)> + 'a {
        let has = |level: f64| {
            self.wanted
                .selection
                .as_ref()
                .is_some_and(|wanted| wanted.has_level(level))
        };
        levels.iter().copied().enumerate().filter(move |(_, level)| has(*level))
    }

    /// Returns whether members are returned.
    pub fn has_members(&self) -> bool {
        self.wanted
            .selection
            .as_ref()
            .is_some_and(super::Selection::has_members)
    }

    /// Returns the probability of a row beyond the threshold of the request. `None` if there is no threshold, or the row
    /// has no spread.
    pub fn probability(&self, index: usize, spread: Option<&Spread>) -> Option<f64> {
        let (when, threshold) = self.wanted.threshold?;
        probability(spread?, self.row(index), when, threshold)
    }

    /// Returns all levels that are returned for any series, ascending, and the largest number of members.
    pub fn columns(&self) -> (Vec<f64>, u16) {
        let (mut levels, mut members) = (Vec::new(), 0);
        for spread in &self.declared {
            match spread {
                Spread::Quantiles(declared) => levels.extend(self.levels(declared).map(|(_, level)| level)),
                Spread::Members(most) if self.has_members() => members = members.max(*most),
                Spread::Members(_) => {}
            }
        }
        levels.sort_by(f64::total_cmp);
        levels.dedup();
        (levels, members)
    }
}

impl FoundSpreads {
    /// Returns the quantiles of some rows of one series in columns. `None` if none are returned.
    pub fn quantiles(&self, rows: &[usize], spread: Option<&Spread>) -> Option<ByLevel<Vec<PostedValue>>> {
        let Some(Spread::Quantiles(levels)) = spread else {
            return None;
        };
        let columns: Vec<_> = self
            .levels(levels)
            .map(|(index, level)| (level, self.column(rows, index)))
            .collect();
        (!columns.is_empty()).then_some(ByLevel(columns))
    }

    /// Returns the members of some rows of one series in columns. `None` if none are returned.
    pub fn members(&self, rows: &[usize], spread: Option<&Spread>) -> Option<Vec<Vec<PostedValue>>> {
        if !self.has_members() || !matches!(spread, Some(Spread::Members(_))) {
            return None;
        }
        let most = rows.iter().map(|row| self.row(*row).len()).max().unwrap_or_default();
        Some((0..most).map(|index| self.column(rows, index)).collect())
    }

    /// Returns the probabilities of some rows of one series. `None` if there is no threshold, or the series has no spread.
    pub fn probabilities(&self, rows: &[usize], spread: Option<&Spread>) -> Option<Vec<PostedValue>> {
        self.wanted.threshold?;
        spread?;
        let of = |row: &usize| PostedValue(self.probability(*row, spread));
        Some(rows.iter().map(of).collect())
    }

    fn column(&self, rows: &[usize], index: usize) -> Vec<PostedValue> {
        let of = |row: &usize| PostedValue(self.row(*row).get(index).copied());
        rows.iter().map(of).collect()
    }
}
