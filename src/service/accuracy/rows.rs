//! Adds pairs up to the rows of the response.

use std::{
    collections::{BTreeMap, HashMap, hash_map::Entry},
    sync::Arc,
};

use uuid::Uuid;

use super::{
    group::{Group, Member},
    slices::{Rest, Sink},
};
use crate::{
    domain::{
        Error, Result, Timestamp,
        prediction::{Issue, Series},
        verification::{Accuracy, AccuracyQuery, By, Pair, Parts, Place, Tally, TallyRules},
    },
    store::{
        engine::Connection,
        prediction::spread::{Spreads, WantedPoint},
    },
};

/// The most rows of a group, so that a window that is split by hours and days does not take all memory.
const MOST: usize = 50_000;

/// The key of a row, in the order of the response.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    source: String,
    version: String,
    stage: Option<String>,
    is_on_trial: bool,
    location: Option<Uuid>,
    job: Option<Uuid>,
    bucket: usize,
    parts: Parts,
}

struct Row {
    tally: Tally,
    series: Arc<Series>,
    sensor: Option<Uuid>,
    rules: TallyRules,
    /// Whether there are predictions of the row. Measurements alone make no row, but they count once predictions show.
    is_predicted: bool,
}

/// Rows that pairs are added up to.
pub struct Rows<'a> {
    query: &'a AccuracyQuery,
    rows: Vec<Row>,
    /// Places of the rows in the list.
    places: BTreeMap<Key, usize>,
}

/// The rows of a member of a group, by bucket. A pair finds its row here without a key, whose texts would take longer than
/// everything else that is done for a pair.
struct RowsOf<'a> {
    group: &'a Group,
    member: &'a Member,
    buckets: Vec<RowsOfBucket>,
    /// Pairs of the slice whose quantiles or members are not read yet.
    waiting: Vec<Pair>,
}

/// Adds the pairs of a group to the rows. It fails if there are too many rows.
pub struct RowsOfGroup<'b, 'a> {
    connection: &'b Connection,
    rows: &'b mut Rows<'a>,
    members: Vec<RowsOf<'b>>,
}

impl Sink for RowsOfGroup<'_, '_> {
    fn pair(&mut self, member: usize, pair: &Pair) -> Result<()> {
        let place = (pair.predicted.bucket, pair.predicted.valid_time);
        let row = self.rows.row(&mut self.members[member], place)?;
        row.tally.add(pair, &row.rules);
        let of = &mut self.members[member];
        if of.member.row.series.spread.is_some() {
            of.waiting.push(*pair);
        }
        Ok(())
    }

    fn rest(&mut self, member: usize, rest: Rest) -> Result<()> {
        self.score_spread(member)?;
        let (rows, of) = (&mut *self.rows, &mut self.members[member]);
        for place in &rest.unpaired.places {
            rows.row(of, *place)?.is_predicted = true;
        }
        for place in &rest.unpaired.without_truth {
            rows.row(of, *place)?.tally.without_reading += 1;
        }
        for place in &rest.unpaired.without_reference {
            rows.row(of, *place)?.tally.without_reference += 1;
        }
        for (place, revised) in &rest.revised {
            rows.row(of, *place)?.tally.revisions.add(revised);
        }
        for place in &rest.unpaired.without_prediction {
            rows.row(of, *place)?.tally.without_prediction += 1;
        }
        Ok(())
    }
}

impl RowsOfGroup<'_, '_> {
    /// Reads the quantiles or members of the pairs of a slice, and scores them.
    fn score_spread(&mut self, member: usize) -> Result<()> {
        let of = &mut self.members[member];
        let (pairs, row) = (std::mem::take(&mut of.waiting), &of.member.row);
        let Some(spread) = row.series.spread.as_ref().filter(|_| !pairs.is_empty()) else {
            return Ok(());
        };
        let issue = |pair: &Pair| Issue {
            issue_time: Timestamp::from_micros(pair.predicted.issue_time),
            available_at: Timestamp::from_micros(pair.predicted.available_at),
        };
        let point = |pair: &Pair| WantedPoint {
            series_id: row.id,
            organisation_id: row.series.organisation_id,
            issue: issue(pair),
            valid_time: Timestamp::from_micros(pair.predicted.valid_time),
        };
        let spreads = Spreads::read(self.connection, pairs.iter().map(point).collect())?;
        for pair in &pairs {
            let time = pair.predicted.valid_time;
            let Some(numbers) = spreads.find(row.id, issue(pair), Timestamp::from_micros(time)) else {
                continue;
            };
            let row = self
                .rows
                .row(&mut self.members[member], (pair.predicted.bucket, time))?;
            let events = (row.rules.event, row.rules.thresholds.as_slice());
            row.tally.spread.add(spread, numbers, pair, events);
        }
        Ok(())
    }
}

#[derive(Default)]
struct RowsOfBucket {
    /// The row of the last pair. The next one is mostly of the same.
    last: Option<(Parts, usize)>,
    all: HashMap<Parts, usize>,
}

impl<'a> Rows<'a> {
    /// Creates an empty list of rows.
    pub fn new(query: &'a AccuracyQuery) -> Self {
        Self {
            query,
            rows: Vec::new(),
            places: BTreeMap::new(),
        }
    }

    /// Returns the receiver that adds the pairs of a group to the rows.
    pub fn of<'b>(&'b mut self, connection: &'b Connection, group: &'b Group) -> RowsOfGroup<'b, 'a> {
        let buckets = self.query.edges.count();
        let of = |member| RowsOf {
            group,
            member,
            buckets: std::iter::repeat_with(RowsOfBucket::default).take(buckets).collect(),
            waiting: Vec::new(),
        };
        RowsOfGroup {
            connection,
            rows: self,
            members: group.members.iter().map(of).collect(),
        }
    }

    fn row(&mut self, of: &mut RowsOf<'_>, (bucket, time): Place) -> Result<&mut Row> {
        let parts = self.query.calendar.parts(&self.query.by, time);
        let known = &mut of.buckets[bucket];
        let place = match known.last {
            Some((last, place)) if last == parts => place,
            _ => match known.all.entry(parts) {
                Entry::Occupied(found) => *found.get(),
                Entry::Vacant(new) => *new.insert(self.place(of.group, of.member, bucket, parts)?),
            },
        };
        known.last = Some((parts, place));
        Ok(&mut self.rows[place])
    }

    /// Returns the place of a row in the list, and adds it if it is new.
    fn place(&mut self, group: &Group, member: &Member, bucket: usize, parts: Parts) -> Result<usize> {
        let (query, series) = (self.query, &member.row.series);
        let is_split = |by: By| !query.pool || query.by.contains(&by);
        let key = Key {
            source: series.source_name.to_string(),
            version: series.version_label.to_string(),
            stage: series.stage.as_ref().map(ToString::to_string),
            is_on_trial: series.track.named().is_some(),
            location: series.location_id.filter(|_| is_split(By::Location)),
            job: series.job_id.filter(|_| is_split(By::Job)),
            bucket,
            parts,
        };
        if let Some(place) = self.places.get(&key) {
            return Ok(*place);
        }
        if self.rows.len() == MOST {
            let detail =
                format!("splits the window into more than {MOST} rows: narrow the window, or split it by less");
            return Err(Error::bad_parameter("by", detail));
        }
        self.rows.push(Row {
            tally: Tally::default(),
            series: series.clone(),
            sensor: group.sensor(member).map(|sensor| sensor.id),
            rules: TallyRules {
                thresholds: query.thresholds.clone(),
                event: query.event,
                classes: member.classes.clone().filter(|_| query.classes),
                calendar: query.calendar.clone(),
            },
            is_predicted: false,
        });
        self.places.insert(key, self.rows.len() - 1);
        Ok(self.rows.len() - 1)
    }

    /// Returns the rows with their scores.
    pub fn finish(self) -> Vec<Accuracy> {
        let (query, rows) = (self.query, self.rows);
        let row = |(key, place): (Key, usize)| {
            let row = &rows[place];
            let (lead_from, lead_to) = query.edges.bounds(key.bucket);
            let part = |by: By| key.parts.name(by).filter(|_| query.by.contains(&by));
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
                ..Accuracy::blank(&row.series)
            };
            row.is_predicted.then(|| blank.scored(&row.tally, query.min_pairs))
        };
        self.places.into_iter().filter_map(row).collect()
    }
}
