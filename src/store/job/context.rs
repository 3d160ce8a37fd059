//! Reads the data that responses about jobs contain in addition to the rows of the jobs: the source and the targets of
//! their versions, the location of their inputs, and their versions on trial.

use std::collections::{BTreeSet, HashMap, HashSet};

use uuid::Uuid;

use super::shadow::shadows_of;
use crate::{
    domain::{
        Error, Result,
        contract::InputKind,
        job::{JobContext, JobRecord},
    },
    store::{engine::Connection, row::Json, set},
};

/// Returns the data that responses contain in addition to the job's own row.
pub fn context(connection: &Connection, job: &JobRecord) -> Result<JobContext> {
    let contexts = contexts(connection, std::slice::from_ref(job))?;
    contexts.into_iter().next().ok_or_else(|| gone(job))
}

/// Returns the data that responses contain in addition to the rows of the jobs, in the same order.
pub fn contexts(connection: &Connection, jobs: &[JobRecord]) -> Result<Vec<JobContext>> {
    let versions: BTreeSet<_> = jobs.iter().map(|job| job.source_version_id).collect();
    let versions: Vec<_> = versions.into_iter().collect();
    let mut of_versions = HashMap::new();
    let sql =
        "SELECT v.id AS version_id, s.id AS source_id, s.expected_interval_minutes, s.grace_minutes, v.output_roles
        FROM source_versions v JOIN sources s ON s.id = v.source_id WHERE v.id IN (?)";
    set::read(connection, sql, &versions, |row| {
        let context = JobContext {
            source_id: row.get("source_id")?,
            expected_interval_minutes: row.get("expected_interval_minutes")?,
            grace_minutes: row.get("grace_minutes")?,
            job_targets: row.get::<_, Json<_>>("output_roles")?.0,
            bound_location_id: None,
            shadows: Vec::new(),
        };
        of_versions.insert(row.get::<_, Uuid>("version_id")?, context);
        Ok(())
    })?;
    let without_location = jobs.iter().filter(|job| job.given_location_id.is_none());
    let bound = bound_locations(connection, without_location)?;
    let ids: Vec<_> = jobs.iter().map(|job| job.id).collect();
    let mut shadows = shadows_of(connection, &ids)?;
    let context = |job: &JobRecord| {
        let found = of_versions.get(&job.source_version_id).ok_or_else(|| gone(job))?;
        Ok(JobContext {
            bound_location_id: bound.get(&job.id).copied(),
            shadows: shadows.remove(&job.id).unwrap_or_default(),
            ..found.clone()
        })
    };
    jobs.iter().map(context).collect()
}

/// Returns the location that follows from the job's bindings. This is the only location that the job binds or, if it
/// binds none, the only location of its sensors. `None` if there are several or none.
pub fn bound_location(connection: &Connection, job: &JobRecord) -> Result<Option<Uuid>> {
    Ok(bound_locations(connection, [job])?.remove(&job.id))
}

fn bound_locations<'a>(
    connection: &Connection,
    jobs: impl IntoIterator<Item = &'a JobRecord>,
) -> Result<HashMap<Uuid, Uuid>> {
    let (mut found, mut by_sensors) = (HashMap::new(), Vec::new());
    for job in jobs {
        let of_kind = |kind| {
            job.role_bindings
                .iter()
                .filter(move |binding| binding.input_type == kind)
        };
        let locations: HashSet<_> = of_kind(InputKind::Location).map(|binding| binding.input_id).collect();
        if let Some(only) = only(&locations) {
            found.insert(job.id, only);
        } else if locations.is_empty() && of_kind(InputKind::Sensor).next().is_some() {
            by_sensors.push(job);
        }
    }
    // The bindings are those of the given jobs, which may be earlier than those in the database.
    let sensors = |job: &JobRecord| {
        let bindings = job.role_bindings.iter();
        let of_kind = bindings.filter(|binding| binding.input_type == InputKind::Sensor);
        of_kind.map(|binding| binding.input_id).collect::<Vec<_>>()
    };
    let ids: BTreeSet<_> = by_sensors.iter().flat_map(|job| sensors(job)).collect();
    let ids: Vec<_> = ids.into_iter().collect();
    let mut locations: HashMap<Uuid, Uuid> = HashMap::new();
    let sql = "SELECT id, location_id FROM sensors WHERE id IN (?) AND location_id IS NOT NULL";
    set::read(connection, sql, &ids, |row| {
        locations.insert(row.get("id")?, row.get("location_id")?);
        Ok(())
    })?;
    for job in by_sensors {
        let of_job = sensors(job)
            .into_iter()
            .filter_map(|id| locations.get(&id).copied())
            .collect();
        found.extend(only(&of_job).map(|location| (job.id, location)));
    }
    Ok(found)
}

fn only(ids: &HashSet<Uuid>) -> Option<Uuid> {
    ids.iter().next().filter(|_| ids.len() == 1).copied()
}

fn gone(job: &JobRecord) -> Error {
    Error::Internal(format!("the version of the job {} is gone", job.id))
}
