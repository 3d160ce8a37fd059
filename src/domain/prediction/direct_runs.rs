//! Groups points that were posted without a job into runs.

use uuid::Uuid;

use super::{
    Point,
    post::DirectPoint,
    run::{List, Place, PostedRun, Runs, check_points},
};
use crate::domain::{
    error::Result,
    spread::Posted,
    text::{Name, Stage},
    time::Timestamp,
    track::Track,
    violations::Violations,
};

/// Key of a run of points that were posted without a job. Points with the same key belong to the same run.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct DirectKey {
    /// Source, by name or id.
    pub source: Name,
    /// Source version, by label or id. `None` means the newest.
    pub source_version: Option<Name>,
    /// Predicted metric.
    pub metric: Name,
    /// Location of the prediction.
    pub location_id: Uuid,
    /// Time at which the prediction was made. `None` means the time of arrival.
    pub issue_time: Option<Timestamp>,
    /// Label that splits the predictions of one metric.
    pub stage: Option<Stage>,
    /// Track that the points name.
    pub track: Option<Track>,
}

/// Groups points that were posted without a job into runs. `first` is the index of the first of `points` in the
/// request, counted from 0.
///
/// # Errors
/// `Error::Invalid`, with every violation: there are no points or too many, a stage is invalid, or a value is not
/// finite. `Error::TooLarge`: there are more runs than one request may have.
pub fn direct_runs(points: Vec<DirectPoint>, first: usize) -> Result<Vec<PostedRun<DirectKey>>> {
    let mut violations = Violations::default();
    check_points(points.iter().map(DirectPoint::numbers), &mut violations)?;
    let mut runs = Runs::default();
    for (index, mut point) in (first..).zip(points) {
        let place = Place::new(List::Direct, index);
        if let Some(stage) = &mut point.stage {
            stage.check(&mut violations, &place.member("stage"));
        }
        let taken = point.numbers().take(|member| place.member(member), &mut violations);
        let Some((value, spread)) = taken else { continue };
        let spread = spread.as_ref().map(|(kind, row)| Posted { kind, row });
        let is_same = |key: &DirectKey| {
            key.location_id == point.location_id
                && key.issue_time == point.issue_time
                && key.metric == point.metric
                && key.source == point.source
                && key.source_version == point.source_version
                && key.stage == point.stage
                && key.track == point.track
        };
        let key = || DirectKey {
            source: point.source.clone(),
            source_version: point.source_version.clone(),
            metric: point.metric.clone(),
            location_id: point.location_id,
            issue_time: point.issue_time,
            stage: point.stage.clone(),
            track: point.track,
        };
        let valid_time = point.valid_time;
        runs.add(
            is_same,
            key,
            (Point { valid_time, value }, spread),
            place,
            &mut violations,
        );
    }
    runs.finish(violations)
}
