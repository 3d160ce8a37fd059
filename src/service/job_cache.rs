//! Reads jobs through a cache, because workers and dashboards read jobs often, and jobs change rarely.

use std::{collections::HashMap, sync::Arc};

use uuid::Uuid;

use super::{App, job_view::find};
use crate::{
    domain::{
        Caller, Result, Timestamp,
        health::Vitals,
        job::{Job, JobContext, JobRecord},
    },
    store::{Cache, engine::Connection, health, job},
};

/// A job as stored, and the further data that a response about it contains, except its health.
pub struct CachedJob {
    job: JobRecord,
    context: JobContext,
}

impl CachedJob {
    fn read(connection: &Connection, id: Uuid) -> Result<Self> {
        let job = find(connection, id)?;
        let context = job::context(connection, &job)?;
        Ok(Self { job, context })
    }

    fn answer(&self, vitals: &Vitals, now: Timestamp) -> Job {
        self.job.clone().answer(self.context.clone(), vitals, now)
    }
}

/// Returns the job with this id as the API shows it.
///
/// # Errors
/// Not found: the job does not exist, or the caller cannot see it.
pub(super) fn get(app: &App, caller: &Caller, id: Uuid) -> Result<Job> {
    let now = app.now();
    let found = app.jobs.get(id, now, || {
        app.read_inline(|connection, _| CachedJob::read(connection, id).map(Arc::new))
    })?;
    caller.must_see(Some(found.job.organisation_id), super::job_view::WHAT, id)?;
    let vitals = app.vitals.get(id, now, || {
        app.read_inline(|connection, _| health::vitals(connection, id).map(Arc::new))
    })?;
    Ok(found.answer(&vitals, now))
}

/// Caches for reading the jobs of a list. Each cache comes with the value that its change counter had before the list's
/// transaction began. Vitals are the data that a job's health is computed from.
pub(super) struct CachedJobs {
    jobs: (Cache<Uuid, Arc<CachedJob>>, u64),
    vitals: (Cache<Uuid, Arc<Vitals>>, u64),
}

impl CachedJobs {
    /// Reads the change counters. Must be called before the transaction of the list begins.
    pub fn of(app: &App) -> Self {
        Self {
            jobs: (app.jobs.clone(), app.jobs.changes()),
            vitals: (app.vitals.clone(), app.vitals.changes()),
        }
    }

    /// Returns the jobs with these ids as the API shows them, in the order of `ids`. Ids of jobs that do not exist are
    /// left out.
    pub fn answer(&self, connection: &Connection, ids: &[Uuid], now: Timestamp) -> Result<Vec<Job>> {
        let (cache, changes) = &self.jobs;
        let jobs = cache.get_all(*changes, ids, now, |missing| read_jobs(connection, missing))?;
        let (cache, changes) = &self.vitals;
        let vitals = cache.get_all(*changes, ids, now, |missing| read_vitals(connection, missing))?;
        let answer = |id| Some(jobs.get(id)?.answer(vitals.get(id)?, now));
        Ok(ids.iter().filter_map(answer).collect())
    }

    #[cfg(test)]
    pub fn empty() -> Self {
        use crate::store::Freshness;

        Self {
            jobs: (Cache::new(Freshness::Second, Arc::default()), 0),
            vitals: (Cache::new(Freshness::Second, Arc::default()), 0),
        }
    }
}

fn read_vitals(connection: &Connection, ids: &[Uuid]) -> Result<HashMap<Uuid, Arc<Vitals>>> {
    let found = health::vitals_of(connection, ids)?.into_iter();
    Ok(found.map(|(id, vitals)| (id, Arc::new(vitals))).collect())
}

fn read_jobs(connection: &Connection, ids: &[Uuid]) -> Result<HashMap<Uuid, Arc<CachedJob>>> {
    let jobs = job::find_all(connection, ids)?;
    let contexts = job::contexts(connection, &jobs)?;
    let cached = |(job, context): (JobRecord, JobContext)| (job.id, Arc::new(CachedJob { job, context }));
    Ok(jobs.into_iter().zip(contexts).map(cached).collect())
}
