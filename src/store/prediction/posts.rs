//! What workers posted about the runs that made their values. Runs in the table `runs` refer to these rows.

use std::collections::BTreeSet;

use uuid::Uuid;

use super::series::SeriesId;
use crate::{
    domain::{
        Result, Timestamp,
        prediction::{StoredWorkerRun, WorkerRun},
        text::Name,
    },
    store::{
        engine::{Connection, OptionalExtension, Row, RowResult, Transaction},
        row::{FromRow, Json},
    },
};

/// A worker's account of a run that is about to be stored.
pub struct NewPost {
    /// Organisation that the values belong to.
    pub organisation_id: Uuid,
    /// The worker's account of its run.
    pub run: WorkerRun,
    /// Name of the token that posts the values.
    pub token_name: Name,
}

impl FromRow for StoredWorkerRun {
    fn from_row(row: &Row<'_>) -> RowResult<Self> {
        Ok(Self {
            id: row.get("run_id")?,
            inputs_as_of: row.get("inputs_as_of")?,
            inputs_from: row.get("inputs_from")?,
            inputs_to: row.get("inputs_to")?,
            code: row.get("code")?,
            parameters: row.get::<_, Option<Json<_>>>("parameters")?.map(|json| json.0),
            token_name: row.get("token_name")?,
        })
    }
}

/// Stores the account and returns its number.
pub fn insert(tx: &Transaction<'_>, post: &NewPost) -> Result<i64> {
    let mut statement = tx.prepare_cached(
        "INSERT INTO posts (organisation_id, run_id, inputs_as_of, inputs_from, inputs_to, code, parameters, token_name)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) RETURNING id",
    )?;
    let run = &post.run;
    let id = statement.query_row(
        (
            post.organisation_id,
            &run.id,
            run.inputs_as_of,
            run.inputs_from,
            run.inputs_to,
            &run.code,
            run.parameters.as_ref().map(Json),
            &post.token_name,
        ),
        |row| row.get("id"),
    )?;
    Ok(id)
}

/// Returns the account that belongs to a revision of an issue of the series. `None` if the worker posted none.
pub fn find(
    connection: &Connection,
    series: SeriesId,
    issue_time: Timestamp,
    revision: i64,
) -> Result<Option<StoredWorkerRun>> {
    let mut statement = connection.prepare_cached(
        "SELECT p.run_id, p.inputs_as_of, p.inputs_from, p.inputs_to, p.code, p.parameters, p.token_name
            FROM series s JOIN runs r ON r.series_id = s.id /*postgres AND r.organisation_id = s.organisation_id */
            JOIN posts p ON p.id = r.post_id AND p.organisation_id = s.organisation_id
            WHERE s.id = ?1 AND s.organisation_id = ?2 AND r.issue_time = ?3 AND r.revision = ?4",
    )?;
    let found = statement.query_row(
        (series.id, series.organisation_id, issue_time, revision),
        StoredWorkerRun::from_row,
    );
    Ok(found.optional()?)
}

const DELETE_UNUSED: &str = "DELETE FROM posts WHERE id = ?1 AND organisation_id = ?2
    AND NOT EXISTS (SELECT 1 FROM runs r WHERE r.post_id = posts.id
        /*postgres AND r.organisation_id = posts.organisation_id */)";

/// Deletes those of the organisation's accounts to which no run refers any more.
pub fn delete_unused(tx: &Transaction<'_>, organisation_id: Uuid, ids: &BTreeSet<i64>) -> Result<()> {
    if ids.is_empty() {
        return Ok(());
    }
    let mut delete = tx.prepare_cached(DELETE_UNUSED)?;
    for id in ids {
        delete.execute((id, organisation_id))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::sqlite::traced;

    #[test]
    fn the_runs_of_an_account_are_found_by_their_index() {
        let folder = tempfile::tempdir().unwrap();
        let steps = traced::plan(&traced::database(folder.path()), DELETE_UNUSED);
        let is_found = |step: &String| step.contains("INDEX runs_posted (post_id=?)");
        assert!(steps.iter().any(is_found), "{steps:?}");
    }
}
