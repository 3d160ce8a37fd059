//! Stores revisions of readings, and updates the newest arrival of their series.

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
    /// The number of the series.
    pub series_id: i64,
    /// The organisation of the series.
    pub organisation_id: Uuid,
    /// The time of the reading.
    pub time: Timestamp,
    /// The number of the revision among the revisions of the same time, from 1.
    pub number: i64,
    /// The value, or [`WITHDRAWN`](super::series::WITHDRAWN) if the revision withdraws the reading.
    pub value: f64,
}

/// The maximum number of rows that one statement stores or changes.
const MOST: usize = 64;

/// New row. The casts are needed because parameters in VALUES do not get their types from a column.
const ROW: &str = "(CAST(?3 AS BIGINT), CAST(?4 AS BIGINT), CAST(?5 AS BIGINT), CAST(?6 AS DOUBLE PRECISION))";

static INSERTS: Texts = Texts::new();

/// Condition that selects the series ?1 if its newest arrival is before ?3.
const OLDER: &str = "(id = ?1 AND organisation_id = ?2 AND newest_available_at < ?3)";

static ARRIVALS: Texts = Texts::new();

/// Stores revisions that arrived at `available_at`. The revisions of a series should be adjacent, so that the series is
/// updated only once.
pub fn insert(tx: &Transaction<'_>, revisions: &[Revision], available_at: Timestamp) -> Result<()> {
    let of_one_organisation = revisions.chunk_by(|one, next| one.organisation_id == next.organisation_id);
    for part in of_one_organisation.flat_map(|revisions| set::exact_parts(revisions, MOST)) {
        let Some(first) = part.first() else { continue };
        let sql = INSERTS.of(part.len(), |count| {
            let rows = set::repeated(ROW, 4, count, ", ");
            format!(
                "INSERT INTO readings (series_id, time, revision, available_at, value /*postgres , organisation_id */)
                    WITH added (series_id, time, revision, value) AS (VALUES {rows})
                    SELECT s.id, a.time, a.revision, CAST(?2 AS BIGINT), a.value /*postgres , s.organisation_id */
                    FROM added a CROSS JOIN reading_series s WHERE s.id = a.series_id AND s.organisation_id = ?1"
            )
        });
        let all: [&dyn ToSql; 2] = [&first.organisation_id, &available_at];
        let values = part.iter().flat_map(|new| {
            let values: [&dyn ToSql; 4] = [&new.series_id, &new.time, &new.number, &new.value];
            values
        });
        tx.prepare_cached(&sql)?
            .execute_later(params_from_iter(all.into_iter().chain(values)))?;
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
        tx.prepare_cached(&sql)?.execute_later(params_from_iter(values))?;
    }
    Ok(())
}
