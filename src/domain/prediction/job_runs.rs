//! Groups the points of a job's post into runs.

use super::{
    Point,
    post::{JobKey, JobPost, JobRow, PostedSeries},
    run::{List, Place, PostedRun, Runs, check_count},
};
use crate::domain::{duration::PostedDuration, error::Result, time::Timestamp, violations::Violations};

/// Groups the rows of a table into runs.
///
/// # Errors
/// `Error::Invalid`, with every violation: there are no rows or too many, a stage is invalid, or a value is not finite.
/// `Error::TooLarge`: there are more runs than one request may have.
pub fn runs_of_rows(rows: Vec<JobRow>) -> Result<Vec<PostedRun<JobKey>>> {
    let mut violations = Violations::default();
    check_count(rows.len(), "", &mut violations)?;
    let mut runs = Runs::default();
    for (index, mut row) in rows.into_iter().enumerate() {
        let place = Place {
            list: List::Direct,
            index,
        };
        if let Some(stage) = &mut row.key.stage {
            stage.check(&mut violations, &place.member("stage"));
        }
        let is_same = |key: &JobKey| *key == row.key;
        runs.add(is_same, || row.key.clone(), row.point, place);
    }
    runs.finish(violations)
}

impl JobPost {
    /// Takes the points and series out of the post, grouped into runs.
    ///
    /// # Errors
    /// `Error::Invalid`, with every violation: there are no points or too many, a stage is invalid, the columns of a
    /// series differ in length, the times of a series are incomplete, a value is not finite, or the worker's account of
    /// its run is invalid. `Error::TooLarge`: there are more runs than one request may have.
    pub fn runs(&mut self) -> Result<Vec<PostedRun<JobKey>>> {
        let mut violations = Violations::default();
        if let Some(stage) = &mut self.stage {
            stage.check(&mut violations, "/stage");
        }
        if let Some(run) = &mut self.run {
            run.check(&mut violations);
        }
        // A series without values counts as one point here. The check of the series reports that it is empty.
        let in_series: usize = self.series.iter().map(|s| s.values.len().max(1)).sum();
        check_count(self.predictions.len() + in_series, "/predictions", &mut violations)?;
        let mut runs = Runs::default();
        for (index, point) in std::mem::take(&mut self.predictions).into_iter().enumerate() {
            let list = List::Predictions;
            let is_same = |key: &JobKey| key.role.as_ref() == Some(&point.role) && key.location_id == point.location_id;
            let key = || JobKey {
                role: Some(point.role.clone()),
                metric: None,
                unit: None,
                location_id: point.location_id,
                issue_time: self.issue_time,
                stage: self.stage.clone(),
                track: None,
            };
            let (valid_time, value) = (point.valid_time, point.value.0);
            runs.add(is_same, key, Point { valid_time, value }, Place { list, index });
        }
        for (index, mut series) in std::mem::take(&mut self.series).into_iter().enumerate() {
            let mut within = Violations::within(format!("/series/{index}"));
            let times = series.check(&mut within);
            violations.append(within);
            let Some(times) = times else { continue };
            let list = List::Series(index);
            let stage = series.stage.or_else(|| self.stage.clone());
            for (index, (valid_time, value)) in times.into_iter().zip(series.values).enumerate() {
                let own = series.issue_times.as_ref().and_then(|times| times.get(index));
                let issue_time = own.copied().or(series.issue_time).or(self.issue_time);
                let key = || JobKey {
                    role: series.role.clone(),
                    metric: series.metric.clone(),
                    unit: series.unit.clone(),
                    location_id: series.location_id,
                    issue_time,
                    stage: stage.clone(),
                    track: series.track,
                };
                let is_same = |key: &JobKey| {
                    key.issue_time == issue_time
                        && key.role == series.role
                        && key.metric == series.metric
                        && key.unit == series.unit
                        && key.location_id == series.location_id
                        && key.stage == stage
                        && key.track == series.track
                };
                runs.add(
                    is_same,
                    key,
                    Point {
                        valid_time,
                        value: value.0,
                    },
                    Place { list, index },
                );
            }
        }
        runs.finish(violations)
    }
}

impl PostedSeries {
    /// Returns the valid_time of each value. Adds violations if columns are missing, differ in length or contradict
    /// each other. Returns `None` if the times cannot be determined.
    fn check(&mut self, violations: &mut Violations) -> Option<Vec<Timestamp>> {
        if let Some(stage) = &mut self.stage {
            stage.check(violations, "/stage");
        }
        if self.role.is_none() && self.metric.is_none() {
            violations.add("/role", "is missing: role or metric is required");
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
                violations.add("/issue_time", "cannot be combined with issue_times");
            }
        }
        if let Some(times) = &self.valid_times {
            as_many("/valid_times", times.len(), violations);
            if self.start.is_some() || self.step.is_some() {
                let detail = "cannot be combined with start and step";
                violations.add("/valid_times", detail);
            }
            return Some(times.clone());
        }
        let Some(start) = self.start else {
            let detail = "is missing: start and step, or valid_times, are required";
            violations.add("/start", detail);
            return None;
        };
        let step = match self.step {
            Some(PostedDuration(step)) if step.micros() > 0 => step.micros(),
            None if count <= 1 => 1,
            None => {
                violations.add("/step", "is missing: step or valid_times is required");
                return None;
            }
            Some(_) => {
                violations.add("/step", "must be greater than zero");
                return None;
            }
        };
        let last = i64::try_from(count).ok()?.saturating_sub(1).saturating_mul(step);
        let end = start.micros().saturating_add(last);
        if Timestamp::from_micros(end).micros() != end {
            violations.add("/values", "extend beyond the year 9999");
            return None;
        }
        let at = |n: i64| Timestamp::from_micros(start.micros() + n * step);
        Some((0..).take(count).map(at).collect())
    }
}
