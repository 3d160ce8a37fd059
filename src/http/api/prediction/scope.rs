//! Parameters that select predictions.

use uuid::Uuid;

use crate::domain::{Error, prediction::PredictionScope};

/// Returns the scope of the predictions that the request selects: a location or a job.
///
/// # Errors
/// 400 if the request names neither or both.
pub fn scope(location_id: Option<Uuid>, job_id: Option<Uuid>) -> Result<PredictionScope, Error> {
    match (location_id, job_id) {
        (Some(id), None) => Ok(PredictionScope::Location(id)),
        (None, Some(id)) => Ok(PredictionScope::Job(id)),
        (None, None) => Err(Error::bad_parameter("location_id", "is missing: give it or job_id")),
        (Some(_), Some(_)) => {
            let detail = "cannot be combined with location_id: give one of the two";
            Err(Error::bad_parameter("job_id", detail))
        }
    }
}
