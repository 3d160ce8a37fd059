//! Jobs by their state.

use uuid::Uuid;

use crate::{
    domain::{Result, Timestamp, health::HealthState},
    store::engine::{Connection, Row, RowResult, ToSql},
};

/// Jobs by their state.
pub struct Counted {
    /// Number of jobs in each state.
    pub by_state: Vec<(HealthState, u64)>,
    /// The jobs that are not counted in `by_state`, because their state may have changed with time since it was stored.
    pub open: Vec<Uuid>,
}

const AND_OF_ORGANISATION: &str = "AND j.organisation_id = ?2";

const OF_ALL: &str = "FROM health h WHERE h.role = ''";

/// With `CROSS JOIN` SQLite begins with the jobs of the organisation. It would begin with the states of all organisations
/// otherwise, because their index has the order of the groups.
const OF_ORGANISATION: &str =
    "FROM jobs j CROSS JOIN health h WHERE h.job_id = j.id AND j.organisation_id = ?2 AND h.role = ''";

/// Counts the jobs of the organisation by their health state at `now`. `None` counts the jobs of all organisations.
pub fn counts(connection: &Connection, organisation_id: Option<Uuid>, now: Timestamp) -> Result<Counted> {
    let from = match organisation_id {
        Some(_) => OF_ORGANISATION,
        None => OF_ALL,
    };
    let parameters = parameters(&now, organisation_id.as_ref());
    let state = |row: &Row<'_>| {
        let jobs: i64 = row.get("jobs")?;
        Ok((row.get("state")?, u64::try_from(jobs).unwrap_or_default()))
    };
    let by_state = connection
        .prepare_cached(&by_state(from))?
        .query_map(parameters.as_slice(), state)?
        .collect::<RowResult<_>>()?;
    let open = connection
        .prepare_cached(&format!("SELECT h.job_id {from} AND h.look_at < ?1"))?
        .query_map(parameters.as_slice(), |row| row.get("job_id"))?
        .collect::<RowResult<_>>()?;
    Ok(Counted { by_state, open })
}

fn by_state(from: &str) -> String {
    format!("SELECT h.state, count(*) AS jobs {from} AND (h.look_at IS NULL OR h.look_at >= ?1) GROUP BY h.state")
}

/// Counts the active jobs of the organisation that have no prediction for `now` or later. Versions on trial do not count.
/// `None` counts the jobs of all
/// organisations.
pub fn not_covering(connection: &Connection, organisation_id: Option<Uuid>, now: Timestamp) -> Result<u64> {
    let of = match organisation_id {
        Some(_) => AND_OF_ORGANISATION,
        None => "",
    };
    let mut statement = connection.prepare_cached(&format!(
        "SELECT count(*) AS jobs FROM jobs j WHERE j.active {of} AND NOT EXISTS (SELECT 1 FROM series s
            WHERE s.job_id = j.id AND s.organisation_id = j.organisation_id AND s.track = 'main' AND s.covers_until >= ?1)"
    ))?;
    let parameters = parameters(&now, organisation_id.as_ref());
    let jobs: i64 = statement.query_row(parameters.as_slice(), |row| row.get("jobs"))?;
    Ok(u64::try_from(jobs).unwrap_or_default())
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

/// Returns the parameters of a statement: the time as ?1, and the organisation, if there is one, as ?2.
fn parameters<'a>(now: &'a Timestamp, organisation_id: Option<&'a Uuid>) -> Vec<&'a dyn ToSql> {
    let of = organisation_id.map(|id| id as &dyn ToSql);
    std::iter::once(now as &dyn ToSql).chain(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::sqlite::traced;

    #[test]
    fn jobs_of_one_organisation_are_counted_without_those_of_others() {
        let folder = tempfile::tempdir().unwrap();
        let connection = traced::database(folder.path());
        let steps = traced::plan(&connection, &by_state(OF_ORGANISATION));
        assert!(steps[0].contains("(organisation_id=?)"), "{steps:?}");
        assert!(steps[1].contains("(job_id=?"), "{steps:?}");
    }
}
