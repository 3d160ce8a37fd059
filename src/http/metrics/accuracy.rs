//! The accuracy of the jobs in the text format of Prometheus.

use std::fmt::Write;

use crate::domain::verification::RecentAccuracy;

const ERROR: &str = "prediction_api_job_mean_absolute_error";
const PAIRS: &str = "prediction_api_job_accuracy_pairs";

/// Returns the metrics of the jobs. The text is empty if there are none.
pub fn text(found: &[RecentAccuracy]) -> String {
    let mut text = String::new();
    let of = |name: &str, help: &str, value: &dyn Fn(&RecentAccuracy) -> f64, text: &mut String| {
        let _ = write!(text, "# HELP {name} {help}\n# TYPE {name} gauge\n");
        for one in found {
            let _ = writeln!(text, "{name}{{{}}} {}", labels(one), value(one));
        }
    };
    if !found.is_empty() {
        let error = "Mean absolute error of a job in the last 7 days, of the newest predictions that arrived in time";
        of(ERROR, error, &|one| one.mae, &mut text);
        #[expect(clippy::cast_precision_loss, reason = "a measure need not be exact")]
        let pairs = |one: &RecentAccuracy| one.pairs as f64;
        of(
            PAIRS,
            "Number of predictions that this error is the mean of",
            &pairs,
            &mut text,
        );
    }
    text
}

fn labels(one: &RecentAccuracy) -> String {
    let unit = one.unit.as_ref().map(ToString::to_string);
    let stage = one.stage.as_ref().map(ToString::to_string);
    let labels = [
        ("job_id", one.job_id.to_string()),
        ("job", one.job.to_string()),
        ("metric", one.metric.to_string()),
        ("unit", unit.unwrap_or_default()),
        ("stage", stage.unwrap_or_default()),
    ];
    labels
        .map(|(name, value)| format!("{name}=\"{}\"", escaped(&value)))
        .join(",")
}

/// Escapes the characters that end the value of a label.
fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::domain::text::Name;

    #[test]
    fn names_cannot_break_the_format() {
        let one = RecentAccuracy {
            job_id: Uuid::nil(),
            job: Name::new("the \"best\" \\ model\nof all"),
            metric: Name::new("temperature"),
            unit: None,
            stage: None,
            mae: 1.5,
            pairs: 168,
        };
        let text = text(&[one]);
        assert_eq!(text.lines().count(), 6);
        assert!(
            text.contains(r#"job="the \"best\" \\ model\nof all",metric="temperature",unit="",stage=""} 1.5"#),
            "{text}"
        );
        assert!(super::text(&[]).is_empty());
    }
}
