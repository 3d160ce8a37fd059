//! Limits of tokens: a viewer's token for a shared link may only read what one page of the dashboard shows, and a worker's
//! token for a device may only post the readings of one sensor.

use poem_openapi::{Enum, Object};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    object::{names, objects},
    violations::Violations,
};

names!(LimitedView);
objects!(TokenLimit; also written: TokenLimit);

/// Page that a limited token may read, or the sensor that it may post to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Enum)]
#[serde(rename_all = "snake_case")]
#[oai(rename_all = "snake_case")]
pub enum LimitedView {
    /// One job, with its predictions, its health, and the sensors that are bound to it.
    Job,
    /// The list of the organisation's jobs, with their health and their latest predictions.
    JobList,
    /// The readings of one sensor, which a worker's token may post and not read.
    Sensor,
}

impl LimitedView {
    /// Returns the view's name in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Job => "job",
            Self::JobList => "job_list",
            Self::Sensor => "sensor",
        }
    }

    /// Returns the view with this name in the API, or `None` if the name is unknown.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Job, Self::JobList, Self::Sensor]
            .into_iter()
            .find(|view| view.as_str() == name)
    }
}

/// Limit of a token: the only page that it may read, or the only sensor whose readings it may post.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Object)]
#[serde(remote = "Self", deny_unknown_fields)]
#[oai(skip_serializing_if_is_none)]
pub struct TokenLimit {
    /// Page that the token may read, or `sensor`.
    pub view: LimitedView,
    /// Job of the page `job`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job_id: Option<Uuid>,
    /// Sensor of the view `sensor`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sensor_id: Option<Uuid>,
}

impl TokenLimit {
    /// Returns the limit to the readings of one sensor.
    pub fn of_sensor(id: Uuid) -> Self {
        Self {
            view: LimitedView::Sensor,
            job_id: None,
            sensor_id: Some(id),
        }
    }

    /// Adds the violations of a limit at `/limited_to`: the page `job` needs a job, `sensor` needs a sensor, and no other id
    /// may be given.
    pub fn check(&self, violations: &mut Violations) {
        let view = self.view.as_str();
        let mut id = |field: &str, given: Option<Uuid>, owner: LimitedView| match (given, owner == self.view) {
            (None, true) => violations.add(
                format!("/limited_to/{field}"),
                format!("is missing: the view {view} is of one {view}"),
            ),
            (Some(_), false) => violations.add(
                format!("/limited_to/{field}"),
                format!("must be absent: it belongs to the view {}", owner.as_str()),
            ),
            _ => {}
        };
        id("job_id", self.job_id, LimitedView::Job);
        id("sensor_id", self.sensor_id, LimitedView::Sensor);
    }
}
