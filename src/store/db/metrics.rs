//! The names and descriptions of the database's metrics.

use metrics::{counter, describe_counter, describe_histogram};

use crate::store::{prediction, turns::STOPPED, writer};

/// Histogram of the time that short reads wait for a connection.
pub const READ_WAIT: &str = "prediction_api_readers_wait_seconds";
/// Histogram of the time that long reads wait for their turn.
pub const SCAN_WAIT: &str = "prediction_api_scans_wait_seconds";

/// Registers the descriptions of this layer's metrics.
pub fn describe_metrics() {
    describe_histogram!(
        READ_WAIT,
        "How long short reads waited for a connection, where none was free"
    );
    describe_histogram!(SCAN_WAIT, "How long long reads waited for their turn");
    describe_counter!(
        STOPPED,
        "Long reads that were stopped because nobody waited for them any more"
    );
    describe_counter!(
        prediction::DECODED,
        "Predictions that reads decoded, whether they were returned or not"
    );
    for name in [STOPPED, prediction::DECODED] {
        counter!(name).absolute(0);
    }
    writer::describe_metrics();
}
