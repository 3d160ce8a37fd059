//! Lists the runs of a job: the runs that workers reported, and the runs that follow from posted predictions.

use uuid::Uuid;

use super::{
    posted::{Placed, number, posted},
    report::SELECT,
};
use crate::{
    domain::{
        Result, Timestamp,
        job_run::{JobRun, RunPlace},
        page::Listed,
        track::{Track, Tracks},
    },
    store::{
        engine::{Connection, Row, RowResult},
        row::FromRow,
    },
};

/// Returns up to `limit` runs of the organisation's job on the given tracks, newest first. If `after` is given, the list begins after that
/// place. Posted predictions with the same issue time in all series of a job and a track are one run. Runs are no longer listed
/// once their predictions have expired and were deleted.
pub fn runs(
    connection: &Connection,
    job_id: Uuid,
    organisation_id: Uuid,
    tracks: Tracks,
    after: Option<RunPlace>,
    limit: usize,
) -> Result<Listed<Placed>> {
    let after = after.unwrap_or(RunPlace {
        time: Timestamp::from_micros(i64::MAX),
        number: i64::MAX,
    });
    let most = i64::try_from(limit + 1).unwrap_or(i64::MAX);
    let mut runs = connection
        .prepare_cached(&format!(
            "{SELECT} WHERE job_id = ?1 AND (available_at < ?2 OR available_at = ?2 AND number < ?3)
                AND (CAST(?5 AS TEXT) IS NULL OR track = ?5) ORDER BY available_at DESC, number DESC LIMIT ?4"
        ))?
        .query_map((job_id, after.time, after.number, most, tracks.only()), placed)?
        .collect::<RowResult<Vec<_>>>()?;
    for track in [Track::Main, Track::Shadow] {
        if tracks.only().is_none_or(|only| only == track) {
            // Posted predictions are listed after the reports of the same time, and those on trial at last.
            let before = after
                .time
                .micros()
                .saturating_add(i64::from(after.number > number(track)));
            runs.extend(posted(connection, job_id, organisation_id, track, before, most)?);
        }
    }
    runs.sort_by(|(a, _), (b, _)| b.cmp(a));
    Ok(Listed::cut(runs, limit))
}

fn placed(row: &Row<'_>) -> RowResult<Placed> {
    let run = JobRun::from_row(row)?;
    let place = RunPlace {
        time: run.available_at,
        number: row.get("number")?,
    };
    Ok((place, run))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::sqlite::traced;

    /// Stores `count` series of a job, each with three issues.
    fn fill(connection: &Connection, count: i64) {
        let sql = "WITH RECURSIVE s (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < COUNT)
            INSERT INTO series (id, organisation_id, source_id, source_version_id, job_id, metric, stage, source_name,
                version_label, newest_issue, newest_arrival, covers_until, last_issue)
                SELECT n, zeroblob(16), zeroblob(16), zeroblob(16), zeroblob(16), n, '', 'source', '1', 3, 3, 3, 3 FROM s;
            INSERT INTO runs (series_id, issue_time, revision, available_at, valid_from, valid_to, count, payload)
                SELECT s.id, i.column1, 1, s.id, 0, 0, 2, x'' FROM series s, (VALUES (1), (2), (3)) i;";
        let sql = sql.replace("COUNT", &count.to_string());
        connection.execute_batch(&sql).unwrap();
    }

    /// Returns the number of statements that a page of a job's runs takes.
    fn statements(series: i64) -> usize {
        let folder = tempfile::tempdir().unwrap();
        let connection = traced::database(folder.path());
        fill(&connection, series);
        let page = || runs(&connection, Uuid::nil(), Uuid::nil(), Tracks::Main, None, 2);
        let (statements, listed) = traced::statements(&connection, page);
        let listed = listed.unwrap();
        assert!(listed.more);
        for ((place, run), time) in listed.items.iter().zip([3, 2]) {
            assert_eq!(place.time.micros(), time);
            assert_eq!(run.available_at.micros(), series);
            assert_eq!(run.predictions, u64::try_from(series * 2).ok());
        }
        statements
    }

    #[test]
    fn a_page_takes_few_statements_however_many_series_the_job_has() {
        // The reports, the series, and their issues: of the first, and of the others in parts of 64, 16, 4 and 1.
        assert_eq!(statements(1), 3);
        assert_eq!(statements(65), 4);
        assert_eq!(statements(641), 13);
    }
}
