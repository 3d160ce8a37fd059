//! Reads of the oracle: the rules by which points are chosen among all that were posted.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet, HashMap},
};

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{
    Case, HOUR, Kept, METRICS, STAGES, Series, TRACKS, is_on, label,
    shapes::{rows_of, sorted, thinned, with_rounded},
    steps::{Latest, Read, Shape},
    time,
};

/// Number of points of each thinned series.
const MAX_POINTS: usize = 10;

impl Case<'_> {
    /// Reads page by page, in any of the shapes, and compares the rows with the stored points.
    pub async fn read(&self, read: &Read) -> Result<(), TestCaseError> {
        let window = [read.from, read.to].map(|(hour, beside)| self.at(hour) + beside);
        let (from, to) = (window[0].min(window[1]), window[0].max(window[1]));
        let as_of = read.as_of_minutes.map(|minutes| self.start + minutes * 60_000_000);
        let mut leads = [read.min_lead, read.max_lead];
        if let [Some(least), Some(most)] = leads
            && most < least
        {
            leads.swap(0, 1);
        }
        let mut query = vec![
            match read.job {
                Some(job) => format!("job_id={}", self.jobs[job]),
                None => format!("location_id={}", self.locations[read.location]),
            },
            format!("metric={}", read.metric.map_or("all", |metric| METRICS[metric])),
            format!("from={}&to={}", time(from), time(to)),
        ];
        if read.shape != Shape::Thinned {
            query.push(format!("limit={}", read.limit));
        }
        query.extend(match read.shape {
            Shape::Rows => None,
            Shape::Series => Some("shape=series".to_owned()),
            Shape::Thinned => Some(format!("shape=series&max_points={MAX_POINTS}")),
        });
        query.extend(read.asked.query());
        // A query cannot select only predictions without a stage.
        let stage = read.stage.and_then(|stage| STAGES[stage]);
        query.extend(stage.map(|stage| format!("stage={stage}")));
        query.extend(
            read.source
                .map(|source| format!("source={}", self.sources[source].replace(' ', "%20"))),
        );
        query.extend(read.version.map(|version| format!("source_version={}", label(version))));
        query.extend(read.track.map(|track| format!("track={}", TRACKS[track])));
        query.extend(as_of.map(|as_of| format!("as_of={}", time(as_of))));
        query.extend(leads[0].map(|hours| format!("min_lead={}", hours * 3600)));
        query.extend(leads[1].map(|hours| {
            let sign = if hours < 0 { "-" } else { "" };
            format!("max_lead={sign}PT{}H", hours.abs())
        }));
        query.extend(read.issue.map(|hour| format!("issue_time={}", time(self.at(hour)))));
        query.extend(read.all.then(|| "issues=all".to_owned()));

        let path = format!("/api/v1/predictions?{}", query.join("&"));
        let rows = match read.shape {
            Shape::Thinned => self
                .app
                .get(&path)
                .await
                .expect(200)
                .as_array()
                .unwrap()
                .iter()
                .flat_map(rows_of)
                .collect(),
            shape => self.pages(path, read.limit, shape).await?,
        };

        let now = self.app.now().micros();
        let is_asked = |kept: &&Kept| {
            let lead = kept.valid - kept.issue;
            let series = &kept.series;
            let is_for = match read.job {
                Some(job) => series.job == Some(job),
                None => series.location == read.location,
            };
            is_for
                && read.metric.is_none_or(|metric| series.metric == metric)
                && stage.is_none_or(|stage| STAGES[series.stage] == Some(stage))
                && read.source.is_none_or(|source| series.source == source)
                && read.version.is_none_or(|version| series.version == version)
                && is_on(series, read.track)
                && (from..to).contains(&kept.valid)
                && as_of.is_none_or(|as_of| kept.available <= as_of)
                && leads[0].is_none_or(|least| lead >= least * HOUR)
                && leads[1].is_none_or(|most| lead <= most * HOUR)
                && read.issue.is_none_or(|hour| kept.issue == self.at(hour))
                && Self::counts_at(kept, now)
        };
        let mut asked: Vec<_> = newest(self.kept.iter().filter(is_asked)).collect();
        asked.sort_by_key(|kept| Reverse((kept.issue, kept.available, kept.revision, kept.begun)));
        let mut picked = BTreeMap::new();
        for kept in asked {
            let Series {
                metric,
                source,
                stage,
                location,
                job,
                version,
                is_shadow,
                ..
            } = kept.series;
            let shadow = is_shadow.then_some(version);
            // Of all issues: one for each issue of each series.
            let issue = read.all.then_some((kept.issue, kept.begun));
            picked
                .entry((
                    metric,
                    source,
                    stage,
                    location,
                    job.unwrap_or(usize::MAX),
                    shadow,
                    kept.valid,
                    issue,
                ))
                .or_insert(kept);
        }
        let picked: Vec<_> = picked.into_values().collect();
        let row = |kept: &Kept| self.row(kept, read.asked);
        let rows = with_rounded(rows);
        match read.shape {
            Shape::Rows => prop_assert_eq!(rows, picked.into_iter().map(row).collect::<Vec<_>>(), "{:?}", query),
            Shape::Series => {
                prop_assert_eq!(
                    sorted(rows),
                    sorted(picked.into_iter().map(row).collect()),
                    "{:?}",
                    query
                );
            }
            Shape::Thinned => {
                let expected = thinned(&picked, read.all, MAX_POINTS).into_iter().map(|(kept, from)| {
                    let mut row = row(kept);
                    if let Some(from) = from {
                        row["thinned_from"] = json!(from);
                    }
                    row
                });
                prop_assert_eq!(sorted(rows), sorted(expected.collect()), "{:?}", query);
            }
        }
        Ok(())
    }

    /// Returns the rows of all pages.
    async fn pages(&self, mut path: String, limit: usize, shape: Shape) -> Result<Vec<Value>, TestCaseError> {
        let mut rows = Vec::new();
        loop {
            let answer = self.app.get(&path).await;
            prop_assert_eq!(answer.status, 200, "{}", answer.text);
            let page = answer.json();
            let page = page.as_array().unwrap();
            let page = match shape {
                Shape::Rows => page.clone(),
                _ => page.iter().flat_map(rows_of).collect(),
            };
            let count = page.len();
            rows.extend(page);
            let Some((next, _)) = answer.header("link").split_once('>') else {
                prop_assert!(count <= limit);
                return Ok(rows);
            };
            prop_assert_eq!(count, limit, "a page that is not the last is full");
            path = next.trim_start_matches('<').to_owned();
        }
    }

    /// Reads the newest issue of each group, or the values of a time, and compares them with the stored points of the first
    /// source, which do not expire.
    pub async fn latest(&self, latest: &Latest) -> Result<(), TestCaseError> {
        let at = latest.at.map(|minute| self.minute(minute));
        let mut query = vec![
            match latest.job {
                Some(job) => format!("job_id={}", self.jobs[job]),
                None => format!("location_id={}", self.locations[latest.location]),
            },
            format!("metric={}", latest.metric.map_or("all", |metric| METRICS[metric])),
            format!("source={}", self.sources[0].replace(' ', "%20")),
        ];
        query.extend(latest.track.map(|track| format!("track={}", TRACKS[track])));
        query.extend(at.map(|at| format!("at={}", time(at))));
        query.extend(latest.asked.query());
        let answer = self
            .app
            .get(&format!("/api/v1/predictions/latest?{}", query.join("&")))
            .await;
        prop_assert_eq!(answer.status, 200, "{}", answer.text);
        let rows = answer.json().as_array().unwrap().iter().flat_map(rows_of).collect();

        let is_asked = |kept: &&Kept| {
            let series = &kept.series;
            let is_for = match latest.job {
                Some(job) => series.job == Some(job),
                None => series.location == latest.location,
            };
            is_for
                && series.source == 0
                && latest.metric.is_none_or(|metric| series.metric == metric)
                && is_on(series, latest.track)
        };
        let mut groups: BTreeMap<_, Vec<&Kept>> = BTreeMap::new();
        for kept in newest(self.kept.iter().filter(is_asked)) {
            let group = (group(&kept.series), kept.series.metric, kept.series.stage);
            groups.entry(group).or_default().push(kept);
        }
        let mut expected = Vec::new();
        for mut points in groups.into_values() {
            points.sort_by_key(|kept| Reverse((kept.issue, kept.available, kept.revision, kept.begun)));
            let newest_issue = points[0].issue;
            let last = points.iter().map(|kept| kept.valid).max();
            let chosen: Vec<&Kept> = match at {
                Some(at) if last < Some(at) => Vec::new(),
                Some(at) => {
                    let valid = points.iter().map(|kept| kept.valid).filter(|valid| *valid <= at).max();
                    points
                        .into_iter()
                        .find(|kept| Some(kept.valid) == valid)
                        .into_iter()
                        .collect()
                }
                None => {
                    let mut seen = BTreeSet::new();
                    let own = points.into_iter().filter(|kept| kept.issue == newest_issue);
                    own.filter(|kept| seen.insert(kept.valid)).collect()
                }
            };
            expected.extend(chosen.into_iter().map(|kept| {
                let mut row = self.row(kept, latest.asked);
                row["last_issue_time"] = json!(time(newest_issue));
                row
            }));
        }
        prop_assert_eq!(sorted(with_rounded(rows)), sorted(expected), "{:?}", query);
        Ok(())
    }
}

/// Returns the points that count: of the revisions of a point the newest, and none of them if that withdraws it.
fn newest<'k>(all: impl Iterator<Item = &'k Kept>) -> impl Iterator<Item = &'k Kept> {
    let mut newest = HashMap::new();
    for kept in all {
        let of = newest.entry((kept.begun, kept.issue, kept.valid)).or_insert(kept);
        if of.revision < kept.revision {
            *of = kept;
        }
    }
    newest.into_values().filter(|kept| kept.value.is_some())
}

/// Returns the source, location, job and version on trial of a series, which split the points of a metric.
fn group(series: &Series) -> impl Ord + use<> {
    let shadow = series.is_shadow.then_some(series.version);
    (series.source, series.location, series.job.unwrap_or(usize::MAX), shadow)
}
