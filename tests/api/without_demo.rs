//! An executable that was built without the demo.

use tempfile::tempdir;

use crate::{
    app::TestApp,
    command_line::{run, text},
};

#[test]
fn the_demo_is_an_unknown_command() {
    let folder = tempdir().unwrap();
    let refused = run(folder.path(), &["demo"]);
    assert_eq!(refused.status.code(), Some(2));
    let said = text(&refused.stderr);
    assert!(said.contains("unrecognized subcommand 'demo'"), "{said}");
    assert!(!folder.path().join("demo-data").exists(), "nothing was made");
    let help = text(&run(folder.path(), &["--help"]).stdout);
    assert!(!help.contains("\n  demo"), "{help}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_guide_about_it_says_that_it_may_be_missing() {
    let app = TestApp::start().await;
    let guide = app.send(app.request("GET".parse().unwrap(), "/docs/demo")).await;
    assert_eq!(guide.status, 200);
    assert!(guide.text.contains("built without the feature"), "{}", guide.text);
}
