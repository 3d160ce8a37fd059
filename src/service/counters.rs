//! Counters of the values that are posted, withdrawn and deleted, and of the messages that are sent.

use metrics::{counter, describe_counter};

use crate::domain::{Counts, Result, feed::MessageAnswer, retention::Swept};

const PREDICTIONS: &str = "prediction_api_predictions_posted_total";
const READINGS: &str = "prediction_api_readings_posted_total";
const MESSAGES: &str = "prediction_api_feed_messages_total";
const SWEPT_PREDICTIONS: &str = "prediction_api_sweeper_predictions_deleted_total";
const SWEPT_READINGS: &str = "prediction_api_sweeper_readings_deleted_total";
const SWEEPS: &str = "prediction_api_sweeper_sweeps_total";
const ATTEMPTS: &str = "prediction_api_webhook_attempts_total";

/// Outcomes of posted points.
const OUTCOMES: [&str; 5] = ["stored", "revised", "unchanged", "withdrawn", "skipped"];

/// Outcomes of messages: a reading was found, no mapping applies, no mapping that applies has a usable value, or the
/// message is not JSON.
const RESULTS: [&str; 4] = ["stored", "unmatched", "skipped", "unreadable"];

/// Registers the description of each counter, and starts the counters at 0, so that a rule about the increase of a
/// counter works before anything was counted.
pub fn describe() {
    describe_counter!(
        ATTEMPTS,
        "Attempts to send a message to a webhook, by outcome: delivered, retried or given_up"
    );
    describe_counter!(
        PREDICTIONS,
        "Predictions that were posted or withdrawn, by outcome: stored, revised, unchanged, withdrawn or skipped"
    );
    describe_counter!(
        READINGS,
        "Readings that were posted or withdrawn, by outcome: stored, revised, unchanged, withdrawn or skipped"
    );
    describe_counter!(
        MESSAGES,
        "Messages that arrived at feeds, by the feed's kind and by outcome: stored, unmatched, skipped or unreadable"
    );
    describe_counter!(
        SWEPT_PREDICTIONS,
        "Predictions that were deleted because their retention had ended"
    );
    describe_counter!(
        SWEPT_READINGS,
        "Readings that were deleted because their sensor was deleted"
    );
    describe_counter!(SWEEPS, "Sweeps that delete expired data, by outcome");
    for outcome in OUTCOMES {
        counter!(PREDICTIONS, "outcome" => outcome).absolute(0);
        counter!(READINGS, "outcome" => outcome).absolute(0);
    }
    for (kind, outcome) in ["http", "mqtt"]
        .into_iter()
        .flat_map(|kind| RESULTS.map(|outcome| (kind, outcome)))
    {
        counter!(MESSAGES, "kind" => kind, "outcome" => outcome).absolute(0);
    }
    for outcome in ["done", "failed"] {
        counter!(SWEEPS, "outcome" => outcome).absolute(0);
    }
    for name in [SWEPT_PREDICTIONS, SWEPT_READINGS] {
        counter!(name).absolute(0);
    }
    #[cfg(feature = "webhooks")]
    for outcome in ["delivered", "retried", "given_up"] {
        counter!(ATTEMPTS, "outcome" => outcome).absolute(0);
    }
}

/// Adds the results of a post or withdrawal of predictions to the counters.
pub(super) fn count_predictions(counts: &Counts) {
    count(PREDICTIONS, counts);
}

/// Adds the results of a post or withdrawal of readings to the counters.
pub(super) fn count_readings(counts: &Counts) {
    count(READINGS, counts);
}

/// Counts a message by the kind of its feed and by its result. `answer` is `None` for a message that is not JSON.
pub(super) fn count_message(kind: &'static str, answer: Option<&MessageAnswer>) {
    let outcome = match answer {
        None => "unreadable",
        Some(answer) if answer.matched == 0 => "unmatched",
        Some(answer) if answer.matched == answer.skipped.len() as u64 => "skipped",
        Some(_) => "stored",
    };
    counter!(MESSAGES, "kind" => kind, "outcome" => outcome).increment(1);
}

/// Counts messages that no feed is for.
pub(super) fn count_unmatched(kind: &'static str, messages: u64) {
    counter!(MESSAGES, "kind" => kind, "outcome" => "unmatched").increment(messages);
}

fn count(name: &'static str, counts: &Counts) {
    let numbers = [
        counts.stored,
        counts.revised,
        counts.unchanged,
        counts.withdrawn,
        counts.skipped,
    ];
    for (outcome, number) in OUTCOMES.into_iter().zip(numbers) {
        if number > 0 {
            counter!(name, "outcome" => outcome).increment(number);
        }
    }
}

/// Counts an attempt to send a message by its outcome.
#[cfg(feature = "webhooks")]
pub(super) fn count_attempt(outcome: &'static str) {
    counter!(ATTEMPTS, "outcome" => outcome).increment(1);
}

/// Counts a sweep by its outcome, and adds the numbers of deleted predictions and readings to the counters.
pub(super) fn count_sweep(swept: &Result<Swept>) {
    let outcome = if swept.is_ok() { "done" } else { "failed" };
    counter!(SWEEPS, "outcome" => outcome).increment(1);
    if let Ok(swept) = swept {
        counter!(SWEPT_PREDICTIONS).increment(swept.predictions);
        counter!(SWEPT_READINGS).increment(swept.readings);
    }
}
