//! Maps messages that have arrived to readings, and stores them.

use std::collections::{HashMap, HashSet};

use serde_json::Value;
use uuid::Uuid;

use super::route::Route;
use crate::{
    domain::{
        Counts, Gaps, Result, Timestamp,
        feed::{FeedProblem, Mapping, MessageAnswer, Outcome, Reading, SkippedMapping, TopicFilter, apply},
        reading::{MAX_AHEAD_HOURS, ReadingCreation, grouped},
        sensor::Sensor,
    },
    store::{
        clock,
        engine::Transaction,
        feed::{Arrival, set_arrival},
        reading,
    },
};

/// Maximum length of the description of a fault that is stored, in characters.
const MAX_DETAIL: usize = 1000;

/// A message that has arrived at a feed.
pub(super) struct Arrived<'a> {
    pub route: &'a Route,
    /// Topic of a message from a broker.
    pub topic: Option<&'a str>,
    /// Content, or a description of the fault of a message that is not JSON.
    pub content: std::result::Result<&'a Value, &'a str>,
    /// Time of the arrival.
    pub at: Timestamp,
    /// Whether the broker has stored the message before, so that the time of its arrival says nothing.
    pub is_retained: bool,
}

impl Arrived<'_> {
    /// Returns whether the message is for a mapping, as far as its topic shows.
    fn is_for(&self, mapping: &Mapping) -> bool {
        let has_time = !self.is_retained || mapping.time.is_some();
        let is_of_topic = |filter: &TopicFilter| self.topic.is_some_and(|topic| filter.matches(topic));
        has_time && mapping.topic.as_ref().is_none_or(is_of_topic)
    }
}

/// Maps the messages to readings and stores these, in the order of the messages. Stores what has arrived at each feed.
/// Returns the result of each message, without the counts of readings, which are returned for all messages together.
pub(super) fn store(
    tx: &Transaction<'_>,
    messages: &[Arrived<'_>],
    now: Timestamp,
) -> Result<(Vec<MessageAnswer>, Counts)> {
    let mut batch = Batch {
        tx,
        latest: now.plus_hours(MAX_AHEAD_HOURS),
        available_at: clock::stamp(tx, now)?,
        sensors: HashMap::new(),
        readings: Vec::new(),
        places: HashSet::new(),
        counts: Counts::default(),
    };
    let mut arrivals = Vec::<(Uuid, Arrival)>::new();
    let mut answers = Vec::with_capacity(messages.len());
    for message in messages {
        let answer = batch.take(message)?;
        note(&mut arrivals, message, &answer);
        answers.push(answer);
    }
    batch.flush()?;
    for (feed, arrival) in &arrivals {
        set_arrival(tx, *feed, arrival)?;
    }
    Ok((answers, batch.counts))
}

/// Readings that are stored together.
struct Batch<'a, 't> {
    tx: &'a Transaction<'t>,
    /// Latest time that is accepted.
    latest: Timestamp,
    available_at: Timestamp,
    sensors: HashMap<Uuid, &'a Sensor>,
    readings: Vec<ReadingCreation>,
    /// Sensors and times of the readings.
    places: HashSet<(Uuid, Timestamp)>,
    counts: Counts,
}

impl<'a> Batch<'a, '_> {
    /// Adds the readings of a message.
    fn take(&mut self, message: &Arrived<'a>) -> Result<MessageAnswer> {
        let mut answer = MessageAnswer::default();
        let Ok(content) = message.content else {
            return Ok(answer);
        };
        let mut own = HashSet::new();
        let mappings = message.route.feed.mappings.iter();
        for mapping in mappings.filter(|mapping| message.is_for(mapping)) {
            let detail = match apply(mapping, message.topic, content) {
                Outcome::Unmatched(_) => continue,
                Outcome::Skipped(detail) => Err(detail),
                Outcome::Found(found) => self.add(message, mapping, found, &mut own)?,
            };
            answer.matched += 1;
            if let Err(detail) = detail {
                answer.skipped.push(SkippedMapping {
                    sensor_id: mapping.sensor_id,
                    detail,
                });
            }
        }
        Ok(answer)
    }

    /// Adds a reading, or returns a description of why it cannot be stored. `own` has the sensors and times of the
    /// message's readings.
    fn add(
        &mut self,
        message: &Arrived<'a>,
        mapping: &Mapping,
        found: Reading,
        own: &mut HashSet<(Uuid, Timestamp)>,
    ) -> Result<std::result::Result<(), String>> {
        let id = mapping.sensor_id;
        let Some(sensor) = message.route.sensors.get(&id) else {
            return Ok(Err("the sensor does not exist any more".to_owned()));
        };
        let time = match found.at(message.at, self.latest) {
            Ok(time) => time,
            Err(detail) => return Ok(Err(detail)),
        };
        if !own.insert((id, time)) {
            let detail =
                format!("another mapping has taken a reading of {time} for the sensor out of the same message");
            return Ok(Err(detail));
        }
        // A later message may correct an earlier one.
        if !self.places.insert((id, time)) {
            self.flush()?;
            self.places.insert((id, time));
        }
        self.sensors.insert(id, sensor);
        self.readings.push(ReadingCreation {
            sensor_id: id,
            time,
            value: found.value.into(),
        });
        Ok(Ok(()))
    }

    /// Stores the readings that were added.
    fn flush(&mut self) -> Result<()> {
        let posts = grouped(std::mem::take(&mut self.readings))?;
        self.places.clear();
        let sensor_of = |id: &Uuid| self.sensors.get(id).copied();
        let posts: Vec<_> = posts
            .iter()
            .filter_map(|post| Some((sensor_of(&post.sensor_id)?, post)))
            .collect();
        if posts.is_empty() {
            return Ok(());
        }
        for (counts, _) in reading::post(self.tx, &posts, Gaps::Correct, self.available_at)? {
            self.counts += counts;
        }
        Ok(())
    }
}

/// Adds the message to what has arrived at its feed.
fn note(arrivals: &mut Vec<(Uuid, Arrival)>, message: &Arrived<'_>, answer: &MessageAnswer) {
    let feed = &message.route.feed;
    let new = Arrival {
        last_message_at: message.at,
        last_stored_at: (answer.matched > answer.skipped.len() as u64).then_some(message.at),
        problem: problem(message, answer).map(|detail| FeedProblem {
            at: message.at,
            detail: detail.chars().filter(|c| *c != '\0').take(MAX_DETAIL).collect(),
        }),
    };
    match arrivals.iter_mut().find(|(id, _)| *id == feed.id) {
        Some((_, arrival)) => {
            arrival.last_message_at = new.last_message_at;
            arrival.last_stored_at = new.last_stored_at.or(arrival.last_stored_at);
            arrival.problem = new.problem.or(arrival.problem.take());
        }
        None => arrivals.push((feed.id, new)),
    }
}

/// Returns the first fault of a message.
fn problem(message: &Arrived<'_>, answer: &MessageAnswer) -> Option<String> {
    let topic = message
        .topic
        .map(|topic| format!("topic {topic}: "))
        .unwrap_or_default();
    if let Err(fault) = message.content {
        // Others may use a topic beside those of the mappings in their own way.
        let mut mappings = message.route.feed.mappings.iter();
        mappings.find(|mapping| message.is_for(mapping))?;
        return Some(format!("{topic}{fault}"));
    }
    let skipped = answer.skipped.first()?;
    let name = message
        .route
        .sensors
        .get(&skipped.sensor_id)
        .map(|sensor| sensor.name.to_string());
    let name = name.unwrap_or_else(|| skipped.sensor_id.to_string());
    Some(format!("{topic}sensor {name}: {}", skipped.detail))
}
