//! Posted points by the run that they belong to, each run in the order of its valid times.

use std::{
    collections::{BTreeSet, HashMap},
    hash::Hash,
};

use uuid::Uuid;

use super::{
    Point,
    post::{DirectPoint, JobPost, MAX_POINTS, PostedSeries},
};
use crate::domain::{
    error::Result,
    text::{Name, Stage},
    time::Timestamp,
    violation::Violations,
};

/// The points of one run as they were posted, in the order of their valid times.
#[derive(Debug, Clone)]
pub struct PostedRun<K> {
    /// What the run is of.
    pub key: K,
    /// Its points.
    pub points: Vec<Point>,
    /// Where each was in the request.
    places: Vec<Place>,
}

/// Which run of a job points are of.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct JobKey {
    /// The output role.
    pub role: Option<Name>,
    /// The output role's metric.
    pub metric: Option<Name>,
    /// The role's unit, if it is to be held against.
    pub unit: Option<Name>,
    /// The location; the job's if absent.
    pub location_id: Option<Uuid>,
    /// When it was made; its arrival if absent.
    pub issue_time: Option<Timestamp>,
    /// The label.
    pub stage: Option<Stage>,
}

/// Which run points without a job are of.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct DirectKey {
    /// The model, by name or id.
    pub source: Name,
    /// The model's version, by label or id; the newest if absent.
    pub source_version: Option<Name>,
    /// What is predicted.
    pub metric: Name,
    /// What it is for.
    pub location_id: Uuid,
    /// When it was made; its arrival if absent.
    pub issue_time: Option<Timestamp>,
    /// The label.
    pub stage: Option<Stage>,
}

/// Where a point was in the request: by itself, or in a series.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Place {
    list: List,
    index: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum List {
    Predictions,
    Series(usize),
    Direct,
}

impl Place {
    /// The pointer of a member of the point; what a series has once, it has once for all of its points.
    fn member(self, member: &str) -> String {
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
    /// The same run under another key.
    pub fn of<L>(self, key: L) -> PostedRun<L> {
        PostedRun {
            key,
            points: self.points,
            places: self.places,
        }
    }

    /// Notes for every point of the run that a member of it is wrong.
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

impl JobPost {
    /// The runs of the post.
    ///
    /// # Errors
    /// Invalid: no points or too many, a stage, series whose columns do not go together, values that are not finite.
    pub fn runs(mut self) -> Result<Vec<PostedRun<JobKey>>> {
        let mut violations = Violations::default();
        if let Some(stage) = &mut self.stage {
            stage.check(&mut violations, "/stage");
        }
        let in_series: usize = self.series.iter().map(|series| series.values.len()).sum();
        check_count(
            self.predictions.len() + in_series,
            "/predictions",
            &mut violations,
        )?;
        let mut runs = Runs::default();
        for (index, point) in self.predictions.into_iter().enumerate() {
            let list = List::Predictions;
            let is_same = |key: &JobKey| {
                key.role.as_ref() == Some(&point.role) && key.location_id == point.location_id
            };
            let role = point.role.clone();
            let key = || JobKey {
                role: Some(role),
                metric: None,
                unit: None,
                location_id: point.location_id,
                issue_time: self.issue_time,
                stage: self.stage.clone(),
            };
            let (valid_time, value) = (point.valid_time, point.value);
            runs.add(
                is_same,
                key,
                Point { valid_time, value },
                Place { list, index },
            );
        }
        for (index, mut series) in self.series.into_iter().enumerate() {
            let mut within = Violations::within(format!("/series/{index}"));
            let times = series.check(&mut within);
            violations.append(within);
            let Some(times) = times else { continue };
            let list = List::Series(index);
            let stage = series.stage.or_else(|| self.stage.clone());
            for (index, (valid_time, value)) in times.into_iter().zip(series.values).enumerate() {
                let own = series
                    .issue_times
                    .as_ref()
                    .and_then(|times| times.get(index));
                let issue_time = own.copied().or(series.issue_time).or(self.issue_time);
                let key = || JobKey {
                    role: series.role.clone(),
                    metric: series.metric.clone(),
                    unit: series.unit.clone(),
                    location_id: series.location_id,
                    issue_time,
                    stage: stage.clone(),
                };
                let is_same = |key: &JobKey| {
                    key.issue_time == issue_time
                        && key.role == series.role
                        && key.metric == series.metric
                        && key.unit == series.unit
                        && key.location_id == series.location_id
                        && key.stage == stage
                };
                runs.add(
                    is_same,
                    key,
                    Point { valid_time, value },
                    Place { list, index },
                );
            }
        }
        runs.finish(violations)
    }
}

/// The runs of points without a job; `first` is the number of the first in the request.
///
/// # Errors
/// Invalid: no points or too many, a stage, values that are not finite.
pub fn direct_runs(points: Vec<DirectPoint>, first: usize) -> Result<Vec<PostedRun<DirectKey>>> {
    let mut violations = Violations::default();
    check_count(points.len(), "", &mut violations)?;
    let mut runs = Runs::default();
    for (index, mut point) in (first..).zip(points) {
        let place = Place {
            list: List::Direct,
            index,
        };
        if let Some(stage) = &mut point.stage {
            stage.check(&mut violations, &place.member("stage"));
        }
        let (valid_time, value) = (point.valid_time, point.value);
        let is_same = |key: &DirectKey| {
            key.location_id == point.location_id
                && key.issue_time == point.issue_time
                && key.metric == point.metric
                && key.source == point.source
                && key.source_version == point.source_version
                && key.stage == point.stage
        };
        let key = || DirectKey {
            source: point.source.clone(),
            source_version: point.source_version.clone(),
            metric: point.metric.clone(),
            location_id: point.location_id,
            issue_time: point.issue_time,
            stage: point.stage.clone(),
        };
        runs.add(is_same, key, Point { valid_time, value }, place);
    }
    runs.finish(violations)
}

fn check_count(count: usize, pointer: &str, violations: &mut Violations) -> Result<()> {
    if count == 0 {
        violations.add(pointer, "has no points");
    }
    if count > MAX_POINTS {
        let detail = format!("has more than {MAX_POINTS} points: post them in parts");
        violations.add(pointer, detail);
    }
    std::mem::take(violations).into_result()
}

impl PostedSeries {
    /// The valid times, if the columns go together; notes what is wrong.
    fn check(&mut self, violations: &mut Violations) -> Option<Vec<Timestamp>> {
        if let Some(stage) = &mut self.stage {
            stage.check(violations, "/stage");
        }
        if self.role.is_none() && self.metric.is_none() {
            violations.add("/role", "is missing: give it or metric");
        }
        let count = self.values.len();
        if count == 0 {
            violations.add("/values", "has no values");
        }
        let as_many = |column: &str, length: usize, violations: &mut Violations| {
            if length != count {
                let detail = format!("has {length} entries, and values has {count}");
                violations.add(column, detail);
            }
        };
        if let Some(issues) = &self.issue_times {
            as_many("/issue_times", issues.len(), violations);
            if self.issue_time.is_some() {
                violations.add(
                    "/issue_time",
                    "stands beside issue_times: give one of the two",
                );
            }
        }
        if let Some(times) = &self.valid_times {
            as_many("/valid_times", times.len(), violations);
            if self.start.is_some() || self.step.is_some() {
                let detail = "stands beside start and step: give one of the two";
                violations.add("/valid_times", detail);
            }
            return Some(times.clone());
        }
        let Some(start) = self.start else {
            let detail = "is missing: give it and step, or valid_times";
            violations.add("/start", detail);
            return None;
        };
        let step = match self.step {
            Some(step) if step.micros() > 0 => step.micros(),
            None if count <= 1 => 1,
            None => {
                violations.add("/step", "is missing: give it, or valid_times");
                return None;
            }
            Some(_) => {
                violations.add("/step", "must be longer than nothing");
                return None;
            }
        };
        let last = i64::try_from(count)
            .ok()?
            .saturating_sub(1)
            .saturating_mul(step);
        let end = start.micros().saturating_add(last);
        if Timestamp::from_micros(end).micros() != end {
            violations.add("/values", "reach beyond the year 9999");
            return None;
        }
        let at = |n: i64| Timestamp::from_micros(start.micros() + n * step);
        Some((0..).take(count).map(at).collect())
    }
}

/// Runs as they grow.
struct Runs<K> {
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
    /// Adds a point to its run. Mostly that is the run of the point before, and no key is made.
    fn add(
        &mut self,
        is_same: impl Fn(&K) -> bool,
        key: impl FnOnce() -> K,
        point: Point,
        place: Place,
    ) {
        if !self
            .runs
            .get(self.last)
            .is_some_and(|run| is_same(&run.key))
        {
            let key = key();
            self.last = *self.known.entry(key.clone()).or_insert_with(|| {
                self.runs.push(PostedRun {
                    key,
                    points: Vec::new(),
                    places: Vec::new(),
                });
                self.runs.len() - 1
            });
        }
        let run = &mut self.runs[self.last];
        run.points.push(point);
        run.places.push(place);
    }

    /// The runs, each in the order of its valid times.
    fn finish(mut self, mut violations: Violations) -> Result<Vec<PostedRun<K>>> {
        for run in &mut self.runs {
            sort(run);
            for (place, point) in run.places.iter().zip(&run.points) {
                if !point.value.is_finite() {
                    violations.add(place.member("value"), "must be a finite number");
                }
            }
        }
        violations.into_result()?;
        Ok(self.runs)
    }
}

/// Joins the runs that turned out to be of the same key, and notes valid times that are there twice.
pub fn join<K: Eq + Hash + Clone>(
    runs: Vec<PostedRun<K>>,
    violations: &mut Violations,
) -> Vec<PostedRun<K>> {
    let mut known: HashMap<K, usize> = HashMap::new();
    let mut joined: Vec<PostedRun<K>> = Vec::with_capacity(runs.len());
    for run in runs {
        match known.get(&run.key) {
            Some(&index) => {
                let other = &mut joined[index];
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
                let detail = format!("is there twice: see {first}");
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
    let mut both: Vec<_> = run
        .points
        .iter()
        .copied()
        .zip(run.places.iter().copied())
        .collect();
    both.sort_by_key(|(point, _)| point.valid_time);
    (run.points, run.places) = both.into_iter().unzip();
}
