//! Reading jobs, and what they are bound to, within a transaction.

use uuid::Uuid;

use crate::{
    domain::{
        Caller, Error, Result, Timestamp,
        contract::{Input, InputKind, RoleBinding},
        job::{Job, JobContext, JobRecord},
    },
    store::{self, engine::Connection, job, sensor, source},
};

/// What the thing is called in a problem.
pub(super) const WHAT: &str = "job";

/// Returns the job as it is answered.
pub(super) fn answer(connection: &Connection, job: JobRecord, now: Timestamp) -> Result<Job> {
    let id = job.id;
    let answer = answer_all(connection, vec![job], now)?.pop();
    answer.ok_or(Error::NotFound { what: WHAT, id })
}

/// Returns the jobs as they are answered, in their order. What they need is read for all of them at once.
pub(super) fn answer_all(connection: &Connection, jobs: Vec<JobRecord>, now: Timestamp) -> Result<Vec<Job>> {
    let contexts = job::contexts(connection, &jobs)?;
    let ids: Vec<_> = jobs.iter().map(|job| job.id).collect();
    let mut vitals = store::health::vitals_of(connection, &ids)?;
    let answer = |(job, context): (JobRecord, JobContext)| {
        let vitals = vitals.remove(&job.id).unwrap_or_default();
        job.answer(context, &vitals, now)
    };
    Ok(jobs.into_iter().zip(contexts).map(answer).collect())
}

/// What the rules need to know of each bound input; `None` where there is no such thing.
pub(super) fn inputs(connection: &Connection, bindings: &[RoleBinding]) -> Result<Vec<Option<Input>>> {
    bindings
        .iter()
        .map(|binding| input(connection, binding.input_type, binding.input_id))
        .collect()
}

/// What the rules need to know of one thing of that kind and id.
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
