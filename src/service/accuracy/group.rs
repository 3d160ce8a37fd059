//! The series that are compared with each other: those of one location, or of one job without a location.

use crate::{
    domain::{class::Class, interval::Interval, sensor::Sensor},
    store::prediction::SeriesRow,
};

/// The series of one place, those that are scored and those that they are compared with.
pub struct Group {
    /// Identifies the group, and orders the groups.
    pub key: String,
    /// The series, in the order of the response.
    pub members: Vec<Member>,
    /// The truths that the scored series are compared with.
    pub truths: Vec<TruthOf>,
    /// Whether a version that the request names has no predictions here.
    pub lacks_a_version: bool,
}

/// A series of a group.
pub struct Member {
    /// The series.
    pub row: SeriesRow,
    /// Whether the response has rows of it.
    pub is_scored: bool,
    /// Index of its truth in the group. `None` if nothing measures what it predicts.
    pub truth: Option<usize>,
    /// Index of the series that is its reference.
    pub reference: Option<usize>,
    /// The interval that each value stands for.
    pub interval: Option<Interval>,
    /// Classes of the output role.
    pub classes: Option<Vec<Class>>,
}

/// A truth that predictions are compared with.
#[derive(PartialEq)]
pub enum TruthOf {
    /// The readings of a sensor.
    Sensor(Sensor),
    /// The newest issues that are not before the valid time, of the members with these indexes.
    Analysis(Vec<usize>),
}

impl Group {
    /// Returns the indexes of the series that are scored.
    pub fn scored(&self) -> impl Iterator<Item = usize> {
        let members = self.members.iter().enumerate();
        members.filter(|(_, member)| member.is_scored).map(|(index, _)| index)
    }

    /// Returns the sensor that measures what a member predicts.
    pub fn sensor(&self, member: &Member) -> Option<&Sensor> {
        match self.truths.get(member.truth?)? {
            TruthOf::Sensor(sensor) => Some(sensor),
            TruthOf::Analysis(_) => None,
        }
    }
}
