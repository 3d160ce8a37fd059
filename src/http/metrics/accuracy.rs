//! The accuracy of the jobs in the text format of Prometheus.

use super::text::{Labels, gauge};
use crate::domain::verification::RecentAccuracy;

const ERROR: &str = "prediction_api_job_mean_absolute_error";
const PAIRS: &str = "prediction_api_job_accuracy_pairs";

/// Returns the metrics of the jobs. The text is empty if there are none.
pub fn text(found: &[RecentAccuracy]) -> String {
    let error = "Mean absolute error of a job in the last 7 days, of the newest predictions that arrived in time";
    #[expect(clippy::cast_precision_loss, reason = "a measure need not be exact")]
    let pairs = found.iter().map(|one| (labels(one), one.pairs as f64));
    gauge(ERROR, error, found.iter().map(|one| (labels(one), one.mae)))
        + &gauge(PAIRS, "Number of predictions that this error is the mean of", pairs)
}

fn labels(one: &RecentAccuracy) -> Labels {
    let unit = one.unit.as_ref().map(ToString::to_string);
    let stage = one.stage.as_ref().map(ToString::to_string);
    vec![
        ("job_id", one.job_id.to_string()),
        ("job", one.job.to_string()),
        ("metric", one.metric.to_string()),
        ("unit", unit.unwrap_or_default()),
        ("stage", stage.unwrap_or_default()),
    ]
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
