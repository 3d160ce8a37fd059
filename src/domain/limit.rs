//! Limits of tokens: a viewer's token for a shared link may only read what one page of the dashboard shows.

use poem_openapi::{Enum, Object};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    object::{names, objects},
    violations::Violations,
};

names!(LimitedView);
objects!(TokenLimit; also written: TokenLimit);

/// Page that a limited token may read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Enum)]
#[serde(rename_all = "snake_case")]
#[oai(rename_all = "snake_case")]
pub enum LimitedView {
    /// One job, with its predictions, its health, and the sensors that are bound to it.
    Job,
    /// The list of the organisation's jobs, with their health and their latest predictions.
    JobList,
}

impl LimitedView {
    /// Returns the view's name in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Job => "job",
            Self::JobList => "job_list",
        }
    }

    /// Returns the view with this name in the API, or `None` if the name is unknown.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Job, Self::JobList]
            .into_iter()
            .find(|view| view.as_str() == name)
    }
}

/// Limit of a viewer's token: the only page that it may read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Object)]
#[serde(remote = "Self", deny_unknown_fields)]
#[oai(skip_serializing_if_is_none)]
pub struct TokenLimit {
    /// Page that the token may read.
    pub view: LimitedView,
    /// Job of the page `job`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job_id: Option<Uuid>,
}

impl TokenLimit {
    /// Adds the violations of a limit at `/limited_to`: the page `job` needs a job, and the other page has none.
    pub fn check(&self, violations: &mut Violations) {
        match (self.view, self.job_id) {
            (LimitedView::Job, None) => violations.add("/limited_to/job_id", "is missing: the view job is of one job"),
            (LimitedView::JobList, Some(_)) => {
                violations.add("/limited_to/job_id", "must be absent: the view job_list is of all jobs");
            }
            _ => {}
        }
    }
}
