//! Measures the space that the predictions of each source take.

use crate::{
    domain::{Result, space::SourceSpace},
    store::{
        engine::{Connection, OptionalExtension, Row, RowResult},
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

/// The number of series that are measured together, so that a measurement of the whole database, which takes seconds,
/// lets others use the connection again and again.
pub const PART: usize = 500;

/// Returns the space of each source in the next `part` series after the number `after`, and the number after which the
/// next part begins. That is `None` after the last part. Reads every run of these series, but not its values.
pub fn by_source(connection: &Connection, after: i64, part: usize) -> Result<(Vec<SourceSpace>, Option<i64>)> {
    let part = i64::try_from(part).unwrap_or(i64::MAX);
    let next: Option<i64> = connection
        .prepare_cached("SELECT id FROM series WHERE id > ?1 ORDER BY id LIMIT 1 OFFSET ?2")?
        .query_row((after, part - 1), |row| row.get("id"))
        .optional()?;
    let sql = "SELECT s.source_id, min(s.source_name) AS source, count(*) AS runs,
            CAST(sum(r.count) AS BIGINT) AS predictions, CAST(sum(length(r.payload)) AS BIGINT) AS bytes,
            min(r.valid_from) AS oldest, max(r.valid_to) AS newest, max(s.retention_hours) AS retention_hours
        FROM series s JOIN runs r ON r.series_id = s.id /*postgres AND r.organisation_id = s.organisation_id */
        WHERE s.id > ?1 AND s.id <= ?2 GROUP BY s.source_id";
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map((after, next.unwrap_or(i64::MAX)), SourceSpace::from_row)?;
    Ok((rows.collect::<RowResult<_>>()?, next))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::sqlite::traced;

    #[test]
    fn the_parts_together_contain_each_run_once() {
        let folder = tempfile::tempdir().unwrap();
        let connection = traced::database(folder.path());
        connection
            .execute_batch(
                "INSERT INTO series (id, organisation_id, source_id, source_version_id, metric, stage, source_name,
                    version_label, newest_issue, newest_arrival, covers_until, last_issue, ends_at)
                    SELECT value, zeroblob(16), CASE value % 2 WHEN 0 THEN zeroblob(16) ELSE x'ffffffffffffffffffffffffffffffff' END,
                    zeroblob(16), 'm' || value, '', 'source', '1', 0, 0, 0, 0, 0 FROM json_each('[1,2,4,5,9]');
                INSERT INTO runs (series_id, issue_time, revision, available_at, valid_from, valid_to, count, payload)
                    SELECT s.id, n.value, 1, 0, s.id + n.value, 10 * s.id, 2, zeroblob(s.id)
                    FROM series s, json_each('[1,2,3]') n",
            )
            .unwrap();
        for part in 1..7 {
            let mut total = Vec::new();
            let mut next = Some(0);
            while let Some(after) = next {
                let (found, then) = by_source(&connection, after, part).unwrap();
                total = SourceSpace::sum(total.into_iter().chain(found));
                next = then;
            }
            let found: Vec<_> = total
                .iter()
                .map(|of| {
                    (
                        of.runs,
                        of.predictions,
                        of.bytes,
                        of.oldest.micros(),
                        of.newest.micros(),
                    )
                })
                .collect();
            assert_eq!(found, [(9, 18, 45, 2, 90), (6, 12, 18, 3, 40)], "{part}");
        }
    }
}
