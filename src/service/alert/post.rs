//! Judges alerts around a post of predictions: before the post for the time that has passed, and after it for the effect
//! of the post.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use uuid::Uuid;

use super::judge::{judge_series, look, settle};
use crate::{
    domain::{
        Result, Timestamp,
        alert::{AlertIssue, AlertKey, AlertStanding, Cause, Rule},
        prediction::{Difference, Point, Series},
        spread::SpreadNumbers,
    },
    store::{
        Cache,
        alert::{self, WatchedAlert},
        engine::Transaction,
        prediction,
    },
};

/// Cache of the active alerts that watch the predictions of a source in an organisation, by both.
pub type OfSources = Cache<(Uuid, Uuid), Arc<[WatchedAlert]>>;

/// The number of states at which the cache is emptied before more are stored.
const MOST: usize = 64;

/// Cache of the states of the alerts that watch a job, so that most posts read nothing for them.
#[derive(Default)]
pub struct AlertCache(Mutex<HashMap<(Uuid, AlertKey), Cached>>);

/// A state as it is stored, with the newest issue that it was judged by; with none if the rule cannot judge the newest.
#[derive(Debug, Clone, Copy)]
struct Cached {
    standing: AlertStanding,
    newest_issue: Option<Timestamp>,
}

impl AlertCache {
    /// Clears the cache. Must be called after each change of a state that is not made through [`Post`].
    pub fn invalidate(&self) {
        self.lock().clear();
    }

    fn get(&self, alert_id: Uuid, key: &AlertKey) -> Option<Cached> {
        self.lock().get(&(alert_id, key.clone())).copied()
    }

    fn store(&self, alert_id: Uuid, key: AlertKey, cached: Cached) {
        let mut states = self.lock();
        if states.len() >= MOST {
            states.clear();
        }
        states.insert((alert_id, key), cached);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<(Uuid, AlertKey), Cached>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A posted run, as an alert sees it.
#[derive(Clone, Copy)]
pub struct PostedRun<'a> {
    /// Series of the run.
    pub series: &'a Series,
    /// Issue time of the run.
    pub issue_time: Timestamp,
    /// Points of the run.
    pub points: &'a [Point],
    /// Quantiles or members of the points.
    pub spread: Option<&'a SpreadNumbers>,
}

/// A post that alerts may be changed by.
pub struct Post<'a> {
    cache: Option<&'a AlertCache>,
    /// Alerts with the predictions of the post that they watch.
    affected: Vec<(&'a WatchedAlert, AlertKey)>,
    runs: Vec<PostedRun<'a>>,
    now: Timestamp,
}

impl<'a> Post<'a> {
    /// Finds the alerts that watch the runs of a post, and stores the changes that passed times have caused. Must be
    /// called before the post is stored. Without a `cache`, the states are read.
    pub fn begin(
        tx: &Transaction<'_>,
        alerts: &'a [WatchedAlert],
        cache: Option<&'a AlertCache>,
        runs: Vec<PostedRun<'a>>,
        now: Timestamp,
    ) -> Result<Self> {
        let mut affected: Vec<(&WatchedAlert, AlertKey)> = Vec::new();
        for watched in alerts {
            for run in runs.iter().filter(|run| watches(watched, run.series)) {
                let key = key(run.series);
                if affected
                    .iter()
                    .any(|(other, known)| other.alert.id == watched.alert.id && *known == key)
                {
                    continue;
                }
                let standing = match cache.and_then(|cache| cache.get(watched.alert.id, &key)) {
                    Some(cached) => Some(cached.standing),
                    None => alert::standing(tx, watched.alert.id, &key)?,
                };
                if standing.is_some_and(|standing| standing.look_at.is_some_and(|at| at <= now)) {
                    look(tx, watched.alert.id, &key, now)?;
                    if let Some(cache) = cache {
                        cache.invalidate();
                    }
                }
                affected.push((watched, key));
            }
        }
        Ok(Self {
            cache,
            affected,
            runs,
            now,
        })
    }

    /// Judges the alerts again. `posted` are the results of the runs. Must be called after the post is stored.
    pub fn end(self, tx: &Transaction<'_>, posted: &[Difference]) -> Result<()> {
        for (watched, key) in &self.affected {
            let cached = self.cache.and_then(|cache| cache.get(watched.alert.id, key));
            let (standing, newest_issue) = match self.effect(watched, key, cached, posted) {
                Effect::None => continue,
                Effect::Newest(issue, series) => {
                    let stored = cached.map(|cached| cached.standing);
                    let of = (key, series.unit.as_ref());
                    let newest = Some(issue.issue_time);
                    let standing = settle(tx, watched, of, stored, &[issue], Cause::Issue, self.now)?;
                    (standing, newest)
                }
                Effect::Unknown(posted) => {
                    let found = prediction::watched_by(tx, &watched.alert, Some(key), None)?.pop();
                    let series = found.map(|(_, series)| series).unwrap_or_default();
                    judge_series(tx, watched, key, &series, Cause::IssueOf(posted), self.now)?
                }
            };
            if let Some(cache) = self.cache {
                let cached = Cached { standing, newest_issue };
                cache.store(watched.alert.id, key.clone(), cached);
            }
        }
        Ok(())
    }

    /// Returns the effect of the post on an alert, as far as it follows from the post and the cached state.
    fn effect(
        &self,
        watched: &WatchedAlert,
        key: &AlertKey,
        cached: Option<Cached>,
        posted: &[Difference],
    ) -> Effect<'a> {
        let is_own = |(run, _): &(&PostedRun<'a>, &Difference)| {
            let series = run.series;
            series.metric == watched.alert.metric
                && series.job_id == key.job_id
                && series.location_id == key.location_id
                && series.stage == key.stage
        };
        let own: Vec<_> = self.runs.iter().zip(posted).filter(is_own).collect();
        let Some(latest) = own.iter().map(|(run, _)| run.issue_time).max() else {
            return Effect::None;
        };
        let [(run, posted)] = own.as_slice() else {
            return Effect::Unknown(latest);
        };
        let newest = cached.and_then(|cached| cached.newest_issue);
        match newest {
            _ if watched.alert.issues > 1 => Effect::Unknown(latest),
            Some(newest) if run.issue_time < newest => Effect::None,
            Some(newest) if run.issue_time > newest && posted.counts.stored == run.points.len() as u64 => {
                match issue(&watched.alert.rule(), run) {
                    Some(issue) => Effect::Newest(issue, run.series),
                    None => Effect::Unknown(latest),
                }
            }
            _ => Effect::Unknown(latest),
        }
    }
}

/// The effect of a post on an alert.
enum Effect<'a> {
    /// There is none: the post is older than the newest issue.
    None,
    /// The post is the newest issue, as a whole.
    Newest(AlertIssue, &'a Series),
    /// The newest issues must be read. The post has an issue of this time, and no later one.
    Unknown(Timestamp),
}

/// Returns a posted run as an issue. `None` if the rule cannot judge it.
fn issue(rule: &Rule, run: &PostedRun<'_>) -> Option<AlertIssue> {
    let declared = run.series.spread.as_ref();
    if !rule.can_judge(declared) {
        return None;
    }
    let spread = declared.filter(|_| rule.probability.is_some()).cloned().map(Arc::new);
    let point = |(index, point): (usize, &Point)| {
        let numbers = run.spread.map_or(&[] as &[f64], |numbers| numbers.row(index));
        rule.point(point.valid_time, point.value?, spread.as_ref(), numbers)
    };
    let points: Vec<_> = run.points.iter().enumerate().filter_map(point).collect();
    (!points.is_empty()).then(|| AlertIssue {
        issue_time: run.issue_time,
        source_version: run.series.version_label.clone(),
        points,
    })
}

fn watches(watched: &WatchedAlert, series: &Series) -> bool {
    let alert = &watched.alert;
    series.metric == alert.metric
        && series.organisation_id == alert.organisation_id
        && alert.source_id.is_none_or(|id| series.source_id == id)
        && alert.location_id.is_none_or(|id| series.location_id == Some(id))
        && alert
            .stage
            .as_ref()
            .is_none_or(|stage| series.stage.as_ref() == Some(stage))
}

fn key(series: &Series) -> AlertKey {
    AlertKey {
        job_id: series.job_id,
        location_id: series.location_id,
        stage: series.stage.clone(),
    }
}
