//! Reads a group's predictions and its truth in slices of the window, and pairs them.

use std::collections::{HashMap, hash_map::Entry};

use super::{group::Group, truth};
use crate::{
    domain::{
        Error, Result, Timestamp, Window,
        prediction::Issues,
        sensor::Sensor,
        verification::{
            AccuracyQuery, Climatology, Collected, Matching, Ordered, Pair, Place, Reference, ReferenceValues, Revised,
            Rules, Truth, Unpaired, common, pair,
        },
    },
    store::{
        courtesy::Courtesy,
        engine::Connection,
        prediction::verify::{self, Slice},
    },
};

const HOUR: i64 = 3_600_000_000;

/// Number of steps between valid times in a slice. With all issues of each valid time there are many more predictions.
const STEPS: i64 = 4096;
const STEPS_OF_ALL_ISSUES: i64 = 512;

/// The most slices of a window, so that a window of thousands of years does not take long.
const MOST: i64 = 1000;

/// The most points of one series that a request decodes.
const MOST_POINTS: u64 = 50_000_000;

/// Receiver of the slices of a window, member by member of a group.
pub trait Sink {
    /// Receives a pair of a member, by its index in the group.
    ///
    /// # Errors
    /// The pair is refused, and no more is read.
    fn pair(&mut self, member: usize, pair: &Pair) -> Result<()>;

    /// Receives the rest of a slice of a member, after its pairs.
    ///
    /// # Errors
    /// As [`Self::pair`].
    fn rest(&mut self, member: usize, rest: Rest) -> Result<()>;

    /// Returns whether no more slices are needed.
    fn is_full(&self) -> bool {
        false
    }
}

/// Rest of a slice of a member, besides its pairs.
pub struct Rest {
    /// Its predictions, and what found no partner.
    pub unpaired: Unpaired,
    /// The issues of each bucket and valid time, if they are compared with each other.
    pub revised: Vec<(Place, Revised)>,
}

/// Pairs of a slice, until those of all members are known.
struct Kept {
    pairs: Vec<Vec<Pair>>,
    rests: Vec<(usize, Rest)>,
}

impl Sink for Kept {
    fn pair(&mut self, member: usize, pair: &Pair) -> Result<()> {
        self.pairs[member].push(*pair);
        Ok(())
    }

    fn rest(&mut self, member: usize, rest: Rest) -> Result<()> {
        self.rests.push((member, rest));
        Ok(())
    }
}

/// Reads the slices of a window one after the other.
pub struct Slices<'a> {
    connection: &'a Connection,
    query: &'a AccuracyQuery,
    window: Window,
    group: &'a Group,
    now: Timestamp,
    /// The only member whose pairs are wanted, and the first valid time that is read.
    only: Option<(usize, Timestamp)>,
    points: Vec<u64>,
}

impl<'a> Slices<'a> {
    /// Prepares reading the window of a group.
    pub fn new(
        connection: &'a Connection,
        query: &'a AccuracyQuery,
        window: Window,
        group: &'a Group,
        now: Timestamp,
    ) -> Self {
        Self {
            connection,
            query,
            window,
            group,
            now,
            only: None,
            points: vec![0; group.members.len()],
        }
    }

    /// Restricts the pairs to those of one member, from a valid time on.
    pub fn only(mut self, member: usize, from: Timestamp) -> Self {
        self.only = Some((member, from));
        self
    }

    /// Passes the pairs of every slice to `sink`, until it is full.
    ///
    /// # Errors
    /// The error of `sink`. Bad parameter: a series has too many points in the window.
    pub fn read(mut self, sink: &mut impl Sink) -> Result<()> {
        let window = self.window;
        let from = self.only.map_or(window.from, |(_, from)| from);
        let climatologies = self.climatologies()?;
        let takes_part = self.takes_part()?;
        let length = self.length()?;
        let (mut at, end) = (from.micros(), window.to.micros());
        while at < end && !sink.is_full() {
            let next = at.saturating_add(length).min(end);
            if self.query.common {
                self.common_pairs((at, next), &climatologies, &takes_part, sink)?;
            } else {
                self.pairs((at, next), &climatologies, sink)?;
            }
            at = next;
        }
        Ok(())
    }

    fn slice(&self, from: i64, to: i64) -> Slice {
        Slice {
            from: Timestamp::from_micros(from),
            to: Timestamp::from_micros(to),
            as_of: self.query.as_of,
            leads: self.query.edges.leads(),
            now: self.now,
        }
    }

    /// Returns the length of the slices, in microseconds.
    fn length(&self) -> Result<i64> {
        let mut step = HOUR;
        for index in self.group.scored() {
            let found = verify::step(self.connection, &self.group.members[index].row)?;
            step = step.min(found.unwrap_or(HOUR).max(1));
        }
        let steps = match self.query.issues {
            Issues::Latest => STEPS,
            Issues::All => STEPS_OF_ALL_ISSUES,
        };
        let (from, to) = (self.window.from.micros(), self.window.to.micros());
        Ok((step * steps).max((to - from) / MOST).max(1))
    }

    /// Returns the members whose pairs are needed.
    fn wanted(&self) -> Vec<usize> {
        match self.only {
            Some((member, _)) if !self.query.common => vec![member],
            _ => self.group.scored().collect(),
        }
    }

    /// Passes the pairs of a slice to `sink`, in which each member has its pairs alone.
    fn pairs(&mut self, (from, to): (i64, i64), climatologies: &[Climatology], sink: &mut impl Sink) -> Result<()> {
        let mut truths: HashMap<usize, Truth> = HashMap::new();
        let mut references: HashMap<usize, HashMap<Place, f64>> = HashMap::new();
        let (nothing, empty) = (Truth::default(), HashMap::new());
        for index in self.wanted() {
            let member = &self.group.members[index];
            let predicted = self.collect(index, (from, to), self.query.issues)?;
            if let Some(reference) = member.reference
                && !references.contains_key(&reference)
            {
                let others = self.collect(reference, (from, to), Issues::Latest)?;
                let values = others.iter().map(|one| ((one.bucket, one.valid_time), one.value));
                references.insert(reference, values.collect());
            }
            let truth: &Truth = match member.truth.map(|at| (at, truths.entry(at))) {
                Some((_, Entry::Occupied(found))) => found.into_mut(),
                Some((at, Entry::Vacant(place))) => place.insert(self.truth(at, from, to)?),
                None => &nothing,
            };
            let reference = match &self.query.reference {
                None => ReferenceValues::None,
                Some((Reference::Persistence, _)) => ReferenceValues::Persistence,
                Some((Reference::Daily, _)) => ReferenceValues::Daily,
                Some((Reference::Climatology, _)) => {
                    let found = member.truth.and_then(|at| climatologies.get(at));
                    found.map_or(ReferenceValues::Predicted(&empty), ReferenceValues::Climatology)
                }
                Some((Reference::Version { .. }, _)) => {
                    let values = member.reference.and_then(|reference| references.get(&reference));
                    ReferenceValues::Predicted(values.unwrap_or(&empty))
                }
            };
            let rules = Rules {
                matching: self.query.matching,
                interval: member.interval,
                measured: self.group.sensor(member).and_then(Sensor::values),
                min_coverage: self.query.min_coverage,
                step: truth.median_step(),
            };
            let buckets = self.query.edges.count();
            let mut courtesy = Courtesy::default();
            let each = |pair: Pair| {
                courtesy.count(1);
                sink.pair(index, &pair)
            };
            let unpaired = pair(predicted.iter(), truth, &rules, reference, (from, to), buckets, each)?;
            let revised = predicted.revised();
            sink.rest(index, Rest { unpaired, revised })?;
        }
        Ok(())
    }

    /// Reads the predictions of a member.
    fn collect(&mut self, index: usize, (from, to): (i64, i64), issues: Issues) -> Result<Ordered<'a>> {
        let (query, row) = (self.query, &self.group.members[index].row);
        let mut collected = Collected::new(&query.edges, issues, query.without_late, query.revision);
        let points = verify::collect(self.connection, row, self.slice(from, to), &mut collected)?;
        self.points[index] += points;
        if self.points[index] > MOST_POINTS {
            let detail = format!(
                "begins a window with more than {MOST_POINTS} points of {} {}: narrow the window",
                row.series.source_name, row.series.version_label
            );
            return Err(Error::bad_parameter("from", detail));
        }
        Ok(collected.finish())
    }

    /// Reads the truth that the predictions of a slice, and their references, need.
    fn truth(&self, at: usize, from: i64, to: i64) -> Result<Truth> {
        let intervals = self.group.members.iter().filter_map(|member| member.interval);
        let longest = intervals.map(|interval| interval.length).max().unwrap_or(0);
        let tolerance = match self.query.matching {
            Matching::Exact => 0,
            Matching::Nearest(tolerance) => tolerance,
        };
        let around = longest + tolerance + 1;
        let ahead = self.query.edges.leads().most.micros().max(0);
        let (before, with_last) = match &self.query.reference {
            Some((Reference::Persistence, _)) => (around + ahead, true),
            Some((Reference::Daily, _)) => (around + ahead + 24 * HOUR, false),
            _ => (around, false),
        };
        let slice = self.slice(from.saturating_sub(before), to.saturating_add(around));
        truth::read(self.connection, self.group, &self.group.truths[at], slice, with_last)
    }

    /// Returns the climatology of each truth of the group, if the query compares with it.
    fn climatologies(&self) -> Result<Vec<Climatology>> {
        if !matches!(&self.query.reference, Some((Reference::Climatology, _))) {
            return Ok(Vec::new());
        }
        let (window, length) = (self.window, self.length()?);
        let mut found = vec![Climatology::default(); self.group.truths.len()];
        for (of, climatology) in self.group.truths.iter().zip(&mut found) {
            let (mut at, end) = (window.from.micros(), window.to.micros());
            while at < end {
                let next = at.saturating_add(length).min(end);
                let truth = truth::read(self.connection, self.group, of, self.slice(at, next), false)?;
                truth.iter().for_each(|(time, value)| climatology.add(time, value));
                at = next;
            }
        }
        Ok(found)
    }

    /// Returns for each member and bucket whether it has predictions in the window, so that it is compared with others.
    fn takes_part(&self) -> Result<Vec<Vec<bool>>> {
        let buckets = self.query.edges.count();
        let mut found = vec![vec![false; buckets]; self.group.members.len()];
        if !self.query.common {
            return Ok(found);
        }
        let window = self.window;
        for index in self.group.scored() {
            for (bucket, takes_part) in found[index].iter_mut().enumerate() {
                let slice = Slice {
                    leads: self.query.edges.leads_of(bucket),
                    ..self.slice(window.from.micros(), window.to.micros())
                };
                *takes_part = verify::may_have_points(self.connection, &self.group.members[index].row, slice)?;
            }
        }
        Ok(found)
    }

    /// Passes the pairs of a slice to `sink` whose valid times all members have.
    fn common_pairs(
        &mut self,
        slice: (i64, i64),
        climatologies: &[Climatology],
        takes_part: &[Vec<bool>],
        sink: &mut impl Sink,
    ) -> Result<()> {
        let mut kept = Kept {
            pairs: vec![Vec::new(); self.group.members.len()],
            rests: Vec::new(),
        };
        self.pairs(slice, climatologies, &mut kept)?;
        if self.group.lacks_a_version {
            kept.pairs.iter_mut().for_each(Vec::clear);
        }
        common(&mut kept.pairs, |member, bucket| takes_part[member][bucket]);
        for (member, rest) in kept.rests {
            for pair in &kept.pairs[member] {
                sink.pair(member, pair)?;
            }
            sink.rest(member, rest)?;
        }
        Ok(())
    }
}
