//! The table of predicted and measured classes.

use poem_openapi::Object;
use serde::Serialize;

use crate::domain::{
    class::{Class, class_of},
    text::Name,
};

/// Counts of the pairs by predicted and measured class.
#[derive(Debug, Clone, PartialEq, Serialize, Object)]
pub struct ClassTable {
    /// Names of the classes, from the lowest on.
    pub classes: Vec<Name>,
    /// Number of pairs of each predicted class (rows) and measured class (columns).
    pub counts: Vec<Vec<u64>>,
    /// Part of the pairs whose predicted class is the measured one.
    #[oai(nullable)]
    pub proportion_correct: Option<f64>,
    /// Heidke skill score: the part of the pairs that is right beyond chance.
    #[oai(nullable)]
    pub hss: Option<f64>,
}

impl ClassTable {
    /// Creates an empty table.
    pub fn new(classes: &[Class]) -> Self {
        Self {
            classes: classes.iter().map(|class| class.name.clone()).collect(),
            counts: vec![vec![0; classes.len()]; classes.len()],
            proportion_correct: None,
            hss: None,
        }
    }

    /// Counts a pair. `classes` are those of [`Self::new`].
    pub fn add(&mut self, classes: &[Class], prediction: f64, truth: f64) {
        let (row, column) = (class_of(classes, prediction), class_of(classes, truth));
        if let Some(count) = self.counts.get_mut(row).and_then(|row| row.get_mut(column)) {
            *count += 1;
        }
    }

    /// Returns the table with its scores: Wilks, Statistical Methods in the Atmospheric Sciences, chapter 9.
    pub fn scored(self) -> Self {
        let counts = |row: usize, column: usize| self.counts[row][column] as f64;
        let size = self.classes.len();
        let total: f64 = self.counts.iter().flatten().map(|count| *count as f64).sum();
        if total == 0.0 {
            return self;
        }
        let correct = (0..size).map(|class| counts(class, class)).sum::<f64>() / total;
        let by_chance: f64 = (0..size)
            .map(|class| {
                let predicted: f64 = (0..size).map(|other| counts(class, other)).sum();
                let measured: f64 = (0..size).map(|other| counts(other, class)).sum();
                predicted * measured / (total * total)
            })
            .sum();
        Self {
            proportion_correct: Some(correct),
            hss: (by_chance != 1.0).then(|| (correct - by_chance) / (1.0 - by_chance)),
            ..self
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn classes() -> Vec<Class> {
        let class = |(from, name)| Class {
            from,
            name: Name::new(name),
        };
        [(0.0, "low"), (40.0, "moderate"), (60.0, "high")].map(class).to_vec()
    }

    #[test]
    fn the_scores_are_those_of_the_seasons_table() {
        let counts = vec![vec![63, 0, 0], vec![4, 7, 4], vec![0, 0, 135]];
        let table = ClassTable {
            counts,
            ..ClassTable::new(&classes())
        };
        let found = table.scored();
        assert!((found.hss.unwrap() - 0.923_512).abs() < 1e-6, "{found:?}");
        let two_days = vec![vec![62, 1, 4], vec![0, 5, 5], vec![4, 1, 130]];
        let table = ClassTable {
            counts: two_days,
            ..ClassTable::new(&classes())
        };
        assert!((table.scored().hss.unwrap() - 0.853_368).abs() < 1e-6);
    }
}
