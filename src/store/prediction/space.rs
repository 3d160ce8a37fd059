//! Measures the space that the predictions of each source take.

use crate::{
    domain::{Result, space::SourceSpace},
    store::{
        engine::{Connection, Row, RowResult},
        row::FromRow,
    },
};

impl FromRow for SourceSpace {
    fn from_row(row: &Row<'_>) -> RowResult<Self> {
        Ok(Self {
            source_id: row.get("source_id")?,
            source: row.get("source")?,
            runs: row.get("runs")?,
            predictions: row.get("predictions")?,
            bytes: row.get("bytes")?,
            oldest: row.get("oldest")?,
            newest: row.get("newest")?,
            retention_hours: row.get("retention_hours")?,
        })
    }
}

/// Returns the space of each source with predictions, the largest first. Reads every run, but not its values.
pub fn by_source(connection: &Connection) -> Result<Vec<SourceSpace>> {
    let sql = "SELECT s.source_id, min(s.source_name) AS source, count(*) AS runs,
            CAST(sum(r.count) AS BIGINT) AS predictions, CAST(sum(length(r.payload)) AS BIGINT) AS bytes,
            min(r.valid_from) AS oldest, max(r.valid_to) AS newest, max(s.retention_hours) AS retention_hours
        FROM series s JOIN runs r ON r.series_id = s.id GROUP BY s.source_id ORDER BY bytes DESC, s.source_id";
    let mut statement = connection.prepare(sql)?;
    let rows = statement.query_map([], SourceSpace::from_row)?;
    Ok(rows.collect::<RowResult<_>>()?)
}
