//! Jobs: managers change and delete the jobs of their organisation, and workers fetch the jobs of the source version
//! that they run. `job_setup` creates jobs.

use uuid::Uuid;

use super::{
    App, audit, health,
    job_cache::{self, CachedJobs},
    job_view::{WHAT, answer, visible},
    source_version,
};
use crate::{
    domain::{
        Caller, Error, Page, Result, Role, Timestamp,
        job::{Job, JobChange, JobFilter},
        job_history::{JobHistoryEntry, is_entered},
        job_setup,
        page::Listed,
        patch::Expected,
        shadow,
        track::Track,
    },
    store::{clock, engine::Connection, job, job_setup::gather_change},
};

/// Returns the job with this id.
///
/// # Errors
/// Not found: the job does not exist, or the caller cannot see it.
pub fn get(app: &App, caller: &Caller, id: Uuid) -> Result<Job> {
    job_cache::get(app, caller, id)
}

/// Returns a page of the jobs that match the filter and that the caller can see.
pub async fn list(app: &App, caller: &Caller, mut filter: JobFilter, page: Page) -> Result<Listed<Job>> {
    filter.organisation_id = caller.scope(filter.organisation_id)?;
    let cached = CachedJobs::of(app);
    app.read_list(move |connection, now| answer_all(&cached, connection, &filter, page, now))
        .await
}

/// Returns a page of the active jobs that run one source version, as their version or on trial, and that the caller can
/// see. These are the jobs that a worker for this version must run.
pub async fn list_for_version(app: &App, caller: &Caller, version: Uuid, page: Page) -> Result<Listed<Job>> {
    let (caller, cached) = (caller.clone(), CachedJobs::of(app));
    app.read_list(move |connection, now| {
        let runs = source_version::visible(connection, &caller, version)?;
        let filter = JobFilter {
            organisation_id: caller.organisation_id,
            run_by_version: Some(version),
            active: Some(true),
            ..JobFilter::default()
        };
        let mut listed = answer_all(&cached, connection, &filter, page, now)?;
        for job in listed.items.iter_mut().filter(|job| job.source_version_id != version) {
            job.track = Some(Track::Shadow);
            job.job_targets.clone_from(&runs.output_roles);
        }
        Ok(listed)
    })
    .await
}

/// Changes a job. Requires the role manager. If the bindings or the source version change, the bindings are checked
/// against the contract of the version, and new bindings also against those of the versions on trial. If the job is
/// pinned to a version on trial, that trial ends.
///
/// # Errors
/// Not found: the job. Invalid: the bindings do not match a contract. Conflict: the name is taken in the
/// organisation.
pub async fn update(app: &App, caller: &Caller, id: Uuid, expected: Expected, mut change: JobChange) -> Result<Job> {
    caller.needs(Role::Manager)?;
    change.check()?;
    let caller = caller.clone();
    app.write_catalogue(move |tx, now| {
        let before = visible(tx, &caller, id)?;
        expected.check(before.id, before.revision)?;
        let is_repinned = change
            .source_version_id
            .is_some_and(|id| id != before.source_version_id);
        // Unchanged bindings to an unchanged source version are not checked again.
        let bindings = match &change.role_bindings {
            Some(bindings) => bindings.as_slice(),
            None if is_repinned => &before.role_bindings,
            None => &[],
        };
        let location = change.location_id.value().copied();
        let shadows = job::shadows(tx, id)?;
        let trials = shadows.iter().map(|shadow| shadow.source_version_id);
        let versions = trials.chain(change.source_version_id).collect();
        let things = gather_change(tx, &before, versions, location, bindings)?;
        let found = job_setup::change(&before, &shadows, change, &things, now)?;
        let mut ended = None;
        health::with_reassessment(tx, &[id], now, || {
            job::update(tx, &found)?;
            if job::delete_shadow(tx, id, found.source_version_id)? {
                ended = Some(found.source_version_id);
            }
            if is_entered(&before, &found) {
                job::enter(tx, &found, clock::stamp(tx, now)?, &caller.name, None)?;
            }
            if found.active && !before.active {
                health::resume(tx, id, now)?;
            }
            Ok(())
        })?;
        audit::by(tx, &caller, now).changed_and(&before, &found, shadow::trail(None, ended, None))?;
        answer(tx, found, now)
    })
    .await
}

/// Returns the history of a job, newest first. A deleted job has one as long as any of its predictions is stored.
/// `before` is the last number of the previous page.
///
/// # Errors
/// Not found: the job.
pub async fn history(
    app: &App,
    caller: &Caller,
    id: Uuid,
    before: Option<i64>,
    limit: usize,
) -> Result<Listed<JobHistoryEntry>> {
    let caller = caller.clone();
    app.read_blocking(move |connection, _| {
        let owner = match job::owner(connection, id)? {
            Some(owner) => Some(owner),
            None => job::owners(connection, id)?
                .into_iter()
                .find(|owner| caller.must_see(Some(*owner), WHAT, id).is_ok()),
        };
        let not_found = || Error::NotFound { what: WHAT, id };
        let owner = owner.ok_or_else(not_found)?;
        caller.must_see(Some(owner), WHAT, id)?;
        job::entries(connection, owner, id, before, limit)
    })
    .await
}

/// Deletes a job. Requires the role manager. Predictions for the job can be read until their retention ends.
pub async fn delete(app: &App, caller: &Caller, id: Uuid, expected: Expected) -> Result<()> {
    caller.needs(Role::Manager)?;
    let caller = caller.clone();
    app.delete_catalogue(move |tx, now| {
        let found = visible(tx, &caller, id)?;
        expected.check(found.id, found.revision)?;
        audit::by(tx, &caller, now).deleted(&found)?;
        job::delete(tx, id, found.organisation_id)
    })
    .await
}

fn answer_all(
    cached: &CachedJobs,
    connection: &Connection,
    filter: &JobFilter,
    mut page: Page,
    now: Timestamp,
) -> Result<Listed<Job>> {
    let mut answers = Vec::new();
    loop {
        let Listed { items: ids, more } = job::list(connection, filter, page, now)?;
        page.after = ids.last().copied();
        // The query also returns jobs whose stored health state is outdated. They are checked with the current state.
        let jobs = cached.answer(connection, &ids, now)?;
        answers.extend(jobs.into_iter().filter(|job| filter.admits(&job.health)));
        if !more || answers.len() > page.limit {
            return Ok(Listed::cut(answers, page.limit));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::sqlite::traced;

    /// Two sensors at one location, and jobs that bind both and have posted two metrics.
    fn fill(connection: &Connection, jobs: usize) {
        let sql = "
            INSERT INTO organisations VALUES (x'01', 'Home', 0, 0, 1);
            INSERT INTO locations (id, organisation_id, name, latitude, longitude, placeholder, created_at, updated_at, revision)
                VALUES (zeroblob(16), x'01', 'Field', 0, 0, 0, 0, 0, 1);
            INSERT INTO sensors (id, organisation_id, name, metric, location_id, placeholder, created_at, updated_at, revision)
                VALUES (randomblob(16), x'01', 'a', 'm', zeroblob(16), 0, 0, 0, 1), (randomblob(16), x'01', 'b', 'm', zeroblob(16), 0, 0, 0, 1);
            INSERT INTO sources (id, name, created_at, updated_at, revision) VALUES (zeroblob(16), 'source', 0, 0, 1);
            INSERT INTO source_versions (id, source_id, version, input_roles, output_roles, created_at, revision)
                VALUES (zeroblob(16), zeroblob(16), '1', '[]', '[]', 0, 1);
            UPDATE organisations SET id = zeroblob(16); UPDATE locations SET organisation_id = zeroblob(16);
            UPDATE sensors SET organisation_id = zeroblob(16);
            WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < JOBS)
                INSERT INTO jobs SELECT randomblob(16), zeroblob(16), 'job ' || n, 1, zeroblob(16), NULL, 0, 0, 1 FROM n;
            INSERT INTO role_bindings SELECT j.id, s.name, 0, 'sensor', s.id FROM jobs j, sensors s;
            INSERT INTO health (job_id, role, state, since, watched_from) SELECT id, '', 'on_time', 0, 0 FROM jobs;
            INSERT INTO series (organisation_id, source_id, source_version_id, job_id, metric, stage, source_name,
                version_label, newest_issue, newest_arrival, covers_until)
                SELECT zeroblob(16), zeroblob(16), zeroblob(16), j.id, m.column1, '', 'source', '1', 0, 0, 7
                FROM jobs j, (VALUES ('a'), ('b')) m;";
        connection.execute_batch("PRAGMA foreign_keys = OFF").unwrap();
        connection
            .execute_batch(&sql.replace("JOBS", &jobs.to_string()))
            .unwrap();
    }

    /// Returns the number of statements that a page of jobs takes.
    fn statements(jobs: usize) -> usize {
        let folder = tempfile::tempdir().unwrap();
        let connection = traced::database(folder.path());
        fill(&connection, jobs);
        let page = Page {
            after: None,
            limit: jobs,
        };
        let (filter, now) = (JobFilter::default(), Timestamp::from_micros(0));
        let cached = CachedJobs::empty();
        let answer = || answer_all(&cached, &connection, &filter, page, now);
        let (statements, listed) = traced::statements(&connection, answer);
        let listed = listed.unwrap();
        let (again, repeated) = traced::statements(&connection, answer);
        assert_eq!((again, repeated.unwrap().items), (1, listed.items.clone()));
        assert_eq!((listed.items.len(), listed.more), (jobs, false));
        for job in listed.items {
            assert_eq!(job.role_bindings.len(), 2);
            assert_eq!(job.location_id, Some(Uuid::nil()));
            assert_eq!(job.health.whole.covers_until, Some(Timestamp::from_micros(7)));
        }
        statements
    }

    #[test]
    fn a_page_takes_as_many_statements_for_a_thousand_jobs_as_for_ten() {
        // The ninth statement reads the versions on trial.
        assert_eq!(statements(10), 9);
        assert_eq!(statements(1000), 9);
        // The data of a longer page of jobs is read in batches of 1,024.
        assert_eq!(statements(2000), 14);
    }
}
