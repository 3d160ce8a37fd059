//! Lines that cannot be imported are refused with their number and the reason, and nothing of their transaction is
//! stored.

use serde_json::{Value, json};

use super::{assert_same, exported, exported_from, import, reason, world::World};
use crate::storage;

/// Returns the number of the first line of a kind, from 1.
fn first(lines: &[String], kind: &str) -> usize {
    let start = format!("{{\"{kind}\":");
    lines.iter().position(|line| line.starts_with(&start)).unwrap() + 1
}

/// Returns the line with one member of its record replaced, or removed if the value is null.
fn with(line: &str, member: &str, value: Value) -> String {
    let mut line: Value = serde_json::from_str(line).unwrap();
    let record = line.as_object_mut().unwrap().values_mut().next().unwrap();
    match value {
        Value::Null => drop(record.as_object_mut().unwrap().remove(member)),
        value => record[member] = value,
    }
    line.to_string()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bad_line_is_named_and_nothing_of_its_transaction_is_stored() {
    let world = World::start().await;
    let text = exported(world.field.app.service()).await;
    let lines: Vec<_> = text.lines().map(str::to_owned).collect();
    // The message of the database follows.
    let [refers, repeats] = match storage::is_postgres() {
        true => [
            "it refers to what no line before contains: insert or update",
            "a line before has the same key: duplicate key value",
        ],
        false => [
            "it refers to what no line before contains: FOREIGN KEY",
            "a line before has the same key: UNIQUE constraint failed",
        ],
    };
    let unknown = "99999999-9999-4999-8999-999999999999";
    let changed = |kind: &str, member: &str, value: Value, expected: &'static str| {
        let number = first(&lines, kind);
        (number, with(&lines[number - 1], member, value), expected)
    };
    let bound = json!([{ "role": "x", "input_type": "sensor", "input_id": unknown }]);
    let sensor = first(&lines, "sensor");
    let run = first(&lines, "run");
    let cases = [
        changed(
            "organisation",
            "name",
            json!(1),
            "invalid type: integer `1`, expected a string (column",
        ),
        changed("organisation", "revision", Value::Null, "missing field `revision`"),
        changed("organisation", "more", json!(1), "unknown field `more`"),
        changed("organisation", "created_at", json!("yesterday"), "(column"),
        changed("organisation", "id", json!("7"), "UUID parsing failed"),
        changed("token", "role", json!("king"), "king is not a known value"),
        changed("token", "hash", json!("xyz"), "must be hexadecimal digits"),
        changed("token", "organisation_id", json!(unknown), refers),
        changed("location", "organisation_id", json!(unknown), refers),
        changed(
            "source_version",
            "input_roles",
            json!([{ "role": "x" }]),
            "missing field `input_kind`",
        ),
        changed("job", "role_bindings", bound, "no line before contains the sensor 9999"),
        changed("job", "source_version_id", json!(unknown), refers),
        changed("health", "state", json!("fine"), "fine is not a known value"),
        changed("report", "track", json!("side"), "side is not a known value"),
        changed("audit", "changes", json!([]), "invalid type"),
        changed("reading_series", "number", json!("1"), "invalid type"),
        changed(
            "reading",
            "sensor_id",
            json!(unknown),
            "no line before contains the reading_series of the sensor",
        ),
        changed("reading", "value", json!("1"), "\"1\" is not a number"),
        changed("series", "metric", Value::Null, "missing field `metric`"),
        changed("run", "series", json!(4711), "no line before contains the series 4711"),
        changed("run", "post", json!(4711), "no line before contains the post 4711"),
        changed("run", "points", json!({ "values": [] }), "points has no values"),
        changed(
            "run",
            "points",
            json!({ "start": "2023-10-27T00:00:00Z", "values": [1, 2] }),
            "a step above zero",
        ),
        changed("end", "lines", json!({ "organisation": 3 }), "2 of 3 organisation"),
        changed("end", "lines", json!({ "dream": 1 }), "0 of 1 dream"),
        (sensor + 1, lines[sensor - 1].clone(), repeats),
        (
            run,
            lines[run - 1].replace("\"values\":[", "\"values\":[1e999,"),
            "1e999 is not a number",
        ),
        (
            run,
            lines[run - 1].replace("\"values\":[", "\"values\":[NaN,"),
            "expected value (column",
        ),
        (run, "[]".to_owned(), "expected"),
        (run, "{}".to_owned(), "expected"),
        (run, String::new(), "is empty"),
        (run, format!("{0}{0}", lines[run - 1]), "trailing characters"),
        (
            run,
            lines[run - 1].replacen("\"revision\":", "\"revision\":1,\"revision\":", 1),
            "duplicate field `revision`",
        ),
        (run, "[".repeat(100_000), "expected value"),
        changed("reading", "revision", json!(0), "has a revision below 1"),
        changed("run", "revision", json!(-1), "has a revision below 1"),
        changed(
            "reading",
            "time",
            json!("10000-01-01T00:00:00Z"),
            "is outside of the years",
        ),
        changed("organisation", "revision", json!(1_u64 << 63), "expected i64"),
        (run, r#"{"dream":{}}"#.to_owned(), "unknown variant `dream`"),
        (run, lines[0].clone(), "is a second head"),
        (lines.len() + 1, lines[1].clone(), "follows the end"),
    ];
    let folder = tempfile::tempdir().unwrap();
    for (number, line, expected) in cases {
        let mut bad = lines.clone();
        if number > bad.len() {
            bad.push(line);
            // The import itself is complete.
            let folder = tempfile::tempdir().unwrap();
            let refused = reason(import(folder.path(), bad.join("\n") + "\n", 100_000).await);
            assert_eq!(refused, format!("line {number}: {expected}"));
            continue;
        }
        bad[number - 1] = line;
        let refused = reason(import(folder.path(), bad.join("\n") + "\n", 100_000).await);
        let is_named = refused.starts_with(&format!("line {number}: "));
        assert!(is_named && refused.contains(expected), "{refused}: {expected}");
        assert_eq!(exported_from(folder.path()).await.lines().count(), 2, "{refused}");
    }
    // The transactions before the one with the bad line remain, and the import goes on after them.
    let mut bad = lines.clone();
    bad[run - 1] = "{}".to_owned();
    reason(import(folder.path(), bad.join("\n") + "\n", 10).await);
    let done = import(folder.path(), &text, 10).await.unwrap();
    assert_eq!(done.resumed_after as usize, 1 + (run - 2) / 10 * 10);
    assert_same(&text, &exported_from(folder.path()).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_is_no_export_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let head = r#"{"head":{"format":"prediction-api-export","version":2,"schema":99,"exported_at":"2030-01-01T00:00:00Z","product":"9.0.0","more":[]}}"#;
    for (text, expected) in [
        (&b""[..], "line 1: is missing: the file is empty"),
        (b"hello\n", "line 1: is not the head of an export of prediction-api"),
        (
            b"{\"end\":{\"lines\":{}}}\n",
            "line 1: is not the head of an export of prediction-api",
        ),
        (
            b"\x1f\x8b\x08\x00\xff\xfe\n",
            "line 1: is not UTF-8 text: a compressed file must be decompressed first",
        ),
        (
            b"\x28\xb5\x2f\xfd",
            "line 1: is not UTF-8 text: a compressed file must be decompressed first",
        ),
        (head.as_bytes(), "line 1: is cut: the file is incomplete"),
        (
            &[head.as_bytes(), b"\n"].concat(),
            "line 1: has version 2 of the format, and this program reads versions up to 1: use a newer prediction-api",
        ),
    ] {
        assert_eq!(reason(import(folder.path(), text, 5).await), expected);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_line_that_only_a_newer_program_knows_is_explained() {
    let folder = tempfile::tempdir().unwrap();
    let head = r#"{"head":{"format":"prediction-api-export","version":1,"schema":99,"exported_at":"2030-01-01T00:00:00Z","product":"9.0.0"}}"#;
    let text = format!("{head}\n{{\"dream\":{{}}}}\n");
    let refused = reason(import(folder.path(), text, 5).await);
    let hint = "the export is of prediction-api 9.0.0, whose schema version 99 is newer than";
    assert!(
        refused.starts_with("line 2: unknown variant `dream`") && refused.contains(hint),
        "{refused}"
    );
}
