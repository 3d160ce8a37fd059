//! Groups the points of a job's post into runs.

use uuid::Uuid;

use super::{
    Point,
    post::{JobKey, JobPost, JobRow, PostedSeries, PredictionPoint, RolePoints},
    run::{List, Place, PostedRun, Runs, check_count, check_points},
};
use crate::domain::{
    duration::PostedDuration,
    error::Result,
    spread::{Columns, Posted, value_of},
    text::{Name, Stage},
    time::Timestamp,
    value::PostedValue,
    violations::Violations,
};

/// Groups the rows of a table into runs.
///
/// # Errors
/// `Error::Invalid`, with every violation: there are no rows or too many, a stage is invalid, or a value is not finite.
/// `Error::TooLarge`: there are more runs than one request may have.
pub fn runs_of_rows(rows: Vec<JobRow>) -> Result<Vec<PostedRun<JobKey>>> {
    let mut violations = Violations::default();
    check_points(rows.iter().map(JobRow::numbers), &mut violations)?;
    let mut runs = Runs::default();
    for (index, mut row) in rows.into_iter().enumerate() {
        let place = Place::new(List::Direct, index);
        if let Some(stage) = &mut row.key.stage {
            stage.check(&mut violations, &place.member("stage"));
        }
        let taken = row.numbers().take(|member| place.member(member), &mut violations);
        let Some((value, spread)) = taken else { continue };
        let spread = spread.as_ref().map(|(kind, row)| Posted { kind, row });
        let is_same = |key: &JobKey| *key == row.key;
        let valid_time = row.valid_time;
        let point = (Point { valid_time, value }, spread);
        runs.add(is_same, || row.key.clone(), point, place, &mut violations);
    }
    runs.finish(violations)
}

impl JobPost {
    /// Takes the points and series out of the post, grouped into runs. `of_roles` are further points of the post.
    ///
    /// # Errors
    /// `Error::Invalid`, with every violation: there are no points or too many, a stage is invalid, the columns of a
    /// series differ in length, the times of a series are incomplete, a value is not finite, or the worker's account of
    /// its run is invalid. `Error::TooLarge`: there are more runs than one request may have.
    pub fn runs(&mut self, of_roles: Vec<RolePoints>) -> Result<Vec<PostedRun<JobKey>>> {
        let mut violations = Violations::default();
        if let Some(stage) = &mut self.stage {
            stage.check(&mut violations, "/stage");
        }
        if let Some(run) = &mut self.run {
            run.check(&mut violations);
        }
        let in_points = self.predictions.iter().map(|point| point.numbers().count());
        let in_roles = of_roles.iter().map(|role| role.points.len());
        let in_series = self.series.iter().map(PostedSeries::numbers);
        check_count(
            in_points.chain(in_roles).chain(in_series),
            self.has_spread(),
            "/predictions",
            &mut violations,
        )?;
        let mut runs = Runs::default();
        for of_role in of_roles {
            let is_same = |key: &JobKey| key.role.as_ref() == Some(&of_role.role) && key.location_id.is_none();
            let key = || self.key(Some(of_role.role.clone()), None);
            let place = |index: &u32| Place::new(List::Predictions, *index as usize);
            let places = of_role.indexes.iter().map(place).collect();
            runs.add_values(is_same, key, (of_role.points, places), &mut violations);
        }
        for (index, point) in std::mem::take(&mut self.predictions).into_iter().enumerate() {
            let list = List::Predictions;
            let is_same = |key: &JobKey| key.role.as_ref() == Some(&point.role) && key.location_id == point.location_id;
            let key = || self.key(Some(point.role.clone()), point.location_id);
            let place = Place::new(list, index);
            let taken = point.numbers().take(|member| place.member(member), &mut violations);
            let Some((value, spread)) = taken else { continue };
            let spread = spread.as_ref().map(|(kind, row)| Posted { kind, row });
            let valid_time = point.valid_time;
            runs.add(
                is_same,
                key,
                (Point { valid_time, value }, spread),
                place,
                &mut violations,
            );
        }
        for (index, mut series) in std::mem::take(&mut self.series).into_iter().enumerate() {
            let mut within = Violations::within(format!("/series/{index}"));
            let columns = Columns::of(
                series.quantiles.take().map(|boxed| *boxed),
                series.members.take(),
                &mut within,
            );
            let times = series.check(columns.as_ref(), &mut within);
            let list = List::Series(u32::try_from(index).unwrap_or(u32::MAX));
            let stage = series.stage.take().or_else(|| self.stage.clone());
            if let (None, None, Some(values), Some(times)) = (&columns, &series.issue_times, &series.values, &times)
                && values.len() == times.len()
            {
                let points = times.iter().zip(values).map(|(time, value)| Point {
                    valid_time: *time,
                    value: value.0,
                });
                let places = (0..values.len()).map(|index| Place::new(list, index));
                let own = series.issue_time.or(self.issue_time);
                let (is_same, key) = (
                    |key: &JobKey| series.is_key(key, own, stage.as_ref()),
                    || series.key(own, stage.clone()),
                );
                runs.add_values(is_same, key, (points.collect(), places.collect()), &mut violations);
                violations.append(within);
                continue;
            }
            let mut row = Vec::new();
            for (index, valid_time) in times.into_iter().flatten().enumerate() {
                let given = series.values.as_ref().map(|values| values.get(index).copied());
                let kind = columns
                    .as_ref()
                    .and_then(|columns| columns.row(index, &mut row, &mut within));
                let spread = kind.as_ref().map(|kind| Posted { kind, row: &row });
                // A null in all columns withdraws, if there are no values.
                let value = given.unwrap_or_else(|| spread.is_none().then_some(PostedValue(None)));
                let value = match value_of(value, spread) {
                    Ok(value) => value,
                    Err(detail) => {
                        within.add(format!("/values/{index}"), detail);
                        continue;
                    }
                };
                let own = series.issue_times.as_ref().and_then(|times| times.get(index));
                let issue_time = own.copied().or(series.issue_time).or(self.issue_time);
                let key = || series.key(issue_time, stage.clone());
                let is_same = |key: &JobKey| series.is_key(key, issue_time, stage.as_ref());
                let point = Point { valid_time, value };
                runs.add(is_same, key, (point, spread), Place::new(list, index), &mut violations);
            }
            violations.append(within);
        }
        runs.finish(violations)
    }
}

impl JobPost {
    /// Returns the key of the run of a point.
    fn key(&self, role: Option<Name>, location_id: Option<Uuid>) -> JobKey {
        JobKey {
            role,
            metric: None,
            unit: None,
            location_id,
            issue_time: self.issue_time,
            stage: self.stage.clone(),
            track: None,
        }
    }

    fn has_spread(&self) -> bool {
        let of_point = |point: &PredictionPoint| point.quantiles.is_some() || point.members.is_some();
        let of_series = |series: &PostedSeries| series.quantiles.is_some() || series.members.is_some();
        self.predictions.iter().any(of_point) || self.series.iter().any(of_series)
    }
}

impl PostedSeries {
    /// Returns the key of the run of a value.
    fn key(&self, issue_time: Option<Timestamp>, stage: Option<Stage>) -> JobKey {
        JobKey {
            role: self.role.clone(),
            metric: self.metric.clone(),
            unit: self.unit.clone(),
            location_id: self.location_id,
            issue_time,
            stage,
            track: self.track,
        }
    }

    /// Returns whether a key is that of a value.
    fn is_key(&self, key: &JobKey, issue_time: Option<Timestamp>, stage: Option<&Stage>) -> bool {
        key.issue_time == issue_time
            && key.role == self.role
            && key.metric == self.metric
            && key.unit == self.unit
            && key.location_id == self.location_id
            && key.stage.as_ref() == stage
            && key.track == self.track
    }

    /// Returns the number of numbers of the series. A series without values counts as one number here. The check of the
    /// series reports that it is empty.
    fn numbers(&self) -> usize {
        let columns = |columns: &Vec<Vec<PostedValue>>| columns.iter().map(Vec::len).sum::<usize>();
        let values = self.values.as_ref().map_or(0, Vec::len);
        let quantiles = self.quantiles.iter().flat_map(|quantiles| &quantiles.0);
        let quantiles: usize = quantiles.map(|(_, column)| column.len()).sum();
        (values + quantiles + self.members.as_ref().map_or(0, columns)).max(1)
    }

    /// Returns the valid_time of each value. Adds violations if columns are missing, differ in length or contradict
    /// each other. Returns `None` if the times cannot be determined.
    fn check(&mut self, columns: Option<&Columns>, violations: &mut Violations) -> Option<Vec<Timestamp>> {
        if let Some(stage) = &mut self.stage {
            stage.check(violations, "/stage");
        }
        if self.role.is_none() && self.metric.is_none() {
            violations.add("/role", "is missing: role or metric is required");
        }
        let count = match (&self.values, columns) {
            (Some(values), _) => values.len(),
            (None, Some(columns)) => columns.count(),
            (None, None) => {
                violations.add("/values", "is missing");
                return None;
            }
        };
        if count == 0 {
            violations.add("/values", "has no values");
        }
        if let Some(columns) = columns {
            columns.check(count, violations);
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
