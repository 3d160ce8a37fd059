//! The contract of a job: the properties that its posted predictions are checked against.

use std::sync::Arc;

use uuid::Uuid;

use crate::{
    domain::{
        Error, Result, Timestamp,
        contract::OutputRole,
        prediction::{JobKey, Series},
        spread::Spread,
        text::{Name, Stage},
        track::Track,
    },
    service::{alert::AlertCache, health::HealthCache, job_view},
    store::{
        self, Cache,
        alert::WatchedAlert,
        engine::{Connection, Transaction},
        prediction::Summaries,
    },
};

/// Cache of contracts, by the job's id and the version on trial. Without a version it is the contract of the job's own
/// version.
pub type Contracts = Cache<(Uuid, Option<Uuid>), Arc<Contract>>;

/// Properties of a job that posts are checked against: those of the job's version, or of a version on trial. They are
/// cached until a resource of the catalogue, or a series by something other than a post, may have changed.
pub struct Contract {
    /// Organisation of the job.
    pub organisation_id: Uuid,
    job_id: Uuid,
    location_id: Option<Uuid>,
    source_id: Uuid,
    source_name: Name,
    retention_hours: Option<i64>,
    /// Version whose predictions are posted.
    pub source_version_id: Uuid,
    /// Track on which the predictions are stored.
    pub track: Track,
    version_label: Name,
    targets: Vec<OutputRole>,
    /// Cache of the time until which posts cannot change the health state of the job.
    pub health_cache: HealthCache,
    /// Active alerts that watch the predictions; none for a version on trial, or while the job is paused.
    pub alerts: Vec<WatchedAlert>,
    /// Cache of the states of these alerts.
    pub alert_cache: AlertCache,
    /// Cache of the summaries of the series, for posts.
    pub summaries: Summaries,
}

impl Contract {
    /// Returns the contract of the job's own version, from the cache or the database.
    ///
    /// # Errors
    /// Not found: the job.
    pub fn of_job(contracts: &Contracts, tx: &Transaction<'_>, id: Uuid, now: Timestamp) -> Result<Arc<Self>> {
        contracts.get((id, None), now, || Self::read(tx, id, None).map(Arc::new))
    }

    /// Returns the contract of a version of the job: of the job's own version, or of a version on trial.
    ///
    /// # Errors
    /// Not found: the job. Invalid: the version is neither the job's own nor one of its shadows.
    pub fn of_version(
        self: Arc<Self>,
        contracts: &Contracts,
        tx: &Transaction<'_>,
        version: Uuid,
        now: Timestamp,
    ) -> Result<Arc<Self>> {
        if version == self.source_version_id {
            return Ok(self);
        }
        let id = self.job_id;
        contracts.get((id, Some(version)), now, || {
            job_view::track(tx, id, self.source_version_id, version)?;
            Self::read(tx, id, Some(version)).map(Arc::new)
        })
    }

    /// Reads the contract of the job with this id, or that of one of its versions on trial.
    fn read(connection: &Connection, id: Uuid, shadow: Option<Uuid>) -> Result<Self> {
        let what = "job";
        let job = store::job::find(connection, id)?.ok_or(Error::NotFound { what, id })?;
        let gone = || Error::Internal(format!("the contract of the job {id} is missing"));
        let version =
            store::source_version::find(connection, shadow.unwrap_or(job.source_version_id))?.ok_or_else(gone)?;
        let source = store::source::find(connection, version.source_id)?.ok_or_else(gone)?;
        let location_id = store::job::location(connection, &job)?;
        Ok(Self {
            organisation_id: job.organisation_id,
            job_id: id,
            location_id,
            source_id: source.id,
            source_name: source.name,
            retention_hours: source.retention_hours,
            source_version_id: version.id,
            track: match shadow {
                Some(_) => Track::Shadow,
                None => Track::Main,
            },
            version_label: version.version,
            targets: version.output_roles,
            health_cache: HealthCache::default(),
            alerts: match shadow {
                None if job.active => store::alert::watching(connection, id)?,
                _ => Vec::new(),
            },
            alert_cache: AlertCache::default(),
            summaries: Summaries::default(),
        })
    }

    /// Clears the caches of the job's health and of its alerts. Must be called when something other than a post has
    /// changed them.
    pub fn invalidate(&self) {
        self.health_cache.invalidate();
        self.alert_cache.invalidate();
    }

    /// Returns the index of the job's target that points with this key belong to.
    ///
    /// # Errors
    /// The name of the JSON member that is wrong, and the reason.
    pub fn target(&self, key: &JobKey) -> std::result::Result<usize, (&'static str, String)> {
        self.check_track(key.track)?;
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

    /// Checks that points which name their track are posted on it, so that predictions of a version on trial which were
    /// read from this API do not become those of the model.
    fn check_track(&self, named: Option<Track>) -> std::result::Result<(), (&'static str, String)> {
        if named.is_none_or(|track| track == self.track) {
            return Ok(());
        }
        let hint = match self.track {
            Track::Main => "give the version on trial as source_version_id of the request",
            Track::Shadow => "leave out source_version_id of the request, which is that of a version on trial",
        };
        Err((
            "track",
            format!(
                "differs from that of the request, which is {}: {hint}",
                self.track.as_str()
            ),
        ))
    }

    /// Returns the output role of the target with this index. Returns `None` if there is no such target.
    pub fn role(&self, target: usize) -> Option<&Name> {
        Some(&self.targets.get(target)?.role)
    }

    /// Returns the spread that the target with this index declares. `None` if it declares none.
    pub fn spread(&self, target: usize) -> Option<Spread> {
        self.targets.get(target)?.spread()
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
            track: self.track,
            unit: target.unit.clone(),
            source_name: self.source_name.clone(),
            version_label: self.version_label.clone(),
            retention_hours: self.retention_hours,
            spread: target.spread(),
        })
    }

    fn position(&self, is_it: impl Fn(&OutputRole) -> bool) -> Option<usize> {
        self.targets.iter().position(is_it)
    }
}
