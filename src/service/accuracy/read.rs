//! Reads the rows of groups of series.

use super::{group::Group, rows::Rows, slices::Slices};
use crate::{
    domain::{
        Result, Timestamp, Window,
        verification::{Accuracy, AccuracyQuery},
    },
    store::engine::Connection,
};

/// Returns the rows of all groups together.
///
/// # Errors
/// As [`add`].
pub fn pooled(
    connection: &Connection,
    query: &AccuracyQuery,
    window: Window,
    groups: &[Group],
    now: Timestamp,
) -> Result<Vec<Accuracy>> {
    let mut rows = Rows::new(query);
    for group in groups {
        add(connection, query, window, group, now, &mut rows)?;
    }
    Ok(rows.finish())
}

/// Adds the pairs of a group to the rows.
///
/// # Errors
/// Bad parameter: a series has too many points in the window, or there are too many rows.
pub fn add(
    connection: &Connection,
    query: &AccuracyQuery,
    window: Window,
    group: &Group,
    now: Timestamp,
    rows: &mut Rows<'_>,
) -> Result<()> {
    let mut of_group = rows.of(connection, group);
    Slices::new(connection, query, window, group, now).read(&mut of_group)
}
