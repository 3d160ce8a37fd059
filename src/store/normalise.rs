//! Puts the names that earlier releases stored into the Unicode normal form NFC, in which names are compared now.

use rusqlite::{Connection, ErrorCode};

use crate::domain::spelling::normal;

/// The columns that hold names. Those of JSON hold nothing else that the normal form could change.
const NAMES: &[(&str, &[&str])] = &[
    ("organisations", &["name"]),
    ("tokens", &["name"]),
    ("locations", &["name"]),
    ("sensors", &["name", "metric", "unit"]),
    ("sources", &["name"]),
    (
        "source_versions",
        &["version", "input_roles", "output_roles"],
    ),
    ("jobs", &["name"]),
    ("role_bindings", &["role"]),
    (
        "series",
        &["metric", "stage", "unit", "source_name", "version_label"],
    ),
    ("health", &["role"]),
    ("health_changes", &["role"]),
    ("webhooks", &["name"]),
];

/// Normalises all names. One whose normal form another row has already stays as it is: it is found by its id.
pub fn names(connection: &Connection) -> rusqlite::Result<()> {
    for (table, columns) in NAMES {
        for column in *columns {
            in_column(connection, table, column)?;
        }
    }
    Ok(())
}

fn in_column(connection: &Connection, table: &str, column: &str) -> rusqlite::Result<()> {
    let all = format!("SELECT DISTINCT {column} FROM {table} WHERE {column} IS NOT NULL");
    let mut all = connection.prepare(&all)?;
    let stored: Vec<String> = all
        .query_map([], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    let change = format!("UPDATE {table} SET {column} = ?2 WHERE {column} = ?1");
    for old in stored {
        let new = normal(old.clone());
        if new == old {
            continue;
        }
        match connection.execute(&change, [&old, &new]) {
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::ConstraintViolation) => {
                tracing::warn!(
                    table,
                    column,
                    name = old,
                    "a name is stored in two Unicode forms"
                );
            }
            changed => {
                changed?;
            }
        }
    }
    Ok(())
}
