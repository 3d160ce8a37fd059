//! Stores, finds and lists alerts.

use uuid::Uuid;

use crate::{
    domain::{
        Duration, Error, Page, Result,
        alert::{Alert, AlertLevel},
        page::Listed,
    },
    store::{
        conflict::{OnTaken, id_taken, name_taken},
        engine::{Connection, OptionalExtension, Row, RowResult, Transaction, Unique},
        filter::Filter,
        row::{FromRow, Json},
    },
};

/// An alert with the properties of the watched job and source that it is judged with.
#[derive(Debug, Clone, PartialEq)]
pub struct WatchedAlert {
    /// The alert.
    pub alert: Alert,
    /// Expected interval between the issues, in minutes. `None` if the source has none.
    pub interval_minutes: Option<i64>,
}

impl WatchedAlert {
    /// Returns the expected interval in microseconds, or 0 if there is none.
    pub fn interval(&self) -> i64 {
        self.interval_minutes.unwrap_or(0).saturating_mul(60_000_000)
    }
}

const SELECT: &str = "SELECT a.id, a.organisation_id, a.name, a.job_id, a.source_id, s.name AS source, a.location_id,
    a.metric, a.stage, a.comparison, a.value, a.clear, a.probability, a.levels, a.within, a.lasting, a.issues, a.tell,
    a.active, a.created_at, a.updated_at, a.revision,
    coalesce(s.expected_interval_minutes, w.expected_interval_minutes) AS interval
    FROM alerts a LEFT JOIN sources s ON s.id = a.source_id LEFT JOIN jobs j ON j.id = a.job_id
    LEFT JOIN source_versions v ON v.id = j.source_version_id LEFT JOIN sources w ON w.id = v.source_id";

impl FromRow for Alert {
    fn from_row(row: &Row<'_>) -> RowResult<Self> {
        let Json::<Vec<AlertLevel>>(levels) = row.get("levels")?;
        Ok(Self {
            id: row.get("id")?,
            organisation_id: row.get("organisation_id")?,
            name: row.get("name")?,
            job_id: row.get("job_id")?,
            source_id: row.get("source_id")?,
            source: row.get("source")?,
            location_id: row.get("location_id")?,
            metric: row.get("metric")?,
            stage: row.get("stage")?,
            when: row.get("comparison")?,
            value: row.get("value")?,
            clear: row.get("clear")?,
            probability: row.get("probability")?,
            levels,
            within: Duration::from_micros(row.get("within")?),
            lasting: Duration::from_micros(row.get("lasting")?),
            issues: row.get("issues")?,
            tell: row.get("tell")?,
            active: row.get("active")?,
            created_at: row.get("created_at")?,
            updated_at: row.get("updated_at")?,
            revision: row.get("revision")?,
        })
    }
}

impl FromRow for WatchedAlert {
    fn from_row(row: &Row<'_>) -> RowResult<Self> {
        Ok(Self {
            alert: Alert::from_row(row)?,
            interval_minutes: row.get("interval")?,
        })
    }
}

/// Returns the alert with the id. `None` if it does not exist.
pub fn find(connection: &Connection, id: Uuid) -> Result<Option<Alert>> {
    Ok(watched(connection, id)?.map(|found| found.alert))
}

/// Returns the alert with the id, with the properties that it is judged with. `None` if it does not exist.
pub fn watched(connection: &Connection, id: Uuid) -> Result<Option<WatchedAlert>> {
    let mut statement = connection.prepare_cached(&format!("{SELECT} WHERE a.id = ?1"))?;
    Ok(statement.query_row([id], WatchedAlert::from_row).optional()?)
}

/// Returns the active alerts that watch the predictions of a job: those of the job, and those of its source.
pub fn watching(connection: &Connection, job_id: Uuid) -> Result<Vec<WatchedAlert>> {
    let mut statement = connection.prepare_cached(&format!(
        "{SELECT} WHERE a.job_id = ?1 AND a.active
            UNION ALL {SELECT} WHERE a.active AND a.source_id = (SELECT x.source_id FROM jobs k
                JOIN source_versions x ON x.id = k.source_version_id WHERE k.id = ?1)
                AND a.organisation_id = (SELECT k.organisation_id FROM jobs k WHERE k.id = ?1)"
    ))?;
    let rows = statement.query_map([job_id], WatchedAlert::from_row)?;
    Ok(rows.collect::<RowResult<_>>()?)
}

/// Returns the active alerts that watch the predictions of a source in an organisation.
pub fn of_source(connection: &Connection, source_id: Uuid, organisation_id: Uuid) -> Result<Vec<WatchedAlert>> {
    let sql = format!("{SELECT} WHERE a.source_id = ?1 AND a.organisation_id = ?2 AND a.active");
    let mut statement = connection.prepare_cached(&sql)?;
    let rows = statement.query_map((source_id, organisation_id), WatchedAlert::from_row)?;
    Ok(rows.collect::<RowResult<_>>()?)
}

/// Returns a page of alerts in the order of their ids. The other parameters restrict the list if they are given.
pub fn list(
    connection: &Connection,
    organisation_id: Option<Uuid>,
    job_id: Option<Uuid>,
    name: Option<String>,
    page: Page,
) -> Result<Listed<Alert>> {
    Filter::default()
        .equal("a.organisation_id", &organisation_id)
        .such(job_condition(&job_id), &job_id)
        .equal("a.name", &name)
        .page(connection, SELECT, "a.id", &page)
}

/// The condition that an alert watches a job: it is an alert of the job, or of its source.
fn job_condition(job_id: &Option<Uuid>) -> &'static str {
    match job_id {
        Some(_) => {
            "a.job_id = ? OR (a.source_id = (SELECT x.source_id FROM jobs k JOIN source_versions x
                ON x.id = k.source_version_id WHERE k.id = ?)
                AND a.organisation_id = (SELECT k.organisation_id FROM jobs k WHERE k.id = ?))"
        }
        None => "",
    }
}

/// Inserts an alert.
///
/// # Errors
/// [`Error::Conflict`] if the id is taken, or the name is taken in the organisation.
pub fn insert(tx: &Transaction<'_>, alert: &Alert) -> Result<()> {
    let Alert {
        id, organisation_id, ..
    } = alert;
    tx.prepare_cached(
        "INSERT INTO alerts (id, organisation_id, name, job_id, source_id, location_id, metric, stage, comparison,
            value, clear, probability, levels, within, lasting, issues, tell, active, created_at, updated_at, revision)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21)",
    )?
    .execute((
        id,
        organisation_id,
        &alert.name,
        alert.job_id,
        alert.source_id,
        alert.location_id,
        &alert.metric,
        &alert.stage,
        alert.when,
        alert.value,
        alert.clear,
        alert.probability,
        Json(&alert.levels),
        alert.within.micros(),
        alert.lasting.micros(),
        alert.issues,
        alert.tell,
        alert.active,
        alert.created_at,
        alert.updated_at,
        alert.revision,
    ))
    .on_taken(tx, |unique| match unique {
        Unique::AlertId => {
            let own = "SELECT 1 FROM alerts WHERE id = ?1 AND organisation_id = ?2";
            id_taken(tx, "alert", *id, own, (id, organisation_id))
        }
        _ => taken(tx, alert),
    })?;
    Ok(())
}

/// Stores the changed fields of an alert.
///
/// # Errors
/// [`Error::Conflict`] if the name is taken in the organisation.
pub fn update(tx: &Transaction<'_>, alert: &Alert) -> Result<()> {
    tx.prepare_cached(
        "UPDATE alerts SET name = ?2, comparison = ?3, value = ?4, clear = ?5, probability = ?6, levels = ?7, within = ?8,
            lasting = ?9, issues = ?10, tell = ?11, active = ?12, updated_at = ?13, revision = ?14 WHERE id = ?1",
    )?
    .execute((
        alert.id,
        &alert.name,
        alert.when,
        alert.value,
        alert.clear,
        alert.probability,
        Json(&alert.levels),
        alert.within.micros(),
        alert.lasting.micros(),
        alert.issues,
        alert.tell,
        alert.active,
        alert.updated_at,
        alert.revision,
    ))
    .on_taken(tx, |_| taken(tx, alert))?;
    Ok(())
}

/// Deletes an alert with its states and transitions.
pub fn delete(tx: &Transaction<'_>, id: Uuid) -> Result<()> {
    tx.prepare_cached("DELETE FROM alerts WHERE id = ?1")?.execute([id])?;
    Ok(())
}

fn taken(tx: &Transaction<'_>, alert: &Alert) -> Result<Error> {
    let holder = "SELECT id FROM alerts WHERE organisation_id = ?1 AND name = ?2";
    name_taken(tx, "alert", &alert.name, holder, (alert.organisation_id, &alert.name))
}
