//! Every column of every table is exported: a column that a migration adds fails these tests until an export has it.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use regex::Regex;
use rusqlite::Connection;

use super::{FILE, exported, imported, open, world::World};
use crate::app::HAS_WEBHOOKS;

/// The progress of an import belongs to the database into which it goes, and an import counts the jobs itself, so that both
/// are in no export.
const NOT_EXPORTED: &[&str] = &["imports", "health_counts"];

/// After an import, the first sweep looks at all series.
const NOT_EXPORTED_COLUMNS: &[(&str, &str)] = &[("series", "sweep_at")];

/// Returns the columns of every table that is exported.
fn columns(connection: &Connection) -> BTreeMap<String, BTreeSet<String>> {
    let sql = "SELECT t.name, c.name FROM sqlite_schema t JOIN pragma_table_info(t.name) c WHERE t.type = 'table'";
    let mut statement = connection.prepare(sql).unwrap();
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    let mut found = BTreeMap::<String, BTreeSet<String>>::new();
    for row in rows {
        let (table, column): (String, String) = row.unwrap();
        if NOT_EXPORTED_COLUMNS.contains(&(table.as_str(), column.as_str())) {
            continue;
        }
        found.entry(table).or_default().insert(column);
    }
    found.retain(|table, _| !NOT_EXPORTED.contains(&table.as_str()) && !table.starts_with("sqlite_"));
    found
}

/// Returns the statements in `src/store/transfer`.
fn sources() -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/store/transfer");
    let files = fs::read_dir(folder).unwrap();
    files
        .map(|file| fs::read_to_string(file.unwrap().path()).unwrap())
        .collect()
}

/// Returns the rows of a table as SQL writes their values, in the order of their columns' names.
fn rows(connection: &Connection, table: &str, columns: &BTreeSet<String>) -> Vec<Vec<String>> {
    let quoted: Vec<_> = columns.iter().map(|column| format!("quote({column})")).collect();
    let sql = format!("SELECT {} FROM {table}", quoted.join(", "));
    let mut statement = connection.prepare(&sql).unwrap();
    let mut found = statement.query([]).unwrap();
    let mut rows: Vec<Vec<String>> = Vec::new();
    while let Some(row) = found.next().unwrap() {
        rows.push((0..columns.len()).map(|column| row.get(column).unwrap()).collect());
    }
    rows.sort();
    rows
}

#[test]
fn an_import_writes_every_column() {
    let folder = tempfile::tempdir().unwrap();
    open(folder.path());
    let connection = Connection::open(folder.path().join(FILE)).unwrap();
    // The columns in comments are PostgreSQL's own.
    let text = Regex::new(r"/\*.*?\*/")
        .unwrap()
        .replace_all(&sources(), "")
        .into_owned();
    let insert = Regex::new(r"INSERT INTO (\w+) \(([^)]*)\)").unwrap();
    let mut written = BTreeMap::<String, BTreeSet<String>>::new();
    for found in insert.captures_iter(&text) {
        let columns = found[2].split(',').map(|column| column.trim().to_owned());
        written.entry(found[1].to_owned()).or_default().extend(columns);
    }
    written.retain(|table, _| !NOT_EXPORTED.contains(&table.as_str()));
    assert_eq!(written, columns(&connection));
}

/// These tables remain with the coordinator, so that the guide does not distribute them.
const NOT_DISTRIBUTED: &[&str] = &["schema", "changes", "clock", "imports"];

#[test]
fn the_guide_distributes_every_table() {
    let guide = include_str!("../../../assets/docs/growing.md");
    let section = guide.split("\n## Distribute the rows with Citus\n").nth(1).unwrap();
    let section = section.split("\n## ").next().unwrap();
    let name = Regex::new(r"'(\w+)'").unwrap();
    let named: BTreeSet<_> = name.captures_iter(section).map(|found| found[1].to_owned()).collect();

    let folder = tempfile::tempdir().unwrap();
    open(folder.path());
    let connection = Connection::open(folder.path().join(FILE)).unwrap();
    let sql = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'";
    let mut statement = connection.prepare(sql).unwrap();
    let tables = statement.query_map([], |row| row.get::<_, String>(0)).unwrap();
    let mut tables: BTreeSet<_> = tables.map(Result::unwrap).collect();
    tables.retain(|table| !NOT_DISTRIBUTED.contains(&table.as_str()));
    tables.insert("organisation_id".to_owned());
    assert_eq!(named, tables);
}

/// Gives a value to columns that only the passage of time or a receiver of messages would fill.
const FILL: &str = "
    UPDATE health SET look_at = 1700000000000001, ok_at = 1700000000000002;
    UPDATE webhook_deliveries SET last_attempt_at = 1700000000000003, last_status = 500, last_error = 'no \"way\"';
    UPDATE webhooks SET last_attempt =
        '{\"message_id\":\"0b5d6f0e-6d1c-4e0b-9a53-2f4c1d7a9e51\", \"event\":\"job.failed\", \"at\":\"2023-11-14T22:13:20Z\", \"delivered\":false,\"status\":500,\"error\":\"no\"}'";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_rows_of_every_table_are_the_same_after_an_import() {
    let world = World::start().await;
    let app = &world.field.app;
    let one = Connection::open(app.folder.path().join(FILE)).unwrap();
    one.execute_batch(FILL).unwrap();
    let folder = imported(&exported(app.service()).await).await;
    let other = Connection::open(folder.path().join(FILE)).unwrap();
    let mut unset = Vec::new();
    for (table, columns) in columns(&one) {
        let (before, after) = (rows(&one, &table, &columns), rows(&other, &table, &columns));
        assert_eq!(before, after, "{table}");
        if table.starts_with("webhook") && !HAS_WEBHOOKS {
            continue;
        }
        for (number, column) in columns.iter().enumerate() {
            let has_value = before.iter().any(|row| row[number] != "NULL");
            if !has_value {
                unset.push(format!("{table}.{column}"));
            }
        }
    }
    // Otherwise the comparison would not notice that the value of the column is lost.
    assert_eq!(unset, Vec::<String>::new(), "give a row of the world a value");
}
