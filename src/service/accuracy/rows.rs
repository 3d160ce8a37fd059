//! Adds pairs up to the rows of the response.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use uuid::Uuid;

use super::{
    group::{Group, Member},
    slices::Pairs,
};
use crate::domain::{
    prediction::Series,
    verification::{Accuracy, AccuracyQuery, By, Tally, TallyRules},
};

/// The key of a row, in the order of the response.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Key {
    source: String,
    version: String,
    stage: Option<String>,
    is_on_trial: bool,
    location: Option<Uuid>,
    job: Option<Uuid>,
    bucket: usize,
    /// Names of the parts of the calendar, in the order of the query.
    parts: Vec<String>,
}

struct Row {
    tally: Tally,
    series: Arc<Series>,
    sensor: Option<Uuid>,
    rules: TallyRules,
}

/// Rows that pairs are added up to.
pub struct Rows<'a> {
    query: &'a AccuracyQuery,
    rows: BTreeMap<Key, Row>,
    /// Measurements that no prediction of a row met. They count only if the row exists, which may show later.
    unmet: HashMap<Key, u64>,
}

impl<'a> Rows<'a> {
    /// Creates an empty list of rows.
    pub fn new(query: &'a AccuracyQuery) -> Self {
        Self {
            query,
            rows: BTreeMap::new(),
            unmet: HashMap::new(),
        }
    }

    /// Adds the pairs of a slice of a group.
    pub fn add(&mut self, group: &Group, slice: &Pairs) {
        for index in group.scored() {
            let (member, paired) = (&group.members[index], &slice.paired[index]);
            let mut last = None;
            for place in &slice.places[index] {
                // Without parts of the calendar all places of a bucket are of one row.
                if self.query.by.is_empty() && last == Some(place.0) {
                    continue;
                }
                last = Some(place.0);
                self.row(group, member, *place);
            }
            for pair in &paired.pairs {
                let row = self.row(group, member, (pair.predicted.bucket, pair.predicted.valid_time));
                row.tally.add(pair, &row.rules);
            }
            for place in &paired.without_truth {
                self.row(group, member, *place).tally.without_reading += 1;
            }
            for place in &paired.without_reference {
                self.row(group, member, *place).tally.without_reference += 1;
            }
            for (place, revised) in &slice.revised[index] {
                self.row(group, member, *place).tally.revisions.add(revised);
            }
            for place in &paired.without_prediction {
                let key = self.key(member, *place);
                *self.unmet.entry(key).or_default() += 1;
            }
        }
    }

    fn key(&self, member: &Member, (bucket, time): (usize, i64)) -> Key {
        let (query, series) = (self.query, &member.row.series);
        let is_split = |by: By| !query.pool || query.by.contains(&by);
        let parts = query.by.iter().filter_map(|by| query.calendar.name(*by, time));
        Key {
            source: series.source_name.to_string(),
            version: series.version_label.to_string(),
            stage: series.stage.as_ref().map(ToString::to_string),
            is_on_trial: series.track.named().is_some(),
            location: series.location_id.filter(|_| is_split(By::Location)),
            job: series.job_id.filter(|_| is_split(By::Job)),
            bucket,
            parts: parts.collect(),
        }
    }

    fn row(&mut self, group: &Group, member: &Member, place: (usize, i64)) -> &mut Row {
        let (query, key) = (self.query, self.key(member, place));
        self.rows.entry(key).or_insert_with(|| Row {
            tally: Tally::default(),
            series: member.row.series.clone(),
            sensor: group.sensor(member).map(|sensor| sensor.id),
            rules: TallyRules {
                thresholds: query.thresholds.clone(),
                event: query.event,
                classes: member.classes.clone().filter(|_| query.classes),
                calendar: query.calendar.clone(),
            },
        })
    }

    /// Returns the rows with their scores.
    pub fn finish(self) -> Vec<Accuracy> {
        let (query, unmet) = (self.query, self.unmet);
        let row = |(key, mut row): (Key, Row)| {
            row.tally.without_prediction = unmet.get(&key).copied().unwrap_or_default();
            let (lead_from, lead_to) = query.edges.bounds(key.bucket);
            let parts = query.by.iter().filter(|by| !matches!(by, By::Location | By::Job));
            let named: Vec<_> = parts.zip(&key.parts).collect();
            let part = |by: By| {
                let found = named.iter().find(|(name, _)| **name == by);
                found.map(|(_, text)| (*text).clone())
            };
            let series = row.series;
            let blank = Accuracy {
                job_id: key.job,
                location_id: key.location,
                sensor_id: row.sensor.filter(|_| !query.pool || key.location.is_some()),
                lead_from,
                lead_to,
                hour: part(By::Hour),
                day: part(By::Day),
                week: part(By::Week),
                month: part(By::Month),
                reference: query.reference.as_ref().map(|(_, text)| text.clone()),
                ..Accuracy::blank(&series)
            };
            blank.scored(&row.tally, query.min_pairs)
        };
        self.rows.into_iter().map(row).collect()
    }
}
