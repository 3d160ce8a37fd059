//! Stores and finds the states of alerts.

use uuid::Uuid;

use crate::{
    domain::{
        Result, Timestamp,
        alert::{AlertKey, AlertStanding, Severity},
        page::Listed,
        text::Stage,
    },
    store::{
        engine::{Connection, OptionalExtension, Row, RowResult, ToSql, Transaction, params_from_iter},
        row::FromRow,
    },
};

/// The number that stands for a severity.
fn number(severity: Severity) -> i64 {
    match severity {
        Severity::Clear => -2,
        Severity::Raised => -1,
        Severity::Level(index) => i64::try_from(index).unwrap_or(i64::MAX),
    }
}

fn severity(number: i64) -> Severity {
    match usize::try_from(number) {
        Ok(index) => Severity::Level(index),
        Err(_) if number == -1 => Severity::Raised,
        Err(_) => Severity::Clear,
    }
}

/// The columns of a key: the nil id and the empty text stand for none.
pub(super) fn columns(key: &AlertKey) -> (Uuid, Uuid, &str) {
    (
        key.job_id.unwrap_or_default(),
        key.location_id.unwrap_or_default(),
        key.stage.as_ref().map_or("", Stage::as_str),
    )
}

impl FromRow for AlertKey {
    fn from_row(row: &Row<'_>) -> RowResult<Self> {
        let some = |id: Uuid| (!id.is_nil()).then_some(id);
        let stage: String = row.get("stage")?;
        Ok(Self {
            job_id: some(row.get("job_id")?),
            location_id: some(row.get("location_id")?),
            stage: (!stage.is_empty()).then(|| Stage::new(stage)),
        })
    }
}

impl FromRow for AlertStanding {
    fn from_row(row: &Row<'_>) -> RowResult<Self> {
        Ok(Self {
            severity: severity(row.get("severity")?),
            told: severity(row.get("told")?),
            since: row.get("since")?,
            look_at: row.get("look_at")?,
        })
    }
}

/// Returns the stored state of an alert for a key. `None` if it was not judged yet.
pub fn standing(connection: &Connection, alert_id: Uuid, key: &AlertKey) -> Result<Option<AlertStanding>> {
    let mut statement = connection.prepare_cached(
        "SELECT severity, told, since, look_at FROM alert_states
            WHERE alert_id = ?1 AND job_id = ?2 AND location_id = ?3 AND stage = ?4",
    )?;
    let (job_id, location_id, stage) = columns(key);
    Ok(statement
        .query_row((alert_id, job_id, location_id, stage), AlertStanding::from_row)
        .optional()?)
}

/// Returns all stored states of an alert.
pub fn standings(connection: &Connection, alert_id: Uuid) -> Result<Vec<(AlertKey, AlertStanding)>> {
    let mut statement = connection.prepare_cached(
        "SELECT job_id, location_id, stage, severity, told, since, look_at FROM alert_states WHERE alert_id = ?1",
    )?;
    let rows = statement.query_map([alert_id], |row| {
        Ok((AlertKey::from_row(row)?, AlertStanding::from_row(row)?))
    })?;
    Ok(rows.collect::<RowResult<_>>()?)
}

/// Stores the state of an alert for a key.
pub fn store(tx: &Transaction<'_>, alert_id: Uuid, key: &AlertKey, standing: &AlertStanding) -> Result<()> {
    let (job_id, location_id, stage) = columns(key);
    tx.prepare_cached(
        "INSERT INTO alert_states (alert_id, job_id, location_id, stage, severity, told, since, look_at)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
            ON CONFLICT (alert_id, job_id, location_id, stage) DO UPDATE SET severity = excluded.severity,
                told = excluded.told, since = excluded.since, look_at = excluded.look_at",
    )?
    .execute((
        alert_id,
        job_id,
        location_id,
        stage,
        number(standing.severity),
        number(standing.told),
        standing.since,
        standing.look_at,
    ))?;
    Ok(())
}

/// Returns the states that may change because time has passed, those that are due first. At most `limit` are returned.
pub fn due(connection: &Connection, now: Timestamp, limit: usize) -> Result<Listed<(Uuid, AlertKey)>> {
    let mut statement = connection.prepare_cached(
        "SELECT alert_id, job_id, location_id, stage FROM alert_states WHERE look_at <= ?1 ORDER BY look_at LIMIT ?2",
    )?;
    let most = i64::try_from(limit + 1).unwrap_or(i64::MAX);
    let rows = statement.query_map((now, most), |row| Ok((row.get("alert_id")?, AlertKey::from_row(row)?)))?;
    Ok(Listed::cut(rows.collect::<RowResult<_>>()?, limit))
}

/// Postpones the next judgement of a state to `until`, because the alert cannot be judged now. `None` means that time
/// alone does not lead to a judgement.
pub fn postpone(tx: &Transaction<'_>, alert_id: Uuid, key: &AlertKey, until: Option<Timestamp>) -> Result<()> {
    let (job_id, location_id, stage) = columns(key);
    tx.prepare_cached(
        "UPDATE alert_states SET look_at = ?5
            WHERE alert_id = ?1 AND job_id = ?2 AND location_id = ?3 AND stage = ?4 AND look_at IS NOT NULL",
    )?
    .execute((alert_id, job_id, location_id, stage, until))?;
    Ok(())
}

/// Makes time pass without effect for the states of an inactive alert.
pub fn put_to_sleep(tx: &Transaction<'_>, alert_id: Uuid) -> Result<()> {
    tx.prepare_cached("UPDATE alert_states SET look_at = NULL WHERE alert_id = ?1 AND look_at IS NOT NULL")?
        .execute([alert_id])?;
    Ok(())
}

/// A stored state with the alert that it is of.
#[derive(Debug, Clone, PartialEq)]
pub struct StateRow {
    /// Id of the alert.
    pub alert_id: Uuid,
    /// Predictions that the alert was judged for.
    pub key: AlertKey,
    /// State.
    pub standing: AlertStanding,
}

impl FromRow for StateRow {
    fn from_row(row: &Row<'_>) -> RowResult<Self> {
        Ok(Self {
            alert_id: row.get("alert_id")?,
            key: AlertKey::from_row(row)?,
            standing: AlertStanding::from_row(row)?,
        })
    }
}

/// Conditions on the states to list. `None` is no condition.
#[derive(Debug, Clone, Default)]
pub struct StatesFilter {
    /// Organisation of the alert.
    pub organisation_id: Option<Uuid>,
    /// The alert.
    pub alert_id: Option<Uuid>,
    /// Job of the predictions.
    pub job_id: Option<Uuid>,
    /// Location of the predictions.
    pub location_id: Option<Uuid>,
    /// Whether the alert is raised.
    pub is_raised: Option<bool>,
    /// Last state of the previous page.
    pub after: Option<(Uuid, AlertKey)>,
}

/// Returns a page of states, ordered by alert and key.
pub fn states(connection: &Connection, filter: &StatesFilter, limit: usize) -> Result<Listed<StateRow>> {
    let after = filter.after.as_ref().map(|(alert_id, key)| (*alert_id, columns(key)));
    let after = after.map(|(alert_id, (job_id, location_id, stage))| (alert_id, job_id, location_id, stage));
    let mut conditions: Vec<String> = Vec::new();
    let mut values: Vec<&dyn ToSql> = Vec::new();
    let equal = [
        ("a.organisation_id", &filter.organisation_id),
        ("t.alert_id", &filter.alert_id),
        ("t.job_id", &filter.job_id),
        ("t.location_id", &filter.location_id),
    ];
    for (column, value) in equal {
        if let Some(value) = value {
            values.push(value);
            conditions.push(format!("{column} = ?{}", values.len()));
        }
    }
    match filter.is_raised {
        Some(true) => conditions.push("t.severity > -2".to_owned()),
        Some(false) => conditions.push("t.severity = -2".to_owned()),
        None => {}
    }
    if let Some((alert_id, job_id, location_id, stage)) = &after {
        let next = values.len() + 1;
        values.extend([alert_id as &dyn ToSql, job_id, location_id, stage]);
        conditions.push(format!(
            "(t.alert_id, t.job_id, t.location_id, t.stage) > (?{next}, ?{}, ?{}, ?{})",
            next + 1,
            next + 2,
            next + 3
        ));
    }
    let most = i64::try_from(limit + 1).unwrap_or(i64::MAX);
    values.push(&most);
    let conditions: String = conditions.iter().map(|condition| format!(" AND {condition}")).collect();
    let sql = format!(
        "SELECT t.alert_id, t.job_id, t.location_id, t.stage, t.severity, t.told, t.since, t.look_at
            FROM alert_states t JOIN alerts a ON a.id = t.alert_id WHERE t.severity >= -2{conditions}
            ORDER BY t.alert_id, t.job_id, t.location_id, t.stage LIMIT ?{}",
        values.len()
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let rows = statement.query_map(params_from_iter(values), StateRow::from_row)?;
    Ok(Listed::cut(rows.collect::<RowResult<_>>()?, limit))
}
