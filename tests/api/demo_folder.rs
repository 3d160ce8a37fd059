//! The folder of the command `demo`: it is filled once, served again as it is, filled anew if that was interrupted, and any
//! other folder is left alone.

use std::{collections::BTreeMap, fs, path::Path, process::Stdio, thread, time::Duration};

use reqwest::{Client, StatusCode};
use serde_json::Value;
use tempfile::tempdir;

use crate::{
    command_line::{Served, assert_refused, command, run},
    demo::{address, get},
};

/// Returns every file of the folder with its content.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = fs::read_dir(folder).unwrap().map(Result::unwrap);
    let named = |entry: fs::DirEntry| {
        let name = entry.file_name().into_string().unwrap();
        (name, fs::read(entry.path()).unwrap())
    };
    entries.map(named).collect()
}

#[test]
fn a_folder_that_is_not_empty_stays_unchanged() {
    let folder = tempdir().unwrap();
    Served::start(command(folder.path(), &[])).terminate();
    let data = folder.path().join("data");
    let before = files(&data);
    let arguments = ["demo", "--listen", ":0", "--data-dir", "data"];
    let refused = run(folder.path(), &arguments);
    assert_refused(
        &refused,
        &[
            "the folder data is not empty and not a demo's",
            "prediction-api --data-dir data",
        ],
    );
    assert_eq!(files(&data), before);

    let other = tempdir().unwrap();
    fs::write(other.path().join("letter.txt"), "dear").unwrap();
    let named = other.path().to_str().unwrap();
    let refused = run(folder.path(), &["demo", "--listen", ":0", "--data-dir", named]);
    assert_refused(&refused, &["is not empty", "demo --data-dir "]);
    assert_eq!(files(other.path()).len(), 1);
    let file = other.path().join("letter.txt");
    let refused = run(
        folder.path(),
        &["demo", "--listen", ":0", "--data-dir", file.to_str().unwrap()],
    );
    assert_refused(&refused, &["letter.txt is not a folder"]);
}

#[test]
fn a_demo_that_was_killed_while_it_filled_the_folder_begins_anew() {
    let folder = tempdir().unwrap();
    let data = folder.path().join("demo-data");
    let unfinished = data.join("prediction-api.db.unfinished");
    let mut killed = command(folder.path(), &["demo", "--listen", ":0"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    while !unfinished.exists() {
        assert!(killed.try_wait().unwrap().is_none(), "it ended by itself");
        thread::sleep(Duration::from_millis(1));
    }
    killed.kill().unwrap();
    killed.wait().unwrap();
    assert!(!data.join("prediction-api.db").exists());
    let demo = Served::start(command(folder.path(), &["demo"]));
    assert!(demo.greeting.contains(" predictions of 3 stations"));
    assert_eq!(demo.terminate(), Some(0));
    let names: Vec<_> = files(&data).into_keys().collect();
    assert_eq!(
        names,
        [
            "admin-token",
            "demo.json",
            "prediction-api.db",
            "prediction-api.lock",
            "prediction-api.reserve"
        ]
    );
}

#[test]
fn the_demo_has_a_folder_of_its_own_unless_one_is_named() {
    let folder = tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    // The first command of the README, then its second.
    Served::start(command(folder.path(), &[])).terminate();
    let before = files(&path("data"));
    let demo = Served::start(command(folder.path(), &["demo"]));
    let token = fs::read_to_string(path("demo-data/admin-token")).unwrap();
    assert_eq!(demo.said("Admin token"), token.trim());
    assert_eq!(demo.terminate(), Some(0));
    assert_eq!(files(&path("data")), before);

    // The folder in a configuration file is the server's.
    fs::write(path("x.toml"), "data_dir = \"served\"").unwrap();
    let again = Served::start(command(folder.path(), &["demo", "--config", "x.toml"]));
    assert!(
        again.greeting.contains("The folder demo-data has a demo"),
        "{}",
        again.greeting
    );
    assert_eq!(again.terminate(), Some(0));
    assert!(!path("served").exists());

    let mut named = command(folder.path(), &["demo"]);
    named.env("PREDICTION_API_DATA_DIR", "by-variable");
    Served::start(named).terminate();
    assert!(path("by-variable/prediction-api.db").exists());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_finished_demo_is_served_again_as_it_is() {
    let folder = tempdir().unwrap();
    let start = |arguments: &[&str]| Served::start(command(folder.path(), arguments));
    let demo = start(&["demo", "--as-recorded"]);
    assert!(
        demo.greeting.contains("of the year 2013, as recorded"),
        "{}",
        demo.greeting
    );
    let token = demo.said("Admin token").to_owned();
    let source = format!("{}/api/v1/sources", address(&demo));
    let made = Client::new().post(source).bearer_auth(&token);
    let made = made
        .json(&serde_json::json!({ "name": "of a visitor" }))
        .send()
        .await
        .unwrap();
    assert_eq!(made.status(), StatusCode::CREATED);
    assert_eq!(demo.terminate(), Some(0));

    // Everything is still there, everyone reads it without a token, and the former admin token is valid.
    for arguments in [&["demo"][..], &["demo", "--as-recorded"]] {
        let again = start(arguments);
        let said = [
            "as it is",
            "has the dates of 2013, as recorded",
            "delete the folder",
            "demo --data-dir demo-data-2",
        ];
        for part in said {
            assert!(again.greeting.contains(part), "{part}: {}", again.greeting);
        }
        let sources = Client::new().get(format!("{}/api/v1/sources?name=of%20a%20visitor", address(&again)));
        let sources: Value = sources.bearer_auth(&token).send().await.unwrap().json().await.unwrap();
        assert_eq!(sources.as_array().unwrap().len(), 1);
        assert_eq!(
            get(&format!("{}/api/v1/whoami", address(&again))).await["role"],
            "viewer"
        );
        let tokens = Client::new()
            .get(format!("{}/api/v1/tokens", address(&again)))
            .bearer_auth(&token);
        let tokens: Value = tokens.send().await.unwrap().json().await.unwrap();
        assert_eq!(tokens.as_array().unwrap().len(), 2, "{tokens}");
        assert_eq!(again.terminate(), Some(0));
    }

    // A demo whose season ended earlier says when. Its folder is not one with the recorded dates.
    let mark = folder.path().join("demo-data/demo.json");
    fs::write(&mark, "{\"days\":3000}").unwrap();
    let old = start(&["demo"]);
    assert!(
        old.greeting.contains("ended in the night of 17 January 2022"),
        "{}",
        old.greeting
    );
    assert_eq!(old.terminate(), Some(0));
    let refused = run(folder.path(), &["demo", "--listen", ":0", "--as-recorded"]);
    assert_refused(
        &refused,
        &["other dates", "demo --as-recorded --data-dir demo-data-2013"],
    );
    fs::write(&mark, "broken").unwrap();
    let refused = run(folder.path(), &["demo", "--listen", ":0"]);
    assert_refused(&refused, &["the folder demo-data is not empty and not a demo's"]);
}
