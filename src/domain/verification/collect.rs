//! Collects the predictions of a series that are verified: of each valid time and bucket the newest, or all issues.

use std::{
    collections::{HashMap, HashSet, hash_map::Entry},
    ops::Range,
};

use super::{bucket::LeadEdges, revision::Revised};
use crate::domain::{
    duration::Duration,
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
    run: RunTimes,
    /// The bucket of the last point of the run, and the valid times of the run that belong to it. Usually the next point is of
    /// the same bucket.
    bucket: usize,
    of_bucket: Range<i64>,
    /// Valid times that newer revisions of the issue have. Only issues with several revisions need them.
    seen: HashSet<i64>,
    is_revised: bool,
    /// Index of each valid time, in the order in which they were first seen.
    places: HashMap<i64, usize>,
    times: Vec<i64>,
    /// Index of the valid time that came after each valid time in the last run with both. In the next run usually the same
    /// one comes after it, since models predict at regular times, so that it is found without its hash.
    follows: Vec<usize>,
    /// Index of the valid time before.
    before: usize,
    /// The newest prediction of each cell, which is a valid time and bucket.
    newest: Vec<Option<(RunTimes, f64)>>,
    /// All predictions, newest issue first: the cell, the index of the run and the value.
    all: Vec<(usize, usize, f64)>,
    runs: Vec<RunTimes>,
    revised: Option<Vec<Revised>>,
}

/// Times of a run, in microseconds since 1970.
#[derive(Debug, Clone, Copy)]
struct RunTimes {
    issue_time: i64,
    available_at: i64,
}

impl<'a> Collected<'a> {
    /// Creates an empty collection. `with_revisions` also compares the issues of each valid time with each other.
    pub fn new(edges: &'a LeadEdges, issues: Issues, without_late: bool, with_revisions: bool) -> Self {
        Self {
            edges,
            issues,
            without_late,
            run: RunTimes {
                issue_time: i64::MIN,
                available_at: i64::MIN,
            },
            bucket: 0,
            of_bucket: 0..0,
            seen: HashSet::new(),
            is_revised: false,
            places: HashMap::new(),
            times: Vec::new(),
            follows: Vec::new(),
            before: 0,
            newest: Vec::new(),
            all: Vec::new(),
            runs: Vec::new(),
            revised: with_revisions.then(Vec::new),
        }
    }

    /// Begins with the points of a run.
    pub fn begin(&mut self, issue: Issue, revision: i64) {
        let run = RunTimes {
            issue_time: issue.issue_time.micros(),
            available_at: issue.available_at.micros(),
        };
        if self.run.issue_time != run.issue_time || self.times.is_empty() {
            self.seen.clear();
            self.is_revised = revision > 1;
        }
        self.run = run;
        self.of_bucket = 0..0;
        if self.issues == Issues::All {
            self.runs.push(run);
        }
    }

    /// Adds a point of the run. A value that is `None` withdraws the values of the issue's earlier revisions.
    #[inline]
    pub fn add(&mut self, valid_time: Timestamp, value: Option<f64>) {
        let time = valid_time.micros();
        if self.without_late && self.run.available_at > time {
            return;
        }
        if !self.of_bucket.contains(&time) && !self.enter_bucket(time) {
            return;
        }
        if self.is_revised && !self.seen.insert(time) {
            return;
        }
        let Some(value) = value else { return };
        let place = match self.follows.get(self.before) {
            Some(next) if self.times.get(*next) == Some(&time) => *next,
            _ => self.place(time),
        };
        self.before = place;
        let cell = place * self.edges.count() + self.bucket;
        if let Some(revised) = self.revised.as_mut().and_then(|revised| revised.get_mut(cell)) {
            revised.add(value);
        }
        match self.issues {
            Issues::Latest => {
                if let Some(newest @ None) = self.newest.get_mut(cell) {
                    *newest = Some((self.run, value));
                }
            }
            Issues::All => self.all.push((cell, self.runs.len() - 1, value)),
        }
    }

    /// Finds the bucket of a valid time of the run. Returns whether there is one.
    fn enter_bucket(&mut self, time: i64) -> bool {
        let issue_time = self.run.issue_time;
        let Some(bucket) = self.edges.bucket(time - issue_time) else {
            return false;
        };
        let (from, to) = self.edges.bounds(bucket);
        let at = |lead: Duration| issue_time.saturating_add(lead.micros());
        self.bucket = bucket;
        self.of_bucket = at(from)..at(to);
        true
    }

    /// Returns the index of a valid time by its hash, and adds it if it is new.
    #[inline(never)]
    fn place(&mut self, time: i64) -> usize {
        let place = match self.places.entry(time) {
            Entry::Occupied(found) => *found.get(),
            Entry::Vacant(free) => {
                let place = *free.insert(self.times.len());
                self.times.push(time);
                self.follows.push(place + 1);
                let cells = self.times.len() * self.edges.count();
                if self.issues == Issues::Latest {
                    self.newest.resize(cells, None);
                }
                if let Some(revised) = &mut self.revised {
                    revised.resize(cells, Revised::default());
                }
                place
            }
        };
        if let Some(next) = self.follows.get_mut(self.before) {
            *next = place;
        }
        place
    }

    /// Puts the predictions in order.
    pub fn finish(self) -> Ordered<'a> {
        let mut order: Vec<_> = (0..self.times.len()).collect();
        order.sort_unstable_by_key(|place| self.times[*place]);
        let mut found = Ordered {
            collected: self,
            order,
            sorted: Vec::new(),
            ends: Vec::new(),
        };
        if found.collected.issues == Issues::All {
            found.sort();
        }
        found
    }
}

/// The predictions of one series in order.
pub struct Ordered<'a> {
    collected: Collected<'a>,
    /// The indexes of the valid times in ascending order.
    order: Vec<usize>,
    /// All predictions in order, unless only the newest are wanted: the index of the run and the value.
    sorted: Vec<(usize, f64)>,
    /// The end of each cell's predictions in this list.
    ends: Vec<usize>,
}

impl Ordered<'_> {
    /// Returns the predictions ordered by valid time, and by issue time within it.
    pub fn iter(&self) -> impl Iterator<Item = Predicted> {
        let latest = (self.collected.issues == Issues::Latest).then(|| {
            self.cells().filter_map(|(place, bucket, cell)| {
                let (run, value) = self.collected.newest[cell]?;
                Some(self.predicted(place, bucket, run, value))
            })
        });
        let all = (self.collected.issues == Issues::All).then(|| {
            let mut begin = 0;
            self.cells().flat_map(move |(place, bucket, cell)| {
                let of_cell = &self.sorted[begin..self.ends[cell]];
                begin = self.ends[cell];
                of_cell
                    .iter()
                    .map(move |(run, value)| self.predicted(place, bucket, self.collected.runs[*run], *value))
            })
        });
        latest.into_iter().flatten().chain(all.into_iter().flatten())
    }

    /// Returns the issues of each bucket and valid time, if they are compared with each other.
    pub fn revised(&self) -> Vec<(Place, Revised)> {
        let (times, buckets) = (&self.collected.times, self.collected.edges.count());
        let place = |cell: usize| (cell % buckets, times[cell / buckets]);
        let revised = self.collected.revised.iter().flatten().enumerate();
        revised.map(|(cell, revised)| (place(cell), *revised)).collect()
    }

    /// Puts all predictions in order. Each is put at its index at once, because comparing the predictions of a season with
    /// each other took as long as reading them.
    fn sort(&mut self) {
        let all = &self.collected.all;
        let mut counts = vec![0; self.collected.times.len() * self.collected.edges.count()];
        all.iter().for_each(|(cell, ..)| counts[*cell] += 1);
        // The next free index of each cell.
        let mut next = vec![0; counts.len()];
        let mut sum = 0;
        for (_, _, cell) in self.cells() {
            next[cell] = sum;
            sum += counts[cell];
        }
        let mut sorted = vec![(0, 0.0); all.len()];
        for (cell, run, value) in all.iter().rev() {
            sorted[next[*cell]] = (*run, *value);
            next[*cell] += 1;
        }
        (self.sorted, self.ends) = (sorted, next);
        self.collected.all = Vec::new();
    }

    /// Returns the cells in order, each with its valid time's index and its bucket. Of two predictions of a valid time, that
    /// with the longer lead time has the earlier issue time.
    fn cells(&self) -> impl Iterator<Item = (usize, usize, usize)> {
        let buckets = self.collected.edges.count();
        let of = move |place: &usize| {
            let place = *place;
            (0..buckets)
                .rev()
                .map(move |bucket| (place, bucket, place * buckets + bucket))
        };
        self.order.iter().flat_map(of)
    }

    fn predicted(&self, place: usize, bucket: usize, run: RunTimes, value: f64) -> Predicted {
        Predicted {
            valid_time: self.collected.times[place],
            bucket,
            issue_time: run.issue_time,
            available_at: run.available_at,
            value,
        }
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
        let found: Vec<_> = collected.finish().iter().collect();
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
        let found = collected.finish();
        assert_eq!(found.iter().count(), 1);
        let mut revisions = Revisions::default();
        found.revised().iter().for_each(|(_, revised)| revisions.add(revised));
        assert_eq!(revisions.flip_flop(), Some(12.5));
        assert_eq!(revisions.mean_change(), Some(20.0));
    }
}
