//! Limits of tokens: which resources belong to the page of one job that a shared link shows.

use uuid::Uuid;

use super::{App, job_cache};
use crate::domain::{Caller, Result, contract::InputKind};

/// Kind of a resource that the page of a job shows besides the job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    /// Source of the job.
    Source,
    /// Version of the job, or one of its versions on trial.
    SourceVersion,
    /// Sensor that is bound to the job.
    Sensor,
    /// Location of the predictions, or one that is bound to the job.
    Location,
}

/// Returns whether the page of the job shows the resource.
///
/// # Errors
/// Not found: the job does not exist any more, or the caller cannot see it.
pub fn shows(app: &App, caller: &Caller, job: Uuid, kind: Shown, id: Uuid) -> Result<bool> {
    let job = job_cache::get(app, caller, job)?;
    let is_bound = |to: InputKind| {
        let mut bindings = job.role_bindings.iter();
        bindings.any(|binding| binding.input_type == to && binding.input_id == id)
    };
    let is_on_trial = || {
        let mut shadows = job.shadows.iter().flatten();
        shadows.any(|shadow| shadow.source_version_id == id)
    };
    Ok(match kind {
        Shown::Source => job.source_id == id,
        Shown::SourceVersion => job.source_version_id == id || is_on_trial(),
        Shown::Sensor => is_bound(InputKind::Sensor),
        Shown::Location => job.location_id == Some(id) || is_bound(InputKind::Location),
    })
}
