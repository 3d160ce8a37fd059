//! Posts and rows in their form on the wire.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::{
    Case, Given, Kept, METRICS, STAGES, Series, Valued, label,
    spread::{Asked, Point, put_columns},
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
                members,
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
                let list = if *as_series { "series" } else { "predictions" };
                let (entries, stored) = match as_series {
                    true => self.series_of(points, version, *members),
                    false => self.points_of(points, version, *members),
                };
                body[list] = json!(entries);
                let run = |(posted, value): (&Posted, Option<Valued>)| {
                    let series = Series {
                        job: Some(*job),
                        source,
                        version,
                        is_shadow,
                        metric: posted.metric,
                        stage: *stage,
                        location: posted.location.unwrap_or(0),
                    };
                    (series, issue, self.minute(posted.minute), value)
                };
                let is_refused = is_shadow && !self.shadows[*job].contains(&version);
                let stored = stored.filter(|_| !is_refused);
                let runs = stored.map(|stored| points.iter().zip(stored).map(run).collect());
                (body, *gaps, runs)
            }
            Step::Direct {
                source,
                version,
                issue,
                stage,
                points,
                members,
                gaps,
            } => {
                let named = version.filter(|_| *source == 0);
                let issue = issue.map(|hour| self.at(hour));
                let used: Vec<_> = self
                    .of_jobs
                    .iter()
                    .filter(|job| job.0 == *source)
                    .map(|job| job.1)
                    .collect();
                let newest = used.iter().max().copied().unwrap();
                let version = named.unwrap_or(newest);
                let of = |posted: &Posted| Point::of(posted, version, *members, posted.numbers.with_value);
                let made: Vec<_> = points.iter().map(of).collect();
                let entry = |(posted, point): (&Posted, &Point)| {
                    let mut entry = json!({
                        "source": self.sources[*source], "metric": METRICS[posted.metric], "stage": STAGES[*stage],
                        "location_id": self.locations[posted.location.unwrap_or(1)],
                        "valid_time": time(self.minute(posted.minute))
                    });
                    if let Some(named) = named {
                        entry["source_version"] = json!(label(named));
                    }
                    if let Some(issue) = issue {
                        entry["issue_time"] = json!(time(issue));
                    }
                    point.put(&mut entry);
                    entry
                };
                let body = points.iter().zip(&made).map(entry).collect();
                let run = |(posted, value): (&Posted, Option<Valued>)| {
                    let series = Series {
                        job: None,
                        source: *source,
                        version,
                        is_shadow: !used.contains(&version),
                        metric: posted.metric,
                        stage: *stage,
                        location: posted.location.unwrap_or(1),
                    };
                    (series, issue, self.minute(posted.minute), value)
                };
                let runs = stored(made).map(|stored| points.iter().zip(stored).map(run).collect());
                (body, *gaps, runs)
            }
            _ => unreachable!("no post"),
        }
    }

    /// Returns the entries of points of a job, and what is stored of each point; nothing if one has a fault.
    fn points_of(
        &self,
        points: &[Posted],
        version: usize,
        members: usize,
    ) -> (Vec<Value>, Option<Vec<Option<Valued>>>) {
        let of = |posted: &Posted| Point::of(posted, version, members, posted.numbers.with_value);
        let made: Vec<_> = points.iter().map(of).collect();
        let entry = |(posted, point): (&Posted, &Point)| {
            let mut entry = self.entry(posted);
            entry["valid_time"] = json!(time(self.minute(posted.minute)));
            point.put(&mut entry);
            entry
        };
        (points.iter().zip(&made).map(entry).collect(), stored(made))
    }

    /// Returns the entries of the same points as series, one for each role and location.
    fn series_of(
        &self,
        points: &[Posted],
        version: usize,
        members: usize,
    ) -> (Vec<Value>, Option<Vec<Option<Valued>>>) {
        let mut groups: BTreeMap<_, Vec<usize>> = BTreeMap::new();
        for (index, posted) in points.iter().enumerate() {
            groups.entry((posted.metric, posted.location)).or_default().push(index);
        }
        let mut entries = Vec::new();
        let mut made: Vec<Option<Point>> = points.iter().map(|_| None).collect();
        for indices in groups.into_values() {
            let own: Vec<_> = indices.iter().map(|index| &points[*index]).collect();
            let with_values = own[0].numbers.with_value || own.iter().any(|posted| posted.numbers.fault.is_some());
            let column: Vec<_> = own
                .iter()
                .map(|posted| Point::of(posted, version, members, with_values))
                .collect();
            let mut entry = self.entry(own[0]);
            let times: Vec<_> = own.iter().map(|posted| self.minute(posted.minute)).collect();
            // Uses both ways to write the times.
            let steps: BTreeSet<_> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
            match steps.first() {
                None if own[0].value.unwrap_or(1) % 2 == 0 => entry["start"] = json!(time(times[0])),
                Some(step) if steps.len() == 1 && *step > 0 => {
                    entry["start"] = json!(time(times[0]));
                    entry["step"] = json!(step / 1_000_000);
                }
                _ => entry["valid_times"] = times.into_iter().map(time).collect(),
            }
            put_columns(&column, &mut entry);
            entries.push(entry);
            for (index, point) in indices.into_iter().zip(column) {
                made[index] = Some(point);
            }
        }
        (entries, stored(made.into_iter().flatten().collect()))
    }

    fn entry(&self, posted: &Posted) -> Value {
        let mut entry = json!({ "role": METRICS[posted.metric] });
        if let Some(location) = posted.location {
            entry["location_id"] = json!(self.locations[location]);
        }
        entry
    }

    /// Returns a row as the API returns it, with the spread that is asked for.
    pub fn row(&self, kept: &Kept, asked: Asked) -> Value {
        let series = &kept.series;
        #[expect(clippy::cast_precision_loss, reason = "a few hours")]
        let lead = (kept.valid - kept.issue) as f64 / 1e6;
        let (value, numbers) = kept.value.clone().unwrap_or_default();
        let mut row = json!({ "metric": METRICS[series.metric], "value": value,
            "valid_time": time(kept.valid), "issue_time": time(kept.issue), "available_at": time(kept.available),
            "lead_seconds": lead });
        let row_of = row.as_object_mut().unwrap();
        row_of.extend(STAGES[series.stage].map(|stage| ("stage".to_owned(), json!(stage))));
        row_of.extend(series.is_shadow.then(|| ("track".to_owned(), json!("shadow"))));
        row_of.insert("source".to_owned(), json!(self.sources[series.source]));
        row_of.insert("source_version".to_owned(), json!(label(series.version)));
        row_of.extend(series.job.map(|job| ("job_id".to_owned(), json!(self.jobs[job]))));
        row_of.insert("location_id".to_owned(), json!(self.locations[series.location]));
        asked.put(series, &numbers, &mut row);
        row
    }
}

/// Returns what is stored of points; nothing if one has a fault, for which the whole post is refused.
fn stored(points: Vec<Point>) -> Option<Vec<Option<Valued>>> {
    let is_faulty = points.iter().any(|point| point.is_faulty);
    (!is_faulty).then(|| points.into_iter().map(|point| point.stored).collect())
}
