//! Counts pairs for one row of scores.

use std::collections::HashMap;

use super::{
    calendar::Calendar, class_table::ClassTable, contingency::Contingency, pairing::Pair, revision::Revisions,
    spread_tally::SpreadTally, sums::Sums,
};
use crate::domain::{class::Class, comparison::Comparison};

/// Rules for everything that is counted besides the errors.
#[derive(Debug, Clone)]
pub struct TallyRules {
    /// Thresholds of events.
    pub thresholds: Vec<f64>,
    /// The comparison of a value with a threshold that makes an event.
    pub event: Comparison,
    /// Classes of the output role, if the table of classes is requested.
    pub classes: Option<Vec<Class>>,
    /// The calendar whose days are compared with the reference.
    pub calendar: Calendar,
}

/// The counts of one row.
#[derive(Debug, Clone, Default)]
pub struct Tally {
    /// Sums of the predictions.
    pub sums: Sums,
    /// Sums of the reference, on the same pairs.
    pub reference: Sums,
    /// Number of pairs whose prediction arrived after its valid time.
    pub late: u64,
    /// First and last valid time of the pairs, in microseconds since 1970.
    pub span: Option<(i64, i64)>,
    /// Tables of the events, in the order of the thresholds.
    pub events: Vec<Contingency>,
    /// Table of the classes.
    pub classes: Option<ClassTable>,
    /// Sum of the absolute errors of each day, of the predictions and of the reference.
    days: HashMap<i64, (f64, f64)>,
    /// Number of predictions without a measurement.
    pub without_reading: u64,
    /// Number of measurements without a prediction.
    pub without_prediction: u64,
    /// Number of pairs without a prediction of the reference.
    pub without_reference: u64,
    /// Changes between the issues of a valid time.
    pub revisions: Revisions,
    /// Sums of the quantiles or members.
    pub spread: SpreadTally,
}

impl Tally {
    /// Counts a pair.
    pub fn add(&mut self, pair: &Pair, rules: &TallyRules) {
        let (prediction, time) = (pair.predicted.value, pair.predicted.valid_time);
        self.sums.add(prediction, pair.truth);
        self.late += u64::from(pair.is_late());
        self.span = Some(
            self.span
                .map_or((time, time), |(first, last)| (first.min(time), last.max(time))),
        );
        if self.events.len() < rules.thresholds.len() {
            let table = |threshold: &f64| Contingency::new(*threshold, rules.event);
            self.events = rules.thresholds.iter().map(table).collect();
        }
        for table in &mut self.events {
            table.add(prediction, pair.truth);
        }
        if let Some(classes) = &rules.classes {
            let table = self.classes.get_or_insert_with(|| ClassTable::new(classes));
            table.add(classes, prediction, pair.truth);
        }
        if let Some(reference) = pair.reference {
            self.reference.add(reference, pair.truth);
            let (own, other) = self.days.entry(rules.calendar.day(time)).or_default();
            *own += (prediction - pair.truth).abs();
            *other += (reference - pair.truth).abs();
        }
    }

    /// Returns the number of days on which the predictions were better than the reference, the number on which they were
    /// worse, and the number of all days with pairs. A day on which both were equally good counts as neither.
    pub fn days(&self) -> (u64, u64, u64) {
        let count = |is: fn(&(f64, f64)) -> bool| self.days.values().filter(|day| is(day)).count() as u64;
        (
            count(|(own, other)| own < other),
            count(|(own, other)| own > other),
            self.days.len() as u64,
        )
    }
}
