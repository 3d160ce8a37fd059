//! Counts jobs by their health state.
//!
//! The table `health_counts` has the number of all jobs in each state. It is changed in the transaction that changes the
//! health of a job, so that a count reads a few rows, and not those of all jobs: with 100,000 jobs it took 108 ms.
//! The writes of all processes follow one another, so that its rows keep no writer waiting.

use uuid::Uuid;

use crate::{
    domain::{
        Result, Timestamp,
        health::{HealthState, JobsInState},
    },
    store::{
        engine::{Connection, OptionalExtension, Row, RowResult, ToSql, Transaction},
        row::FromRow,
    },
};

/// Jobs by their state.
pub struct Counted {
    /// Number of jobs in each state.
    pub jobs: Vec<JobsInState>,
    /// The jobs that are not counted in `jobs`, because their state may have changed with time since it was stored.
    pub open: Vec<Uuid>,
}

const OF_ALL: &str = "SELECT state, jobs, covering FROM health_counts";

/// With `CROSS JOIN` SQLite begins with the jobs of the organisation, and not with the states of all.
const OF_ORGANISATION: &str = "SELECT h.state, count(*) AS jobs,
        CAST(sum(CASE WHEN h.covers_now THEN 1 ELSE 0 END) AS BIGINT) AS covering
        FROM jobs j CROSS JOIN health h
        WHERE h.job_id = j.id AND j.organisation_id = ?1 AND h.role = '' GROUP BY h.state";

/// The role is not in the condition, so that SQLite finds the rows by their time.
const OPEN: &str = "SELECT job_id, role, state, covers_now FROM health WHERE look_at < ?1";

const OPEN_OF_ORGANISATION: &str = "SELECT h.job_id, h.role, h.state, h.covers_now FROM jobs j CROSS JOIN health h
    WHERE h.job_id = j.id AND j.organisation_id = ?2 AND h.role = '' AND h.look_at < ?1";

impl FromRow for JobsInState {
    fn from_row(row: &Row<'_>) -> RowResult<Self> {
        let (jobs, covering): (i64, i64) = (row.get("jobs")?, row.get("covering")?);
        Ok(Self {
            state: row.get("state")?,
            jobs: u64::try_from(jobs).unwrap_or_default(),
            covering: u64::try_from(covering).unwrap_or_default(),
        })
    }
}

/// Counts the jobs of the organisation by their health state at `now`. `None` counts the jobs of all organisations.
pub fn counts(connection: &Connection, organisation_id: Option<Uuid>, now: Timestamp) -> Result<Counted> {
    let (counted, due) = match organisation_id {
        None => (OF_ALL, OPEN),
        Some(_) => (OF_ORGANISATION, OPEN_OF_ORGANISATION),
    };
    let of: Vec<_> = organisation_id.iter().map(|id| id as &dyn ToSql).collect();
    let mut jobs = connection
        .prepare_cached(counted)?
        .query_map(of.as_slice(), JobsInState::from_row)?
        .collect::<RowResult<Vec<_>>>()?;
    let of: Vec<_> = std::iter::once(&now as &dyn ToSql).chain(of).collect();
    let due: Vec<(Uuid, String, Stored)> = connection
        .prepare_cached(due)?
        .query_map(of.as_slice(), |row| {
            Ok((row.get("job_id")?, row.get("role")?, stored(row)?))
        })?
        .collect::<RowResult<_>>()?;
    let mut open = Vec::new();
    for (id, _, (state, covers_now)) in due.into_iter().filter(|(_, role, _)| role.is_empty()) {
        open.push(id);
        for jobs in jobs.iter_mut().filter(|jobs| jobs.state == state) {
            *jobs = jobs.without(covers_now);
        }
    }
    Ok(Counted { jobs, open })
}

/// The stored health of a job as a whole, by which it is counted: its state, and whether its predictions reach the
/// present.
type Stored = (HealthState, bool);

fn stored(row: &Row<'_>) -> RowResult<Stored> {
    Ok((row.get("state")?, row.get("covers_now")?))
}

/// Adds `jobs` jobs with the stored health to the counts.
pub(super) fn change(tx: &Transaction<'_>, (state, covers_now): Stored, jobs: i64) -> Result<()> {
    let covering = if covers_now { jobs } else { 0 };
    tx.prepare_cached(
        "INSERT INTO health_counts (state, jobs, covering) VALUES (?1, ?2, ?3) ON CONFLICT (state)
            DO UPDATE SET jobs = health_counts.jobs + ?2, covering = health_counts.covering + ?3",
    )?
    .execute((state, jobs, covering))?;
    Ok(())
}

/// Takes a job that is about to be deleted out of the counts.
pub fn uncount(tx: &Transaction<'_>, job_id: Uuid) -> Result<()> {
    let kept = tx
        .prepare_cached("SELECT state, covers_now FROM health WHERE job_id = ?1 AND role = ''")?
        .query_row([job_id], stored)
        .optional()?;
    match kept {
        Some(kept) => change(tx, kept, -1),
        None => Ok(()),
    }
}

const COUNT: &str = "SELECT state, count(*) AS jobs,
    CAST(sum(CASE WHEN covers_now THEN 1 ELSE 0 END) AS BIGINT) AS covering FROM health WHERE role = '' GROUP BY state";

/// Counts the jobs anew, after an import has stored their health. An export of an earlier release does not contain
/// whether the predictions of a job reach the present.
pub fn recount(tx: &Transaction<'_>, now: Timestamp) -> Result<()> {
    tx.prepare(
        "UPDATE health SET covers_now = TRUE, look_at = (
                SELECT CASE WHEN health.look_at < max(s.covers_until) THEN health.look_at ELSE max(s.covers_until) END
                FROM jobs j JOIN series s ON s.job_id = j.id AND s.organisation_id = j.organisation_id
                WHERE j.id = health.job_id AND s.track = 'main')
            WHERE role = '' AND EXISTS (SELECT 1 FROM jobs j
                JOIN series s ON s.job_id = j.id AND s.organisation_id = j.organisation_id
                WHERE j.id = health.job_id AND j.active AND s.track = 'main' AND s.covers_until >= ?1)",
    )?
    .execute([now])?;
    tx.prepare("DELETE FROM health_counts")?.execute([])?;
    tx.prepare(&format!("INSERT INTO health_counts (state, jobs, covering) {COUNT}"))?
        .execute([])?;
    Ok(())
}

/// Returns the states whose stored count differs from the number of jobs.
pub fn miscounted(connection: &Connection) -> Result<Vec<String>> {
    let sql = format!(
        "SELECT coalesce(c.state, f.state) AS state FROM health_counts c FULL JOIN ({COUNT}) f ON f.state = c.state
            WHERE coalesce(c.jobs, 0) <> coalesce(f.jobs, 0) OR coalesce(c.covering, 0) <> coalesce(f.covering, 0)
            ORDER BY 1"
    );
    let mut statement = connection.prepare(&sql)?;
    let rows = statement.query_map([], |row| row.get("state"))?;
    Ok(rows.collect::<RowResult<_>>()?)
}

/// Returns the SQL condition that selects the jobs `j` that may be in one of the health states at the time `?`. The
/// condition `roles` selects either the state of the job as a whole or the states of its targets. The result is empty
/// if `states` is empty.
pub fn in_state(roles: &str, states: &[HealthState]) -> String {
    if states.is_empty() {
        return String::new();
    }
    let names: Vec<_> = states.iter().map(|state| format!("'{}'", state.as_str())).collect();
    let states = names.join(", ");
    format!("EXISTS (SELECT 1 FROM health WHERE job_id = j.id AND {roles} AND (state IN ({states}) OR look_at < ?))")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::sqlite::traced;

    #[test]
    fn jobs_of_one_organisation_are_counted_without_those_of_others() {
        let folder = tempfile::tempdir().unwrap();
        let connection = traced::database(folder.path());
        for sql in [OF_ORGANISATION, OPEN_OF_ORGANISATION] {
            let steps = traced::plan(&connection, sql);
            assert!(steps[0].contains("(organisation_id=?)"), "{steps:?}");
            assert!(steps[1].contains("(job_id=?"), "{steps:?}");
        }
    }

    #[test]
    fn jobs_of_all_organisations_are_counted_without_a_look_at_each() {
        let folder = tempfile::tempdir().unwrap();
        let connection = traced::database(folder.path());
        let open = traced::plan(&connection, OPEN);
        assert!(open[0].contains("health_to_look_at (look_at<?)"), "{open:?}");
        let counted = traced::plan(&connection, OF_ALL);
        assert_eq!(counted, ["SCAN health_counts"]);
    }
}
