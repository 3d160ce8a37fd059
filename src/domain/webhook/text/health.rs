//! Texts about the health of jobs, and about promotions.

use serde_json::{Value, json};

use super::value::{Tone, member, moment};

/// Returns the tone, the title and the lines of a message about a job. `change` is the event without `job.`, and `at`
/// the time of the change.
pub fn text_of(change: &str, at: &str, data: &Value) -> (Tone, String, Vec<String>) {
    let (job, source) = (member(data, "job_name"), member(data, "source_name"));
    let of = match member(data, "role") {
        "" => job.to_owned(),
        role => format!("{job}, target {role},"),
    };
    let time = moment(&json!(at)).unwrap_or_default();
    let said = |name: &str, lead: &str| match member(data, name) {
        "" => None,
        words => Some(format!("{lead}: {words}")),
    };
    match change {
        "late" => (
            Tone::Warning,
            format!("{of} is late"),
            vec![
                format!("{source} has not posted within its expected interval."),
                since(&time),
            ],
        ),
        "down" => (
            Tone::Urgent,
            format!("{of} is down"),
            vec![
                format!("{source} has not posted for two expected intervals."),
                since(&time),
            ],
        ),
        "failed" => {
            let mut lines = vec![format!("{source} reported a failed run on {time}.")];
            lines.extend(said("message", "Message"));
            (Tone::Urgent, format!("{job}: a run failed"), lines)
        }
        "recovered" => {
            let was = match member(data, "previous") {
                "" => String::new(),
                previous => format!(" It was {previous} before."),
            };
            let line = format!("{source} is healthy again since {time}.{was}");
            (Tone::Good, format!("{of} has recovered"), vec![line])
        }
        "promoted" => {
            let (new, old) = (member(data, "source_version"), member(data, "previous_source_version"));
            let mut lines = vec![format!("{source} {new} has replaced {old} on {time}.")];
            lines.extend(said("note", "Note"));
            (Tone::Neutral, format!("{job} has a new version"), lines)
        }
        other => (Tone::Neutral, format!("{of}: {other}"), Vec::new()),
    }
}

fn since(time: &str) -> String {
    format!("Since {time}.")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(change: &str, more: Value) -> (Tone, String, String) {
        let mut data = json!({ "job_name": "Frost warning", "source_name": "frost-watch" });
        data.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let (tone, title, lines) = text_of(change, "2023-10-27T02:00:00Z", &data);
        (tone, title, lines.join(" | "))
    }

    #[test]
    fn each_change_says_which_job_and_since_when() {
        let state = |previous: &str| json!({ "previous": previous });
        for (change, data, tone, title, lines) in [
            (
                "late",
                state("on_time"),
                Tone::Warning,
                "Frost warning is late",
                "frost-watch has not posted within its expected interval. | Since Fri 27 Oct 2023 02:00 UTC.",
            ),
            (
                "down",
                json!({ "role": "ground" }),
                Tone::Urgent,
                "Frost warning, target ground, is down",
                "frost-watch has not posted for two expected intervals. | Since Fri 27 Oct 2023 02:00 UTC.",
            ),
            (
                "failed",
                json!({ "message": "no readings" }),
                Tone::Urgent,
                "Frost warning: a run failed",
                "frost-watch reported a failed run on Fri 27 Oct 2023 02:00 UTC. | Message: no readings",
            ),
            (
                "recovered",
                state("down"),
                Tone::Good,
                "Frost warning has recovered",
                "frost-watch is healthy again since Fri 27 Oct 2023 02:00 UTC. It was down before.",
            ),
            (
                "promoted",
                json!({ "source_version": "1.1.0", "previous_source_version": "1.0.0", "note": "better at night" }),
                Tone::Neutral,
                "Frost warning has a new version",
                "frost-watch 1.1.0 has replaced 1.0.0 on Fri 27 Oct 2023 02:00 UTC. | Note: better at night",
            ),
        ] {
            assert_eq!(of(change, data), (tone, title.to_owned(), lines.to_owned()));
        }
        assert_eq!(of("failed", json!({})).2.matches('|').count(), 0);
    }
}
