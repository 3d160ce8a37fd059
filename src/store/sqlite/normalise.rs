//! Converts the names that earlier releases stored to the Unicode normal form NFC, in which names are compared now.

use rusqlite::{Connection, ErrorCode};

use crate::domain::spelling::normal;

/// The columns that contain names, by table. The second value is the column that identifies the owner within which the
/// names are unique. `None` if they are unique in the whole table. JSON columns contain no other texts that the normal
/// form could change.
const NAMES: &[(&str, Option<&str>, &[&str])] = &[
    ("organisations", None, &["name"]),
    ("tokens", Some("organisation_id"), &["name"]),
    ("locations", Some("organisation_id"), &["name"]),
    ("sensors", Some("organisation_id"), &["name", "metric", "unit"]),
    ("sources", None, &["name"]),
    (
        "source_versions",
        Some("source_id"),
        &["version", "input_roles", "output_roles"],
    ),
    ("jobs", Some("organisation_id"), &["name"]),
    ("role_bindings", Some("job_id"), &["role"]),
    (
        "series",
        Some("organisation_id"),
        &["metric", "stage", "unit", "source_name", "version_label"],
    ),
    ("health", Some("job_id"), &["role"]),
    ("health_changes", Some("job_id"), &["role"]),
    ("webhooks", Some("organisation_id"), &["name"]),
];

/// Converts all stored names to NFC. A name stays unchanged if its owner has another resource whose name already has
/// that normal form. The resource with the unchanged name can then be found only by its id.
pub fn names(connection: &Connection) -> rusqlite::Result<()> {
    for (table, owner, columns) in NAMES {
        for column in *columns {
            in_column(connection, table, *owner, column)?;
        }
    }
    Ok(())
}

fn in_column(connection: &Connection, table: &str, owner: Option<&str>, column: &str) -> rusqlite::Result<()> {
    let owner = owner.unwrap_or("NULL");
    let all = format!("SELECT DISTINCT {column}, {owner} FROM {table} WHERE {column} IS NOT NULL");
    let mut all = connection.prepare(&all)?;
    let stored: Vec<(String, Option<Vec<u8>>)> = all
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_, _>>()?;
    // Each owner is handled separately, so that two forms of a name at one owner do not affect the names of others.
    let change = format!("UPDATE {table} SET {column} = ?2 WHERE {column} = ?1 AND {owner} IS NOT DISTINCT FROM ?3");
    for (old, owner) in stored {
        let new = normal(old.clone());
        if new == old {
            continue;
        }
        match connection.execute(&change, (&old, &new, owner)) {
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::ConstraintViolation) => {
                tracing::warn!(table, column, name = old, "a name is stored in two Unicode forms");
            }
            changed => {
                changed?;
            }
        }
    }
    Ok(())
}
