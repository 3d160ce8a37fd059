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
            by_sensors.push(job.id);
        }
    }
    let sql = "SELECT DISTINCT b.job_id, s.location_id FROM role_bindings b JOIN sensors s ON s.id = b.input_id
        WHERE b.job_id IN (?) AND b.input_type = 'sensor' AND s.location_id IS NOT NULL";
    let mut of_sensors: HashMap<Uuid, HashSet<Uuid>> = HashMap::new();
    set::read(connection, sql, &by_sensors, |row| {
        let locations = of_sensors.entry(row.get("job_id")?).or_default();
        locations.insert(row.get("location_id")?);
        Ok(())
    })?;
    found.extend(
        of_sensors
            .iter()
            .filter_map(|(job, locations)| Some((*job, only(locations)?))),
    );
    Ok(found)
}

fn only(ids: &HashSet<Uuid>) -> Option<Uuid> {
    ids.iter().next().filter(|_| ids.len() == 1).copied()
}

fn gone(job: &JobRecord) -> Error {
    Error::Internal(format!("the version of the job {} is gone", job.id))
}
