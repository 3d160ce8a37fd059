//! Parameters that select predictions.

use std::collections::HashSet;

use uuid::Uuid;

use crate::domain::{Error, prediction::PredictionScope};

/// Largest number of jobs or locations that a request may name.
const MAX_SCOPES: usize = 100;

/// Returns the scope of the predictions that the request selects: a location or a job.
///
/// # Errors
/// 400 if the request names neither or both.
pub fn scope(location_id: Option<Uuid>, job_id: Option<Uuid>) -> Result<PredictionScope, Error> {
    scopes(location_id.as_slice(), job_id.as_slice()).map(|scopes| scopes[0])
}

/// Returns the scopes of the predictions that the request selects: locations or jobs, each once, in their order.
///
/// # Errors
/// 400 if the request names neither, both, or too many.
pub fn scopes(locations: &[Uuid], jobs: &[Uuid]) -> Result<Vec<PredictionScope>, Error> {
    let (name, ids, scope): (_, _, fn(Uuid) -> PredictionScope) = match (locations, jobs) {
        ([], []) => return Err(Error::bad_parameter("location_id", "is missing: give it or job_id")),
        (locations, []) => ("location_id", locations, PredictionScope::Location),
        ([], jobs) => ("job_id", jobs, PredictionScope::Job),
        _ => {
            let detail = "cannot be combined with location_id: give one of the two";
            return Err(Error::bad_parameter("job_id", detail));
        }
    };
    let mut seen = HashSet::new();
    let scopes: Vec<_> = ids.iter().filter(|id| seen.insert(**id)).map(|id| scope(*id)).collect();
    if scopes.len() > MAX_SCOPES {
        let detail = format!("is given more than {MAX_SCOPES} times: split the request");
        return Err(Error::bad_parameter(name, detail));
    }
    Ok(scopes)
}
