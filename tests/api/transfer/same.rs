//! A database with everything is exported and imported, at once or in parts, and nothing differs.

use prediction_api::service::transfer;
use serde_json::Value;

use super::{
    assert_same, assert_sound, exported, exported_from, import, imported, open, reason,
    world::{SENSOR, World},
};
use crate::app::{ADMIN, HAS_WEBHOOKS, WEBHOOKS};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_imported_server_responds_with_the_same_bytes() {
    let world = World::start().await;
    let app = &world.field.app;
    let text = exported(app.service()).await;
    let folder = imported(&text).await;
    assert_sound(folder.path());
    assert_same(&text, &exported_from(folder.path()).await);
    let other = app.start_beside(folder, WEBHOOKS).await;
    let paths = world.paths().await;
    assert!(paths.len() > 90, "{}", paths.len());
    let mut found = 0;
    for path in paths {
        let path = format!("/api/v1{path}");
        let (one, other) = (app.get(&path).await, other.get(&path).await);
        assert_eq!(one.status, other.status, "{path}");
        // Problems have the id of their request.
        assert!(
            one.status == 404 || one.text == other.text,
            "{path}: {} {}",
            one.text,
            other.text
        );
        assert_eq!(one.header("etag"), other.header("etag"), "{path}");
        found += usize::from(one.status == 200 && one.text.len() > 2);
    }
    assert!(found > 70, "{found}");
    // What is posted next is stored as on the exported server.
    let body = serde_json::json!([{ "sensor_id": SENSOR, "time": "2023-10-27T00:00:00Z", "value": 7 }]);
    for server in [app, &other] {
        let counts = server.ok(ADMIN, "POST /readings", body.clone()).await;
        assert_eq!(counts["revised"], 1);
    }
    let next = |text: &str| {
        text.lines()
            .filter(|line| line.contains("\"value\":7.0"))
            .collect::<String>()
    };
    let (one, other) = (exported(app.service()).await, exported(other.service()).await);
    assert_eq!(next(&one), next(&other));
    assert!(!next(&one).is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_kind_of_line_is_in_the_world() {
    let world = World::start().await;
    let text = exported(world.field.app.service()).await;
    for kind in prediction_api::domain::transfer::KINDS {
        let is_absent = !HAS_WEBHOOKS && kind.starts_with("webhook");
        let start = format!("{{\"{kind}\":");
        assert_eq!(text.lines().any(|line| line.starts_with(&start)), !is_absent, "{kind}");
    }
    assert!(!text.contains(ADMIN), "the secrets of tokens are not stored");
    let secret = text.lines().find(|line| line.contains("whsec_"));
    assert_eq!(secret.is_some(), HAS_WEBHOOKS);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_interrupted_import_goes_on_and_a_second_import_changes_nothing() {
    let world = World::start().await;
    let text = exported(world.field.app.service()).await;
    let ends: Vec<_> = text.match_indices('\n').map(|(at, _)| at + 1).collect();
    let folder = tempfile::tempdir().unwrap();
    let mut before = 0;
    for lines in [1, 8, 9, 30, 31, ends.len() / 2, ends.len() - 1] {
        // The file is cut after a line, and within the next.
        for cut in [ends[lines - 1], ends[lines - 1] + 5] {
            let refused = reason(import(folder.path(), &text[..cut], 7).await);
            assert!(refused.contains(&format!("line {}: is ", lines + 1)), "{refused}");
            assert!(refused.contains("incomplete"), "{refused}");
        }
        let open = transfer::unfinished(&open(folder.path())).unwrap();
        assert_eq!(open.is_some(), lines > 7, "{lines}");
    }
    for expected in [true, false] {
        let done = import(folder.path(), &text, 7).await.unwrap();
        assert_eq!(done.finished_before.is_none(), expected);
        assert!(done.resumed_after > before, "{}", done.resumed_after);
        before = done.resumed_after;
        let lines: u64 = done.lines.iter().map(|(_, count)| count).sum();
        assert_eq!(lines as usize + 2, ends.len());
        assert_same(&text, &exported_from(folder.path()).await);
    }
    assert_sound(folder.path());
    assert_eq!(transfer::unfinished(&open(folder.path())).unwrap(), None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_export_is_refused() {
    let world = World::start().await;
    let app = &world.field.app;
    let text = exported(app.service()).await;
    let folder = tempfile::tempdir().unwrap();
    let cut = text.match_indices('\n').nth(20).unwrap().0 + 1;
    reason(import(folder.path(), &text[..cut], 5).await);
    app.advance_minutes(1);
    let other = exported(app.service()).await;
    for text in [&other, &text.replacen("\"name\":\"Home\"", "\"name\":\"Homes\"", 1)] {
        let refused = reason(import(folder.path(), text, 5).await);
        let expected = "is being imported into the database: import into a new folder with --data-dir";
        assert!(
            refused.contains("another export of 2023-10-2") && refused.contains(expected),
            "{refused}"
        );
    }
    import(folder.path(), &text, 5).await.unwrap();
    let refused = reason(import(folder.path(), &other, 5).await);
    assert!(refused.contains("was imported into the database"), "{refused}");
    assert_same(&text, &exported_from(folder.path()).await);
    // A database that was not imported.
    let used = app.folder.path();
    let refused = reason(import(used, &text, 5).await);
    assert!(refused.starts_with("the database has data already: "), "{refused}");
    assert_same(&other, &exported(app.service()).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_empty_database_is_moved_too() {
    let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let text = exported_from(one.path()).await;
    assert_eq!(text.lines().count(), 2, "{text}");
    let head: Value = serde_json::from_str(text.lines().next().unwrap()).unwrap();
    assert_eq!(head["head"]["format"], "prediction-api-export");
    assert_eq!(head["head"]["version"], 1);
    import(other.path(), &text, 5).await.unwrap();
    assert_same(&text, &exported_from(other.path()).await);
}

/// An export that an earlier program wrote. It never changes: whatever the schema becomes, its lines are imported.
const OLD: &str = include_str!("version_1.ndjson");

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_export_of_an_earlier_program_is_imported() {
    let folder = imported(OLD).await;
    assert_sound(folder.path());
    let again = exported_from(folder.path()).await;
    let kind = |line: &str| line.split('"').nth(1).unwrap().to_owned();
    let (old, new): (Vec<_>, Vec<_>) = (OLD.lines().map(kind).collect(), again.lines().map(kind).collect());
    for kind in prediction_api::domain::transfer::KINDS {
        let count = |kinds: &[String]| kinds.iter().filter(|found| found == kind).count();
        assert_eq!(count(&old), count(&new), "{kind}");
    }
    assert_eq!(old.last().unwrap(), "end");
}
