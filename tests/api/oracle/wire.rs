//! Posts and rows in their form on the wire.

use serde_json::{Value, json};

use super::{
    Case, Given, Kept, METRICS, STAGES, Series, label,
    steps::{Gaps, Posted, Step},
    time,
};

impl Case<'_> {
    /// Returns the body of a post, its handling of gaps, and its points by series: issue, valid_time and value. There are
    /// no points if the version of the post must be refused.
    pub fn body(&self, step: &Step) -> (Value, Gaps, Option<Vec<Given>>) {
        match step {
            Step::ForJob {
                job,
                version: named,
                issue,
                stage,
                points,
                as_series,
                gaps,
            } => {
                let (source, pinned) = self.of_jobs[*job];
                let named = named.filter(|_| source == 0);
                let version = named.unwrap_or(pinned);
                let is_shadow = version != pinned;
                let issue = issue.map(|hour| self.at(hour));
                let mut body = json!({ "job_id": self.jobs[*job], "stage": STAGES[*stage] });
                if let Some(named) = named {
                    body["source_version_id"] = json!(self.versions[named]);
                }
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
                        is_shadow,
                        metric: *metric,
                        stage: *stage,
                        location: location.unwrap_or(0),
                    };
                    (series, issue, self.at(*hour), value.map(f64::from))
                };
                let is_refused = is_shadow && !self.shadows[*job].contains(&version);
                let runs = (!is_refused).then(|| points.iter().map(run).collect());
                (body, *gaps, runs)
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
                let used: Vec<_> = self
                    .of_jobs
                    .iter()
                    .filter(|job| job.0 == *source)
                    .map(|job| job.1)
                    .collect();
                let newest = used.iter().max().copied().unwrap();
                let version = version.unwrap_or(newest);
                let run = |(metric, hour, value, location): &Posted| {
                    let series = Series {
                        job: None,
                        source: *source,
                        version,
                        is_shadow: !used.contains(&version),
                        metric: *metric,
                        stage: *stage,
                        location: location.unwrap_or(1),
                    };
                    (series, issue, self.at(*hour), value.map(f64::from))
                };
                let body = points.iter().map(entry).collect();
                (body, *gaps, Some(points.iter().map(run).collect()))
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
        row_of.extend(series.is_shadow.then(|| ("track".to_owned(), json!("shadow"))));
        row_of.insert("source".to_owned(), json!(self.sources[series.source]));
        row_of.insert("source_version".to_owned(), json!(label(series.version)));
        row_of.extend(series.job.map(|job| ("job_id".to_owned(), json!(self.jobs[job]))));
        row_of.insert("location_id".to_owned(), json!(self.locations[series.location]));
        row
    }
}
