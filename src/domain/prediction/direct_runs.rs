//! The runs that points without a job hold.

use uuid::Uuid;

use super::{
    Point,
    post::DirectPoint,
    run::{List, Place, PostedRun, Runs, check_count},
};
use crate::domain::{
    error::Result,
    text::{Name, Stage},
    time::Timestamp,
    violations::Violations,
};

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
        let (valid_time, value) = (point.valid_time, point.value.0);
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
