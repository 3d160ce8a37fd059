//! Posts and rows in their form on the wire.

use serde_json::{Value, json};

use super::{
    Case, Given, Kept, METRICS, OF_JOBS, STAGES, Series, label,
    steps::{Gaps, Posted, Step},
    time,
};

impl Case<'_> {
    /// Returns the body of a post, its handling of gaps, and its points by series: issue, valid_time and value.
    pub fn body(&self, step: &Step) -> (Value, Gaps, Vec<Given>) {
        match step {
            Step::ForJob {
                job,
                issue,
                stage,
                points,
                as_series,
                gaps,
            } => {
                let (source, version) = OF_JOBS[*job];
                let issue = issue.map(|hour| self.at(hour));
                let mut body = json!({ "job_id": self.jobs[*job], "stage": STAGES[*stage] });
                if let Some(issue) = issue {
                    body["issue_time"] = json!(time(issue));
                }
                let entry = |(metric, hour, value, location): &Posted| {
                    let mut entry = json!({ "role": METRICS[*metric] });
                    if let Some(location) = location {
                        entry["location_id"] = json!(self.locations[*location]);
                    }
                    let valid_time = time(self.at(*hour));
                    if *as_series {
                        entry["values"] = json!([value]);
                        // Uses both ways to write the times.
                        if value.unwrap_or(1) % 2 == 0 {
                            entry["start"] = json!(valid_time);
                        } else {
                            entry["valid_times"] = json!([valid_time]);
                        }
                    } else {
                        entry["valid_time"] = json!(valid_time);
                        entry["value"] = json!(value);
                    }
                    entry
                };
                let list = if *as_series { "series" } else { "predictions" };
                body[list] = points.iter().map(entry).collect();
                let run = |(metric, hour, value, location): &Posted| {
                    let series = Series {
                        job: Some(*job),
                        source,
                        version,
                        metric: *metric,
                        stage: *stage,
                        location: location.unwrap_or(0),
                    };
                    (series, issue, self.at(*hour), value.map(f64::from))
                };
                (body, *gaps, points.iter().map(run).collect())
            }
            Step::Direct {
                source,
                version,
                issue,
                stage,
                points,
                gaps,
            } => {
                let version = version.filter(|_| *source == 0);
                let issue = issue.map(|hour| self.at(hour));
                let entry = |(metric, hour, value, location): &Posted| {
                    let mut entry = json!({
                        "source": self.sources[*source], "metric": METRICS[*metric], "stage": STAGES[*stage],
                        "location_id": self.locations[location.unwrap_or(1)],
                        "valid_time": time(self.at(*hour)), "value": value
                    });
                    if let Some(version) = version {
                        entry["source_version"] = json!(label(version));
                    }
                    if let Some(issue) = issue {
                        entry["issue_time"] = json!(time(issue));
                    }
                    entry
                };
                let newest = usize::from(*source == 0);
                let run = |(metric, hour, value, location): &Posted| {
                    let series = Series {
                        job: None,
                        source: *source,
                        version: version.unwrap_or(newest),
                        metric: *metric,
                        stage: *stage,
                        location: location.unwrap_or(1),
                    };
                    (series, issue, self.at(*hour), value.map(f64::from))
                };
                let body = points.iter().map(entry).collect();
                (body, *gaps, points.iter().map(run).collect())
            }
            _ => unreachable!("no post"),
        }
    }

    /// Returns a row as the API returns it.
    pub fn row(&self, kept: &Kept) -> Value {
        let series = &kept.series;
        #[expect(clippy::cast_precision_loss, reason = "a few hours")]
        let lead = (kept.valid - kept.issue) as f64 / 1e6;
        let mut row = json!({ "metric": METRICS[series.metric], "value": kept.value,
            "valid_time": time(kept.valid), "issue_time": time(kept.issue), "available_at": time(kept.available),
            "lead_seconds": lead });
        let row_of = row.as_object_mut().unwrap();
        row_of.extend(STAGES[series.stage].map(|stage| ("stage".to_owned(), json!(stage))));
        row_of.insert("source".to_owned(), json!(self.sources[series.source]));
        row_of.insert("source_version".to_owned(), json!(label(series.version)));
        row_of.extend(series.job.map(|job| ("job_id".to_owned(), json!(self.jobs[job]))));
        row_of.insert("location_id".to_owned(), json!(self.locations[series.location]));
        row
    }
}
