//! Reads jobs and their bound inputs within a transaction, for several operations.

use uuid::Uuid;

use crate::{
    domain::{
        Caller, Error, Result, Timestamp,
        contract::{Input, InputKind, RoleBinding},
        job::{Job, JobRecord},
    },
    store::{self, engine::Connection, job, sensor, source},
};

/// Name of the resource in problems.
pub(super) const WHAT: &str = "job";

/// Returns the job as the API shows it.
pub(super) fn answer(connection: &Connection, job: JobRecord, now: Timestamp) -> Result<Job> {
    let context = job::context(connection, &job)?;
    let vitals = store::health::vitals(connection, job.id, job.organisation_id)?;
    Ok(job.answer(context, &vitals, now))
}

/// Returns the properties of each bound input that the rules check; `None` where the input does not exist.
pub(super) fn inputs(connection: &Connection, bindings: &[RoleBinding]) -> Result<Vec<Option<Input>>> {
    bindings
        .iter()
        .map(|binding| input(connection, binding.input_type, binding.input_id))
        .collect()
}

/// Returns the properties of one input, by its kind and id, that the rules check.
pub(super) fn input(connection: &Connection, kind: InputKind, id: Uuid) -> Result<Option<Input>> {
    Ok(match kind {
        InputKind::Sensor => sensor::find(connection, id)?.map(|sensor| Input {
            organisation_id: Some(sensor.organisation_id),
            metric: Some(sensor.metric),
            unit: sensor.unit,
            outputs: Vec::new(),
        }),
        InputKind::Location => store::location::find(connection, id)?.map(|location| Input {
            organisation_id: Some(location.organisation_id),
            metric: None,
            unit: None,
            outputs: Vec::new(),
        }),
        InputKind::Source => match source::find(connection, id)? {
            Some(source) => {
                let newest = store::source_version::newest(connection, id)?;
                Some(Input {
                    organisation_id: source.organisation_id,
                    metric: None,
                    unit: None,
                    outputs: newest.map_or_else(Vec::new, |version| version.output_roles),
                })
            }
            None => None,
        },
    })
}

pub(super) fn find(connection: &Connection, id: Uuid) -> Result<JobRecord> {
    job::find(connection, id)?.ok_or(Error::NotFound { what: WHAT, id })
}

pub(super) fn visible(connection: &Connection, caller: &Caller, id: Uuid) -> Result<JobRecord> {
    let found = find(connection, id)?;
    caller.must_see(Some(found.organisation_id), WHAT, id)?;
    Ok(found)
}
