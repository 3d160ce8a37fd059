//! Storing revisions of readings, and what follows from that for their series.

use uuid::Uuid;

use crate::{
    domain::{Result, Timestamp},
    store::{
        engine::{ToSql, Transaction, params_from_iter},
        set::{self, Texts},
    },
};

/// A revision of a reading that is about to be stored.
pub struct Revision {
    /// Its series.
    pub series_id: i64,
    /// The organisation of the series.
    pub organisation_id: Uuid,
    /// Its time.
    pub time: Timestamp,
    /// Its number among those of the same time.
    pub number: i64,
    /// Its value, or [`WITHDRAWN`](super::series::WITHDRAWN).
    pub value: f64,
}

/// The most rows that one statement stores or changes.
const MOST: usize = 64;

/// The types are those of the columns, which the parameters of a UNION do not take from the table.
const ROW: &str = "SELECT id, CAST(?3 AS BIGINT), CAST(?4 AS BIGINT), CAST(?5 AS BIGINT), CAST(?6 AS DOUBLE PRECISION)
    FROM reading_series WHERE id = ?1 AND organisation_id = ?2";

static INSERTS: Texts = Texts::new();

/// Chooses a series to which something newer than ?3 has not arrived yet.
const OLDER: &str = "(id = ?1 AND organisation_id = ?2 AND newest_available_at < ?3)";

static ARRIVALS: Texts = Texts::new();

/// Stores revisions, those of a series together, and when they arrived.
pub fn insert(tx: &Transaction<'_>, revisions: &[Revision], available_at: Timestamp) -> Result<()> {
    for part in set::exact_parts(revisions, MOST) {
        let sql = INSERTS.of(part.len(), |count| {
            let rows = set::repeated(ROW, 6, count, " UNION ALL ");
            format!("INSERT INTO readings (series_id, time, revision, available_at, value) {rows}")
        });
        let values = part.iter().flat_map(|new| {
            let values: [&dyn ToSql; 6] = [
                &new.series_id,
                &new.organisation_id,
                &new.time,
                &new.number,
                &available_at,
                &new.value,
            ];
            values
        });
        tx.prepare_cached(&sql)?.execute(params_from_iter(values))?;
    }
    let owned = |new: &Revision| (new.series_id, new.organisation_id);
    let mut changed: Vec<_> = revisions.iter().map(owned).collect();
    changed.dedup();
    for part in set::parts(&changed, MOST) {
        let sql = ARRIVALS.of(part.len(), |count| {
            let older = set::repeated(OLDER, 3, count, " OR ");
            format!("UPDATE reading_series SET newest_available_at = ?3 WHERE {older}")
        });
        let values = part.into_iter().flat_map(|(series, organisation)| {
            let values: [&dyn ToSql; 3] = [series, organisation, &available_at];
            values
        });
        tx.prepare_cached(&sql)?.execute(params_from_iter(values))?;
    }
    Ok(())
}
