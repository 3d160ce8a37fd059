//! The SQL of prediction series. A series groups the runs of one metric and stage, for one job and location, by one
//! source version.

use std::{collections::HashMap, sync::Arc};

use uuid::Uuid;

use crate::{
    domain::{
        Result, Timestamp,
        prediction::{PredictionScope, Series},
        text::Stage,
    },
    store::{
        engine::{Connection, OptionalExtension, Row, RowResult},
        row::FromRow,
        set::{self, Texts},
    },
};

/// The value that the columns `newest_issue` and `covers_until` have if all points of the series are withdrawn.
pub const NOTHING_LEFT: i64 = i64::MIN;

/// Assignment that makes the next sweep look at a series of the statement `UPDATE series`. It stores another number each time.
pub const LOOK_SOON: &str = "sweep_at = CASE WHEN sweep_at <= 0 THEN sweep_at - 1 ELSE 0 END";

/// Identifies a series. Every statement on a series or its runs names the organisation too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SeriesId {
    /// Number of the series, which its runs refer to.
    pub id: i64,
    /// Organisation that the series belongs to.
    pub organisation_id: Uuid,
}

impl FromRow for SeriesId {
    fn from_row(row: &Row<'_>) -> RowResult<Self> {
        Ok(Self {
            id: row.get("id")?,
            organisation_id: row.get("organisation_id")?,
        })
    }
}

/// A row of the table `series`.
#[derive(Clone)]
pub struct SeriesRow {
    /// Number of the series, which its runs refer to.
    pub id: i64,
    /// The properties of the series: its key, its names and its retention.
    pub series: Arc<Series>,
    /// The bounds of the points that are not withdrawn. `None` if all points are withdrawn.
    pub left: Option<Left>,
    /// The latest time at which a run of the series arrived.
    pub newest_available_at: Timestamp,
    /// Last valid_time of its runs, withdrawn or not.
    pub ends_at: Timestamp,
    /// Minimum of valid_from - issue_time of its runs, in microseconds.
    pub shortest_lead: i64,
    /// Maximum of valid_to - issue_time of its runs, in microseconds.
    pub longest_lead: i64,
}

/// The bounds of the points of a series that are not withdrawn.
#[derive(Debug, Clone, Copy)]
pub struct Left {
    /// The newest issue time.
    pub newest_issue: Timestamp,
    /// Last valid_time.
    pub covers_until: Timestamp,
}

/// The columns that [`SeriesRow::read`] expects, in this order.
pub const SERIES_COLUMNS: &str =
    "id, organisation_id, source_id, source_version_id, job_id, location_id, metric, stage, track,
    unit, source_name, version_label, retention_hours, spread, newest_issue, newest_available_at, covers_until,
    shortest_lead, longest_lead, ends_at";

impl SeriesRow {
    /// Number of the [`SERIES_COLUMNS`]: the position of the first column after them.
    pub const WIDTH: usize = 20;

    /// Reads a series from a row that begins with the [`SERIES_COLUMNS`]. Columns are read by position for speed, because every
    /// read of predictions begins with its series: reading them by name took a thirtieth of a read of 1,000 values.
    pub fn read(row: &Row<'_>) -> RowResult<Self> {
        let stage: String = row.get(7)?;
        Ok(Self {
            id: row.get(0)?,
            left: match row.get(14)? {
                NOTHING_LEFT => None,
                newest => Some(Left {
                    newest_issue: Timestamp::from_micros(newest),
                    covers_until: row.get(16)?,
                }),
            },
            newest_available_at: row.get(15)?,
            ends_at: row.get(19)?,
            shortest_lead: row.get(17)?,
            longest_lead: row.get(18)?,
            series: Arc::new(Series {
                organisation_id: row.get(1)?,
                source_id: row.get(2)?,
                source_version_id: row.get(3)?,
                job_id: row.get(4)?,
                location_id: row.get(5)?,
                metric: row.get(6)?,
                stage: (!stage.is_empty()).then(|| Stage::new(stage)),
                track: row.get(8)?,
                unit: row.get(9)?,
                source_name: row.get(10)?,
                version_label: row.get(11)?,
                retention_hours: row.get(12)?,
                spread: row.get(13)?,
            }),
        })
    }
}

/// Returns the organisation that owns the predictions for a job or a location, even if the job or location was deleted.
/// Returns `None` if the organisation was deleted; the sweeper deletes its predictions.
pub fn owner(connection: &Connection, scope: PredictionScope) -> Result<Option<Uuid>> {
    let (column, id) = column(scope);
    let sql = format!(
        "SELECT s.organisation_id FROM series s JOIN organisations o ON o.id = s.organisation_id
            WHERE s.{column} = ?1 LIMIT 1"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    Ok(statement.query_row([id], |row| row.get(0)).optional()?)
}

/// Returns whether the organisation has predictions for a job or a location, even if the job or location was deleted.
pub fn is_known(connection: &Connection, scope: PredictionScope, organisation_id: Uuid) -> Result<bool> {
    let (column, id) = column(scope);
    let sql = format!("SELECT EXISTS (SELECT 1 FROM series WHERE {column} = ?1 AND organisation_id = ?2)");
    let mut statement = connection.prepare_cached(&sql)?;
    Ok(statement.query_row((id, organisation_id), |row| row.get(0))?)
}

static FIND_KNOWN: Texts = Texts::new();

/// Returns the ids of those locations for which the organisation has predictions, even if a location was deleted.
pub fn known_at(connection: &Connection, locations: &[Uuid], organisation_id: Uuid) -> Result<Vec<Uuid>> {
    let piece =
        "SELECT * FROM (SELECT location_id FROM series WHERE location_id = ?1 AND organisation_id = ?2 LIMIT 1) known";
    let mut found = Vec::new();
    set::read_each(
        connection,
        &FIND_KNOWN,
        piece,
        locations,
        |id| [id, &organisation_id],
        |row| {
            found.push(row.get("location_id")?);
            Ok(())
        },
    )?;
    Ok(found)
}

static FIND_OWNERS: Texts = Texts::new();

/// Returns, by location, the organisation that owns the predictions for the location, even if the location was deleted.
/// Locations without predictions, or with predictions of a deleted organisation only, are left out.
pub fn owners_at(connection: &Connection, locations: &[Uuid]) -> Result<HashMap<Uuid, Uuid>> {
    let piece = "SELECT * FROM (SELECT s.location_id, s.organisation_id FROM series s
        JOIN organisations o ON o.id = s.organisation_id WHERE s.location_id = ?1 LIMIT 1) owned";
    let mut found = HashMap::new();
    set::read_each(
        connection,
        &FIND_OWNERS,
        piece,
        locations,
        |id| [id],
        |row| {
            found.insert(row.get("location_id")?, row.get("organisation_id")?);
            Ok(())
        },
    )?;
    Ok(found)
}

/// Returns whether predictions of the organisation are stored, even if the organisation was deleted.
pub fn any_of(connection: &Connection, organisation_id: Uuid) -> Result<bool> {
    let sql = "SELECT EXISTS (SELECT 1 FROM series WHERE organisation_id = ?1)";
    let mut statement = connection.prepare_cached(sql)?;
    Ok(statement.query_row([organisation_id], |row| row.get(0))?)
}

/// Returns whether the source has predictions for another organisation than `owner`, even if the source was deleted.
pub fn any_of_others(connection: &Connection, source_id: Uuid, owner: Uuid) -> Result<bool> {
    let sql = "SELECT EXISTS (SELECT 1 FROM series s JOIN organisations o ON o.id = s.organisation_id
        WHERE s.source_id = ?1 AND s.organisation_id <> ?2)";
    let mut statement = connection.prepare_cached(sql)?;
    Ok(statement.query_row((source_id, owner), |row| row.get(0))?)
}

/// Returns the column of the table `series` that contains the id of the scope, and the id.
pub fn column(scope: PredictionScope) -> (&'static str, Uuid) {
    match scope {
        PredictionScope::Location(id) => ("location_id", id),
        PredictionScope::Job(id) => ("job_id", id),
        PredictionScope::Source(id) => ("source_id", id),
    }
}
