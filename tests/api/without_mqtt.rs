//! An executable that was built without MQTT: it does not start with a broker, and feeds of the kind mqtt stay.

use tempfile::tempdir;

use crate::command_line::{assert_refused, command};

#[test]
fn a_broker_is_refused_at_the_start() {
    let folder = tempdir().unwrap();
    let mut start = command(folder.path(), &["--listen", "127.0.0.1:0"]);
    start.env("PREDICTION_API_MQTT__URL", "mqtt://127.0.0.1:1");
    assert_refused(
        &start.output().unwrap(),
        &["mqtt.url", "built without the feature mqtt"],
    );
}
