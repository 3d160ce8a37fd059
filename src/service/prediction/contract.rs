//! The contract of a job: the properties that its posted predictions are checked against.

use uuid::Uuid;

use crate::{
    domain::{
        Error, Result,
        contract::OutputRole,
        prediction::{JobKey, Series},
        text::{Name, Stage},
    },
    service::health::HealthCache,
    store::{self, engine::Connection},
};

/// Properties of a job that posts are checked against. They are cached until a resource of the catalogue changes.
pub struct Contract {
    /// Organisation of the job.
    pub organisation_id: Uuid,
    job_id: Uuid,
    location_id: Option<Uuid>,
    source_id: Uuid,
    source_name: Name,
    retention_hours: Option<i64>,
    source_version_id: Uuid,
    version_label: Name,
    targets: Vec<OutputRole>,
    /// Cache of the time until which posts cannot change the health state of the job.
    pub health_cache: HealthCache,
}

impl Contract {
    /// Reads the contract of the job with this id.
    ///
    /// # Errors
    /// Not found: the job.
    pub fn read(connection: &Connection, id: Uuid) -> Result<Self> {
        let what = "job";
        let job = store::job::find(connection, id)?.ok_or(Error::NotFound { what, id })?;
        let gone = || Error::Internal(format!("the contract of the job {id} is missing"));
        let version = store::source_version::find(connection, job.source_version_id)?.ok_or_else(gone)?;
        let source = store::source::find(connection, version.source_id)?.ok_or_else(gone)?;
        let location_id = match job.given_location_id {
            Some(given) => Some(given),
            None => store::job::bound_location(connection, &job)?,
        };
        Ok(Self {
            organisation_id: job.organisation_id,
            job_id: id,
            location_id,
            source_id: source.id,
            source_name: source.name,
            retention_hours: source.retention_hours,
            source_version_id: version.id,
            version_label: version.version,
            targets: version.output_roles,
            health_cache: HealthCache::default(),
        })
    }

    /// Returns the index of the job's target that points with this key belong to.
    ///
    /// # Errors
    /// The name of the JSON member that is wrong, and the reason.
    pub fn target(&self, key: &JobKey) -> std::result::Result<usize, (&'static str, String)> {
        let known = |name: fn(&OutputRole) -> &Name| {
            let names: Vec<_> = self.targets.iter().map(|t| name(t).as_str()).collect();
            names.join(", ")
        };
        let by_role = |role: &Name| {
            let unknown = || {
                let known = known(|target| &target.role);
                let detail = format!("is not an output role of the job, which has: {known}");
                ("role", detail)
            };
            self.position(|target| target.role == *role).ok_or_else(unknown)
        };
        let by_metric = |metric: &Name| {
            let unknown = || {
                let known = known(|target| &target.metric);
                let detail = format!("is not an output metric of the job, which has: {known}");
                ("metric", detail)
            };
            self.position(|target| target.metric == *metric).ok_or_else(unknown)
        };
        let index = match (&key.role, &key.metric) {
            (Some(role), None) => by_role(role)?,
            (None, Some(metric)) => by_metric(metric)?,
            (Some(role), Some(metric)) => {
                let index = by_role(role)?;
                if by_metric(metric)? != index {
                    let of = &self.targets[index].metric;
                    return Err(("metric", format!("differs from that of the role, which is {of}")));
                }
                index
            }
            (None, None) => return Err(("role", "is missing".to_owned())),
        };
        match (&key.unit, &self.targets[index].unit) {
            (Some(given), Some(unit)) if given != unit => {
                Err(("unit", format!("differs from that of the role, which is {unit}")))
            }
            (Some(_), None) => Err(("unit", "is given, but the role has none".to_owned())),
            _ => Ok(index),
        }
    }

    /// Returns the output role of the target with this index. Returns `None` if there is no such target.
    pub fn role(&self, target: usize) -> Option<&Name> {
        Some(&self.targets.get(target)?.role)
    }

    /// Returns the location of points: `named` if the points name one, otherwise that of the job. Returns `None` if the
    /// job has no location either.
    pub fn location(&self, named: Option<Uuid>) -> Option<Uuid> {
        named.or(self.location_id)
    }

    /// Returns the series of the target with this index. Returns `None` if there is no such target.
    pub fn series(&self, target: usize, location_id: Option<Uuid>, stage: Option<Stage>) -> Option<Series> {
        let target = self.targets.get(target)?;
        Some(Series {
            organisation_id: self.organisation_id,
            source_id: self.source_id,
            source_version_id: self.source_version_id,
            job_id: Some(self.job_id),
            location_id,
            metric: target.metric.clone(),
            stage,
            unit: target.unit.clone(),
            source_name: self.source_name.clone(),
            version_label: self.version_label.clone(),
            retention_hours: self.retention_hours,
        })
    }

    fn position(&self, is_it: impl Fn(&OutputRole) -> bool) -> Option<usize> {
        self.targets.iter().position(is_it)
    }
}
