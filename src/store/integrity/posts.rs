//! Checks that the runs which refer to what their worker posted about them refer to existing rows of their own
//! organisation.

use super::report::Report;
use crate::store::engine::{Connection, RowResult};

/// Checks that every run that refers to a row of the table `posts` refers to one of its own organisation.
pub fn check(connection: &Connection, report: &mut Report) -> RowResult<()> {
    connection.each_row(
        "SELECT r.post_id, count(*) FROM runs r LEFT JOIN series s ON s.id = r.series_id
            /*postgres AND s.organisation_id = r.organisation_id */
            WHERE r.post_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM posts p
                WHERE p.id = r.post_id AND p.organisation_id IS NOT DISTINCT FROM s.organisation_id)
            GROUP BY r.post_id",
        [],
        |row| {
            let (post, runs): (i64, i64) = (row.get(0)?, row.get(1)?);
            report.fault(format!(
                "{runs} runs refer to the row {post} of posts, which is not there or belongs to another organisation"
            ));
            Ok(())
        },
    )
}
