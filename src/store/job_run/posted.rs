//! Derives the runs of a job from its posted predictions: the predictions with the same issue time in all series of the
//! job count as one run.

use uuid::Uuid;

use crate::{
    domain::{
        Result,
        job_run::{JobRun, RunPlace, RunStatus},
        track::Track,
    },
    store::{
        engine::{Connection, Row, RowResult},
        set::{self, Texts},
    },
};

/// A run, with its sort key in the list of runs.
pub type Placed = (RunPlace, JobRun);

/// Maximum number of series that are read before their issues are merged and cut to the wanted number.
const MOST: usize = 64;

const ISSUES: &str =
    "SELECT * FROM (SELECT issue_time, max(available_at) AS arrival, CAST(sum(count) AS BIGINT) AS predictions
    FROM runs WHERE series_id = (SELECT id FROM series WHERE id = ?1 AND organisation_id = ?2)
    /*postgres AND organisation_id = ?2 */ AND issue_time < ?3 AND issue_time >= ?4 GROUP BY issue_time ORDER BY issue_time DESC LIMIT ?5) newest";

static FIND_ISSUES: Texts = Texts::new();

/// Returns the newest `most` issues of the job on one track that are earlier than `before`, newest first. `before` is in
/// microseconds since 1970.
pub fn posted(
    connection: &Connection,
    job_id: Uuid,
    organisation_id: Uuid,
    track: Track,
    before: i64,
    most: i64,
) -> Result<Vec<Placed>> {
    let series = connection
        .prepare_cached(
            "SELECT id FROM series WHERE job_id = ?1 AND organisation_id = ?2 AND track = ?3 ORDER BY last_issue DESC",
        )?
        .query_map((job_id, organisation_id, track), |row| row.get("id"))?
        .collect::<RowResult<Vec<i64>>>()?;
    let enough = usize::try_from(most).unwrap_or(usize::MAX);
    let mut issues: Vec<Placed> = Vec::new();
    // The series with the newest issue usually has all the issues that are wanted. Its oldest wanted issue shows how
    // far back the other series must be read.
    let (first, others) = series.split_at(series.len().min(1));
    for part in std::iter::once(first).chain(others.chunks(MOST)) {
        // Issues that are older than the last wanted one would be removed again.
        let oldest = issues
            .get(enough - 1)
            .map_or(i64::MIN, |(place, _)| place.time.micros());
        set::read_each(
            connection,
            &FIND_ISSUES,
            ISSUES,
            part,
            |id| [id, &organisation_id, &before, &oldest, &most],
            |row| {
                issues.push(issue(row, track)?);
                Ok(())
            },
        )?;
        join(&mut issues);
        issues.truncate(enough);
    }
    Ok(issues)
}

/// Returns the number in the place of a posted run, which lists the runs of the same time by their track.
pub fn number(track: Track) -> i64 {
    match track {
        Track::Main => 0,
        Track::Shadow => -1,
    }
}

/// Reads an issue of one series as a run.
fn issue(row: &Row<'_>, track: Track) -> RowResult<Placed> {
    let time = row.get("issue_time")?;
    let count: i64 = row.get("predictions")?;
    let run = JobRun {
        id: None,
        status: RunStatus::Ok,
        issue_time: Some(time),
        available_at: row.get("arrival")?,
        message: None,
        predictions: Some(u64::try_from(count).unwrap_or_default()),
        track: track.named(),
    };
    let number = number(track);
    Ok((RunPlace { time, number }, run))
}

/// Sorts the issues newest first, and merges issues of several series with the same issue time into one run.
fn join(issues: &mut Vec<Placed>) {
    issues.sort_by(|(a, _), (b, _)| b.cmp(a));
    issues.dedup_by(|(place, run), (kept_at, kept)| {
        let is_same = place == kept_at;
        if is_same {
            kept.available_at = kept.available_at.max(run.available_at);
            kept.predictions = Some(kept.predictions.unwrap_or(0) + run.predictions.unwrap_or(0));
        }
        is_same
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::sqlite::traced;

    #[test]
    fn the_issues_of_each_series_are_found_by_its_key_and_in_order() {
        let folder = tempfile::tempdir().unwrap();
        let connection = traced::database(folder.path());
        let plan = traced::plan(&connection, &set::repeated(ISSUES, 5, 64, " UNION ALL "));
        let key = "SEARCH runs USING PRIMARY KEY (series_id=? AND issue_time>? AND issue_time<?)";
        assert_eq!(plan.iter().filter(|step| *step == key).count(), 64, "{plan:?}");
        assert!(!plan.iter().any(|step| step.contains("B-TREE")), "{plan:?}");
    }
}
