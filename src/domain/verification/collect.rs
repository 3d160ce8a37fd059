//! Collects the predictions of a series that are verified: of each valid time and bucket the newest, or all issues.

use std::collections::{HashMap, HashSet};

use super::{bucket::LeadEdges, revision::Revised};
use crate::domain::{
    prediction::{Issue, Issues},
    time::Timestamp,
};

/// A prediction that is verified. Times are in microseconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Predicted {
    /// Time that the value is predicted for.
    pub valid_time: i64,
    /// Bucket of the lead time.
    pub bucket: usize,
    /// Time at which the model made the prediction.
    pub issue_time: i64,
    /// Time at which the server received the prediction.
    pub available_at: i64,
    /// Predicted value.
    pub value: f64,
}

/// A bucket and a valid time, in microseconds since 1970.
pub type Place = (usize, i64);

/// Predictions of one series. The caller passes its runs newest first, by issue and revision.
pub struct Collected<'a> {
    edges: &'a LeadEdges,
    issues: Issues,
    /// Whether predictions that arrived after their valid time are left out.
    without_late: bool,
    run: Issue,
    /// Valid times that newer revisions of the issue have. Only issues with several revisions need them.
    seen: HashSet<i64>,
    is_revised: bool,
    /// Index of each valid time, in the order in which they were first seen.
    places: HashMap<i64, usize>,
    times: Vec<i64>,
    /// Index of the valid time before. The next one usually has the next index, since models predict at regular times.
    before: usize,
    /// The newest prediction of each valid time and bucket: issue time, arrival and value.
    newest: Vec<Option<(i64, i64, f64)>>,
    /// All predictions, newest issue first, each with the index of its valid time.
    all: Vec<(usize, Predicted)>,
    revised: Option<Vec<Revised>>,
}

impl<'a> Collected<'a> {
    /// Creates an empty collection. `with_revisions` also compares the issues of each valid time with each other.
    pub fn new(edges: &'a LeadEdges, issues: Issues, without_late: bool, with_revisions: bool) -> Self {
        let none = Timestamp::from_micros(i64::MIN);
        Self {
            edges,
            issues,
            without_late,
            run: Issue {
                issue_time: none,
                available_at: none,
            },
            seen: HashSet::new(),
            is_revised: false,
            places: HashMap::new(),
            times: Vec::new(),
            before: 0,
            newest: Vec::new(),
            all: Vec::new(),
            revised: with_revisions.then(Vec::new),
        }
    }

    /// Begins with the points of a run.
    pub fn begin(&mut self, issue: Issue, revision: i64) {
        if self.run.issue_time != issue.issue_time || self.times.is_empty() {
            self.seen.clear();
            self.is_revised = revision > 1;
        }
        self.run = issue;
    }

    /// Adds a point of the run. A value that is `None` withdraws the values of the issue's earlier revisions.
    pub fn add(&mut self, valid_time: Timestamp, value: Option<f64>) {
        let Issue {
            issue_time,
            available_at,
        } = self.run;
        if self.without_late && available_at > valid_time {
            return;
        }
        let time = valid_time.micros();
        let Some(bucket) = self.edges.bucket(time - issue_time.micros()) else {
            return;
        };
        if self.is_revised && !self.seen.insert(time) {
            return;
        }
        let Some(value) = value else { return };
        let place = self.place(time);
        let cell = place * self.edges.count() + bucket;
        if let Some(revised) = self.revised.as_mut().and_then(|revised| revised.get_mut(cell)) {
            revised.add(value);
        }
        match self.issues {
            Issues::Latest => {
                if let Some(newest @ None) = self.newest.get_mut(cell) {
                    *newest = Some((issue_time.micros(), available_at.micros(), value));
                }
            }
            Issues::All => {
                let found = Predicted {
                    valid_time: time,
                    bucket,
                    issue_time: issue_time.micros(),
                    available_at: available_at.micros(),
                    value,
                };
                self.all.push((place, found));
            }
        }
    }

    /// Returns the index of a valid time, and adds it if it is new.
    fn place(&mut self, time: i64) -> usize {
        let next = self.before + 1;
        let place = if self.times.get(next) == Some(&time) {
            next
        } else {
            *self.places.entry(time).or_insert_with(|| {
                self.times.push(time);
                self.times.len() - 1
            })
        };
        self.before = place;
        let cells = self.times.len() * self.edges.count();
        if self.issues == Issues::Latest && self.newest.len() < cells {
            self.newest.resize(cells, None);
        }
        if let Some(revised) = self.revised.as_mut().filter(|revised| revised.len() < cells) {
            revised.resize(cells, Revised::default());
        }
        place
    }

    /// Returns the predictions ordered by valid time, and by issue time within it; and the issues of each bucket and valid
    /// time, if they are compared with each other.
    pub fn finish(self) -> (Vec<Predicted>, Vec<(Place, Revised)>) {
        let buckets = self.edges.count();
        let place = |cell: usize| (cell % buckets, self.times[cell / buckets]);
        let revised = self.revised.iter().flatten().enumerate();
        let revised: Vec<_> = revised.map(|(cell, revised)| (place(cell), *revised)).collect();
        let mut order: Vec<_> = (0..self.times.len()).collect();
        order.sort_unstable_by_key(|place| self.times[*place]);
        let found = match self.issues {
            Issues::Latest => self.newest_in(&order),
            Issues::All => self.all_in(&order),
        };
        (found, revised)
    }

    /// Returns the newest predictions, with the valid times in this order.
    fn newest_in(&self, order: &[usize]) -> Vec<Predicted> {
        let buckets = self.edges.count();
        let mut found = Vec::with_capacity(self.newest.iter().flatten().count());
        for place in order {
            // Of two predictions of a valid time, that with the longer lead time has the earlier issue time.
            for bucket in (0..buckets).rev() {
                let Some((issue_time, available_at, value)) = self.newest[place * buckets + bucket] else {
                    continue;
                };
                found.push(Predicted {
                    valid_time: self.times[*place],
                    bucket,
                    issue_time,
                    available_at,
                    value,
                });
            }
        }
        found
    }

    /// Returns all predictions, with the valid times in this order. Each is moved once: sorting the predictions of a
    /// season took as long as reading them.
    fn all_in(&self, order: &[usize]) -> Vec<Predicted> {
        let Some((_, first)) = self.all.first() else {
            return Vec::new();
        };
        let mut counts = vec![0; order.len()];
        self.all.iter().for_each(|(place, _)| counts[*place] += 1);
        // The next free index for each valid time.
        let mut next = vec![0; order.len()];
        let mut sum = 0;
        for place in order {
            next[*place] = sum;
            sum += counts[*place];
        }
        let mut found = vec![*first; self.all.len()];
        for (place, one) in self.all.iter().rev() {
            found[next[*place]] = *one;
            next[*place] += 1;
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::verification::Revisions;

    const HOUR: i64 = 3_600_000_000;

    fn time(hours: i64) -> Timestamp {
        Timestamp::from_micros(hours * HOUR)
    }

    fn issue(issue: i64, arrival: i64) -> Issue {
        Issue {
            issue_time: time(issue),
            available_at: time(arrival),
        }
    }

    /// Three issues, one hour apart, each with the hours 1 to 4 ahead. The second was corrected at its first hour, and
    /// withdrawn at its last.
    fn collected(issues: Issues, without_late: bool) -> Vec<(i64, usize, i64, f64)> {
        let edges = LeadEdges::parse("PT1H,PT3H,PT5H").unwrap();
        let mut collected = Collected::new(&edges, issues, without_late, false);
        collected.begin(issue(12, 12), 1);
        (13..17).for_each(|hour| collected.add(time(hour), Some(12.0)));
        collected.begin(issue(11, 14), 2);
        collected.add(time(12), Some(11.5));
        collected.add(time(15), None);
        collected.begin(issue(11, 11), 1);
        (12..16).for_each(|hour| collected.add(time(hour), Some(11.0)));
        collected.begin(issue(10, 10), 1);
        (11..15).for_each(|hour| collected.add(time(hour), Some(10.0)));
        let (found, _) = collected.finish();
        let shown = |found: &Predicted| {
            (
                found.valid_time / HOUR,
                found.bucket,
                found.issue_time / HOUR,
                found.value,
            )
        };
        found.iter().map(shown).collect()
    }

    #[test]
    fn the_newest_issue_of_each_bucket_is_chosen() {
        let found = collected(Issues::Latest, false);
        assert_eq!(
            found,
            [
                (11, 0, 10, 10.0),
                (12, 0, 11, 11.5),
                (13, 1, 10, 10.0),
                (13, 0, 12, 12.0),
                (14, 1, 11, 11.0),
                (14, 0, 12, 12.0),
                (15, 1, 12, 12.0),
                (16, 1, 12, 12.0),
            ]
        );
    }

    #[test]
    fn late_predictions_are_dropped_before_the_newest_is_chosen() {
        let found = collected(Issues::Latest, true);
        // The correction arrived after its valid time, so the value before it counts.
        assert_eq!(found[1], (12, 0, 11, 11.0));
        // The withdrawal of the hour 15 had arrived before.
        assert_eq!(found.len(), 8);
    }

    #[test]
    fn all_issues_have_each_time_once() {
        let found = collected(Issues::All, false);
        let of = |issue: i64| found.iter().filter(|found| found.2 == issue).count();
        assert_eq!([of(10), of(11), of(12)], [4, 3, 4]);
    }

    #[test]
    fn changes_between_issues_are_counted_by_bucket() {
        let edges = LeadEdges::parse("PT0H,PT100H").unwrap();
        let mut collected = Collected::new(&edges, Issues::Latest, false, true);
        for (hour, value) in [20., 10., 30., 60., 50., 20.].into_iter().enumerate() {
            collected.begin(issue(10 - hour as i64, 10), 1);
            collected.add(time(20), Some(value));
        }
        let (found, revised) = collected.finish();
        assert_eq!(found.len(), 1);
        let mut revisions = Revisions::default();
        revised.iter().for_each(|(_, revised)| revisions.add(revised));
        assert_eq!(revisions.flip_flop(), Some(12.5));
        assert_eq!(revisions.mean_change(), Some(20.0));
    }
}
