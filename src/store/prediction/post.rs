//! Stores posted prediction runs.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::{
    issue::{Held, held},
    known::{self, Known},
    posts::{self, NewPost},
    remaining,
    revision::{self, Revision},
    series::SeriesId,
    summaries::{self, Summaries},
};
use crate::{
    domain::{
        Counts, Error, Gaps, Result, Timestamp,
        prediction::{Difference, Issue, Point, Series, difference},
        spread::SpreadNumbers,
    },
    store::engine::Transaction,
};

/// A posted run. Its points are ordered by valid time, and no valid time occurs twice.
pub struct NewRun<'a> {
    /// Series of the run.
    pub series: Series,
    /// Issue time and arrival of the run.
    pub issue: Issue,
    /// Points of the run.
    pub points: &'a [Point],
    /// Quantiles or members of the points.
    pub spread: Option<&'a SpreadNumbers>,
}

/// Stores the new and changed points of the runs, and returns the difference of each run. Points that have expired at
/// `now` are ignored. The `available_at` of an issue can be later than `now` if the clock was set back. If the result
/// contains refused points, the caller must roll back. An issue is fresh if it stores values, had none before, and
/// counts as later than the last fresh issue. `about` is what the worker posted about its run, which is stored if any
/// run is.
///
/// `summaries` are those that were cached since the catalogue, or a series, was last changed otherwise.
///
/// All series are looked up together, and all runs are stored together, so that a post of many runs takes few
/// statements.
pub fn post(
    tx: &Transaction<'_>,
    runs: &[NewRun<'_>],
    about: Option<&NewPost>,
    gaps: Gaps,
    now: Timestamp,
    summaries: Option<&Summaries>,
) -> Result<Vec<Difference>> {
    let mut post = Post {
        tx,
        about,
        post_id: None,
        gaps,
        now,
        series: Vec::new(),
        begun: Vec::new(),
        waiting: Vec::new(),
        waiting_issues: HashSet::new(),
    };
    let mut places = HashMap::new();
    let mut keys = Vec::new();
    let mut places_of_runs = Vec::with_capacity(runs.len());
    for run in runs {
        let place = *places.entry(known::key(&run.series)).or_insert_with_key(|key| {
            keys.push(*key);
            post.series.push(State::new(&run.series));
            post.series.len() - 1
        });
        places_of_runs.push(place);
    }
    // With SQLite, finding the series is as fast as the cache.
    let summaries = summaries.filter(|_| tx.collector().is_some() && keys.len() <= summaries::MOST);
    if let Some(summaries) = summaries {
        for state in &mut post.series {
            (state.id, state.known) = summaries.get(state.series).unzip();
        }
        keys.retain(|key| places.get(key).is_some_and(|place| post.series[*place].id.is_none()));
    }
    if !keys.is_empty() {
        known::find(tx, &keys, |key, id, known| {
            if let Some(state) = places.get(key).and_then(|place| post.series.get_mut(*place)) {
                (state.id, state.known) = (Some(id), Some(known));
            }
        })?;
    }
    let mut found = Vec::with_capacity(runs.len());
    for (run, place) in runs.iter().zip(places_of_runs) {
        found.push(post.add(place, run)?);
    }
    post.flush()?;
    if let Some(summaries) = summaries {
        summaries.store(
            post.series
                .iter()
                .map(|state| (state.series, state.id.zip(state.known))),
        );
    }
    Ok(found)
}

/// The state of a post while its runs are being stored.
struct Post<'a> {
    tx: &'a Transaction<'a>,
    /// What the worker posted about its run.
    about: Option<&'a NewPost>,
    /// Number of the row that has `about`. `None` until a run is stored.
    post_id: Option<i64>,
    gaps: Gaps,
    now: Timestamp,
    series: Vec<State<'a>>,
    /// Indexes of the series that are not stored yet, in the order of their first runs.
    begun: Vec<usize>,
    /// Runs that are not stored yet, each with the index of its series.
    waiting: Vec<(usize, Revision)>,
    /// Issues of the waiting runs: index of the series, and issue time.
    waiting_issues: HashSet<(usize, Timestamp)>,
}

/// A series of the post, and what is known of it in the database.
struct State<'a> {
    series: &'a Series,
    /// Number of the series. `None` until it is stored.
    id: Option<i64>,
    /// The summary of the stored runs of the series. `None` if there are none.
    known: Option<Known>,
    is_changed: bool,
}

impl<'a> State<'a> {
    fn new(series: &'a Series) -> Self {
        Self {
            series,
            id: None,
            known: None,
            is_changed: false,
        }
    }

    fn named(&self) -> Option<SeriesId> {
        Some(SeriesId {
            id: self.id?,
            organisation_id: self.series.organisation_id,
        })
    }
}

impl Post<'_> {
    /// Compares a run with the stored values of its issue, and queues the points that are new or changed.
    fn add(&mut self, place: usize, run: &NewRun<'_>) -> Result<Difference> {
        let (issue, now) = (run.issue, self.now);
        if self.waiting_issues.contains(&(place, issue.issue_time)) {
            self.flush()?;
        }
        let state = &self.series[place];
        let (known, named) = (state.known, state.named());
        // Usually the issue is newer than all stored issues, and nothing has to be read.
        let held = match (known, named) {
            (Some(known), Some(named)) if issue.issue_time <= known.last_issue => {
                held(self.tx, named, issue.issue_time, run.series.cutoff(now))?
            }
            _ => None,
        };
        let mut found = self.compare(run, held.as_ref());
        found.fresh = found.counts.stored + found.counts.revised > 0
            && held.as_ref().is_none_or(Held::is_withdrawn)
            && known.is_none_or(|known| known.last_fresh.is_before(issue.issue_time, now));
        let is_whole = found.counts.stored == run.points.len() as u64;
        let (stored, spread) = match is_whole {
            true => (run.points, run.spread),
            false => (found.stored.as_slice(), found.stored_spread.as_ref()),
        };
        let Some(new) = Revision::next(held.as_ref(), issue, stored, spread) else {
            return Ok(found);
        };
        let state = &mut self.series[place];
        let known = state.known.get_or_insert_with(|| {
            self.begun.push(place);
            Known::new(issue, &new)
        });
        known.add(&new, found.fresh.then_some(now));
        state.is_changed = true;
        self.waiting.push((place, new));
        self.waiting_issues.insert((place, issue.issue_time));
        if found.counts.withdrawn > 0 {
            self.look_again(place)?;
        }
        Ok(found)
    }

    fn compare(&self, run: &NewRun<'_>, held: Option<&Held>) -> Difference {
        let (points, spread) = (run.points, run.spread);
        match held {
            // Usually the issue is new, and all its points are stored.
            None if points.iter().all(|point| point.value.is_some()) => Difference {
                counts: Counts {
                    stored: points.len() as u64,
                    ..Counts::default()
                },
                ..Difference::default()
            },
            None => difference(points, spread, &BTreeMap::new(), self.gaps),
            Some(held) => difference(points, spread, &held.values, self.gaps),
        }
    }

    /// Computes the summary of a series anew after points of the series were withdrawn.
    fn look_again(&mut self, place: usize) -> Result<()> {
        self.flush()?;
        if let Some(named) = self.series[place].named() {
            remaining::update(self.tx, named)?;
            let key = known::key(self.series[place].series);
            let mut found = None;
            known::find(self.tx, &[key], |_, _, known| found = Some(known))?;
            self.series[place].known = found;
        }
        Ok(())
    }

    /// Stores the queued runs and the summaries of their series.
    fn flush(&mut self) -> Result<()> {
        let begun = std::mem::take(&mut self.begun);
        let new: Vec<_> = begun
            .iter()
            .filter_map(|place| Some((self.series[*place].series, self.series[*place].known?)))
            .collect();
        for (place, id) in begun.into_iter().zip(known::insert(self.tx, &new)?) {
            let state = &mut self.series[place];
            (state.id, state.is_changed) = (Some(id), false);
        }
        let gone = || Error::Internal("a series that was stored has no number".to_owned());
        let named = |(place, run): (usize, Revision)| Ok((self.series[place].named().ok_or_else(gone)?, run));
        let runs: Vec<_> = self.waiting.drain(..).map(named).collect::<Result<_>>()?;
        if let (Some(about), None, false) = (self.about, self.post_id, runs.is_empty()) {
            self.post_id = Some(posts::insert(self.tx, about)?);
        }
        revision::insert(self.tx, &runs, self.post_id)?;
        self.waiting_issues.clear();
        let mut changed = Vec::new();
        for state in self.series.iter_mut().filter(|state| state.is_changed) {
            changed.extend(state.named().zip(state.known));
            state.is_changed = false;
        }
        known::update(self.tx, &changed)
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::{
        domain::{text::Name, track::Track},
        store::sqlite::traced,
    };

    /// Returns one issue for each of `series` series of one job, each for another location.
    fn runs(series: u128, issue_time: i64, points: &[Point]) -> Vec<NewRun<'_>> {
        let run = |location: u128| NewRun {
            series: Series {
                organisation_id: Uuid::from_u128(1),
                source_id: Uuid::from_u128(2),
                source_version_id: Uuid::from_u128(3),
                job_id: Some(Uuid::from_u128(4)),
                location_id: (location > 0).then(|| Uuid::from_u128(location)),
                metric: Name::new("risk".to_owned()),
                stage: None,
                track: Track::Main,
                unit: None,
                source_name: Name::new("source".to_owned()),
                version_label: Name::new("1".to_owned()),
                retention_hours: None,
                spread: None,
            },
            issue: Issue {
                issue_time: Timestamp::from_micros(issue_time),
                available_at: Timestamp::from_micros(issue_time),
            },
            points,
            spread: None,
        };
        (0..series).map(run).collect()
    }

    #[test]
    fn a_post_takes_few_statements_however_many_runs_it_has() {
        let folder = tempfile::tempdir().unwrap();
        let connection = traced::database(folder.path());
        let tx = traced::begin(&connection);
        let now = Timestamp::from_micros(0);
        let store = |count, issue_time| {
            let point = Point {
                valid_time: now,
                value: Some(1.0),
            };
            let points = [point];
            let runs = runs(count, issue_time, &points);
            let (statements, posted) = traced::statements(&tx, || post(&tx, &runs, None, Gaps::default(), now, None));
            let stored: u64 = posted.unwrap().iter().map(|found| found.counts.stored).sum();
            assert_eq!(u128::from(stored), count);
            statements
        };
        // Three statements: one finds the series, one stores or changes them, and one stores the runs.
        assert_eq!(store(1, 1), 3);
        assert_eq!(store(1, 2), 3);
        // New rows are stored in parts of 64, 16, 4 and 1.
        assert_eq!(store(65, 3), 2 + 1 + 2 + 1);
        assert_eq!(store(65, 4), 2 + 2 + 2);
        // One of the series has no location, and is found by a statement of its own.
        assert_eq!(store(640, 5), (10 + 1) + 17 + 10 + 2);
    }

    #[test]
    fn what_a_worker_says_of_its_run_takes_one_statement_if_anything_is_stored() {
        let folder = tempfile::tempdir().unwrap();
        let connection = traced::database(folder.path());
        let tx = traced::begin(&connection);
        let now = Timestamp::from_micros(0);
        let about = NewPost {
            organisation_id: Uuid::from_u128(1),
            run: serde_json::from_str("{}").unwrap(),
            token_name: Name::new("worker"),
        };
        let points = [Point {
            valid_time: now,
            value: Some(1.0),
        }];
        let store = |about: Option<&NewPost>| {
            let runs = runs(65, 1, &points);
            traced::statements(&tx, || post(&tx, &runs, about, Gaps::default(), now, None).unwrap()).0
        };
        let count = || tx.query_row("SELECT count(*) FROM posts", [], |row| row.get::<_, i64>(0));
        assert_eq!(store(Some(&about)), 2 + 1 + 2 + 1 + 1);
        assert_eq!(count().unwrap(), 1);
        // A repetition finds the series and reads their issues.
        let repeated = store(None);
        assert_eq!(store(Some(&about)), repeated);
        assert_eq!(count().unwrap(), 1);
    }

    #[test]
    fn series_are_found_by_their_whole_keys() {
        let folder = tempfile::tempdir().unwrap();
        let connection = traced::database(folder.path());
        // Each form of a key uses the index with all columns that it has a value for, or the absence of one.
        for found in known::plans(&connection, 16) {
            assert_eq!(found.matches("INDEX series_key").count(), 16, "{found}");
            assert_eq!(
                found
                    .matches("metric=? AND stage=? AND track=? AND organisation_id=?)")
                    .count(),
                16,
                "{found}"
            );
            assert!(!found.contains("SCAN"), "{found}");
        }
    }
}
