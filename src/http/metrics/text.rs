//! Gauges of jobs in the text format of Prometheus. A gauge of the recorder would outlive its job.

use std::fmt::Write;

/// Names and values of the labels of a sample.
pub type Labels = Vec<(&'static str, String)>;

/// Returns a gauge with its samples. The text is empty if there are none.
pub fn gauge(name: &str, help: &str, samples: impl Iterator<Item = (Labels, f64)>) -> String {
    let mut text = String::new();
    for (labels, value) in samples {
        if text.is_empty() {
            let _ = write!(text, "# HELP {name} {help}\n# TYPE {name} gauge\n");
        }
        let labels: Vec<_> = labels
            .into_iter()
            .map(|(label, value)| format!("{label}=\"{}\"", escaped(&value)))
            .collect();
        let _ = writeln!(text, "{name}{{{}}} {value}", labels.join(","));
    }
    text
}

/// Escapes the characters that end the value of a label.
fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}
