//! Groups posted points into runs, each sorted by valid time.

use std::{
    collections::{BTreeSet, HashMap},
    hash::Hash,
};

use super::{
    Point,
    post::{MAX_POINTS, MAX_RUNS},
};
use crate::domain::{
    error::{Error, Result},
    spread::{PointNumbers, Posted, PostedSpread},
    violations::Violations,
};

/// Points of one run as posted, sorted by valid time.
#[derive(Debug, Clone)]
pub struct PostedRun<K> {
    /// Key of the run.
    pub key: K,
    /// Points of the run.
    pub points: Vec<Point>,
    /// Place of each of the `points` in the request, for the JSON pointers of violations.
    pub(super) places: Vec<Place>,
    /// Quantiles or members of the points. `None` if no point has any.
    pub spread: Option<PostedSpread>,
}

/// Place of a point in the request body: the list that contains the point, and the index in this list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    /// List that contains the point.
    pub list: List,
    /// Index in the list.
    pub index: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum List {
    /// Points of a job's post.
    Predictions,
    /// One series of a job's post, by its index.
    Series(u32),
    /// The body itself: points without a job, or rows of a table.
    Direct,
}

impl Place {
    /// Returns the place with an index in a list. No request has as many points as an index has values.
    pub fn new(list: List, index: usize) -> Self {
        let index = u32::try_from(index).unwrap_or(u32::MAX);
        Self { list, index }
    }

    /// Returns the JSON pointer of a member of the point, such as `value`. If a series contains the member only once
    /// for all its points, the pointer is that of the series' member.
    pub fn member(self, member: &str) -> String {
        match (self.list, member) {
            (List::Predictions, _) => format!("/predictions/{}/{member}", self.index),
            (List::Direct, _) => format!("/{}/{member}", self.index),
            (List::Series(series), "value") => format!("/series/{series}/values/{}", self.index),
            (List::Series(series), "valid_time") => {
                format!("/series/{series}/valid_times/{}", self.index)
            }
            (List::Series(series), _) => format!("/series/{series}/{member}"),
        }
    }
}

impl<K> PostedRun<K> {
    /// Returns the run with `key` instead of its key.
    pub fn of<L>(self, key: L) -> PostedRun<L> {
        PostedRun {
            key,
            points: self.points,
            places: self.places,
            spread: self.spread,
        }
    }

    /// Adds a violation about the value of each of some points. `points` contains indices of [`Self::points`].
    pub fn refuse_values(&self, points: &[usize], detail: &str, violations: &mut Violations) {
        for place in points.iter().filter_map(|index| self.places.get(*index)) {
            if violations.is_full() {
                break;
            }
            violations.add(place.member("value"), detail);
        }
    }

    /// Adds a violation about the JSON member `member` of every point of the run. Points that have the member in common
    /// get one violation.
    pub fn refuse(&self, member: &str, detail: &str, violations: &mut Violations) {
        let mut told = BTreeSet::new();
        for place in &self.places {
            let pointer = place.member(member);
            if violations.is_full() {
                break;
            }
            if told.insert(pointer.clone()) {
                violations.add(pointer, detail);
            }
        }
    }
}

/// Checks that a request has 1 to [`MAX_POINTS`] points. `counts` are the numbers of the points: values, quantiles and
/// members.
///
/// # Errors
/// `Error::Invalid`: the number is wrong, or there are violations already. All violations are returned.
pub(super) fn check_count(
    counts: impl IntoIterator<Item = usize>,
    has_spread: bool,
    pointer: &str,
    violations: &mut Violations,
) -> Result<()> {
    let count: usize = counts.into_iter().sum();
    if count == 0 {
        violations.add(pointer, "has no points");
    }
    if count > MAX_POINTS {
        let what = if has_spread {
            "numbers (values, quantiles and members)"
        } else {
            "points"
        };
        let detail = format!("has more than {MAX_POINTS} {what}: split the request");
        violations.add(pointer, detail);
    }
    std::mem::take(violations).into_result()
}

/// Checks that an array or a table has 1 to [`MAX_POINTS`] points with all their numbers.
///
/// # Errors
/// As [`check_count`].
pub(super) fn check_points<'a>(
    points: impl Iterator<Item = PointNumbers<'a>> + Clone,
    violations: &mut Violations,
) -> Result<()> {
    let has_spread = points.clone().any(|point| point.count() > 1);
    check_count(points.map(|point| point.count()), has_spread, "", violations)
}

/// Collector that groups posted points by the key of their run.
pub(super) struct Runs<K> {
    runs: Vec<PostedRun<K>>,
    known: HashMap<K, usize>,
    last: usize,
}

impl<K> Default for Runs<K> {
    fn default() -> Self {
        Self {
            runs: Vec::new(),
            known: HashMap::new(),
            last: 0,
        }
    }
}

impl<K: Clone + Eq + Hash> Runs<K> {
    /// Adds a point to its run; see [`Self::run`]. Adds a violation if the point has numbers of another kind than the points
    /// before it.
    pub fn add(
        &mut self,
        is_same: impl Fn(&K) -> bool,
        key: impl FnOnce() -> K,
        (point, spread): (Point, Option<Posted<'_>>),
        place: Place,
        violations: &mut Violations,
    ) {
        let run = self.run(is_same, key);
        if spread.is_some() || run.spread.is_some() {
            run.add_spread(spread, place, violations);
        }
        run.points.push(point);
        run.places.push(place);
    }

    /// Adds points of one run that have neither quantiles nor members, with the place of each; see [`Self::run`].
    pub fn add_values(
        &mut self,
        is_same: impl Fn(&K) -> bool,
        key: impl FnOnce() -> K,
        (points, places): (Vec<Point>, Vec<Place>),
        violations: &mut Violations,
    ) {
        if points.is_empty() {
            return;
        }
        let run = self.run(is_same, key);
        run.join_spread(None, &places, violations);
        if run.points.is_empty() {
            (run.points, run.places) = (points, places);
        } else {
            run.points.extend(points);
            run.places.extend(places);
        }
    }

    /// Returns the run with a key. `is_same` says whether a key is that of the run, and `key` creates this key. Usually it is
    /// the run that was returned last, so that no key need be created.
    fn run(&mut self, is_same: impl Fn(&K) -> bool, key: impl FnOnce() -> K) -> &mut PostedRun<K> {
        if !self.runs.get(self.last).is_some_and(|run| is_same(&run.key)) {
            let key = key();
            self.last = *self.known.entry(key.clone()).or_insert_with(|| {
                self.runs.push(PostedRun {
                    key,
                    points: Vec::new(),
                    places: Vec::new(),
                    spread: None,
                });
                self.runs.len() - 1
            });
        }
        &mut self.runs[self.last]
    }

    /// Returns the runs, each sorted by valid time.
    ///
    /// # Errors
    /// `Error::TooLarge`: there are more than [`MAX_RUNS`] runs. `Error::Invalid`: a value is not finite, or
    /// `violations` is not empty.
    pub fn finish(mut self, mut violations: Violations) -> Result<Vec<PostedRun<K>>> {
        if self.runs.len() > MAX_RUNS {
            return Err(Error::TooLarge(format!(
                "the request has {} runs (points that share issue_time, metric, location and stage), and the limit is \
                 {MAX_RUNS}: split it, or post newline-delimited JSON, which is stored part by part",
                self.runs.len()
            )));
        }
        for run in &mut self.runs {
            sort(run);
            for (place, point) in run.places.iter().zip(&run.points) {
                if point.value.is_some_and(|value| !value.is_finite()) {
                    violations.add(place.member("value"), "must be a finite number");
                }
            }
        }
        violations.into_result()?;
        Ok(self.runs)
    }
}

/// Merges runs that have equal keys after the names in the keys were resolved. Adds a violation for each valid_time
/// that occurs again in the same run.
pub fn join<K: Eq + Hash + Clone>(runs: Vec<PostedRun<K>>, violations: &mut Violations) -> Vec<PostedRun<K>> {
    let mut known: HashMap<K, usize> = HashMap::new();
    let mut joined: Vec<PostedRun<K>> = Vec::with_capacity(runs.len());
    for run in runs {
        match known.get(&run.key) {
            Some(&index) => {
                let other = &mut joined[index];
                other.join_spread(run.spread, &run.places, violations);
                other.points.extend(run.points);
                other.places.extend(run.places);
            }
            None => {
                known.insert(run.key.clone(), joined.len());
                joined.push(run);
            }
        }
    }
    for run in &mut joined {
        sort(run);
        for (points, places) in run.points.windows(2).zip(run.places.windows(2)) {
            if points[0].valid_time == points[1].valid_time {
                let first = places[0].member("valid_time");
                let detail = format!("is repeated: {first} is the same time of the same series");
                violations.add(places[1].member("valid_time"), detail);
            }
        }
    }
    joined
}

fn sort<K>(run: &mut PostedRun<K>) {
    if run.points.is_sorted_by_key(|point| point.valid_time) {
        return;
    }
    let mut order: Vec<usize> = (0..run.points.len()).collect();
    order.sort_by_key(|index| run.points[*index].valid_time);
    run.points = order.iter().map(|index| run.points[*index]).collect();
    run.places = order.iter().map(|index| run.places[*index]).collect();
    if let Some(spread) = &mut run.spread {
        spread.numbers = spread.numbers.reordered(order.into_iter());
    }
}
