//! Groups points that were posted without a job into runs.

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

/// Key of the run that a point without a job belongs to.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct DirectKey {
    /// Source, by name or id.
    pub source: Name,
    /// Source version, by label or id; the newest if absent.
    pub source_version: Option<Name>,
    /// Predicted metric.
    pub metric: Name,
    /// Location of the prediction.
    pub location_id: Uuid,
    /// Time at which the prediction was made; its arrival if absent.
    pub issue_time: Option<Timestamp>,
    /// Label that splits the predictions of one metric.
    pub stage: Option<Stage>,
}

/// Groups points without a job into runs. `first` is the number of the first point in the request.
///
/// # Errors
/// Invalid: no points or too many, an invalid stage, values that are not finite.
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
