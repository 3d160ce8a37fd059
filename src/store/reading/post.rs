//! Stores posted readings.

use super::{
    insert::{Revision, insert},
    known::{held, series_of},
    series::WITHDRAWN,
};
use crate::{
    domain::{Counts, Gaps, Result, Timestamp, reading::SensorPost, sensor::Sensor},
    store::engine::Transaction,
};

/// Stores new readings. A different value for a stored time becomes its next revision. Returns for each sensor the
/// counts, and the indexes of the readings that withdraw a value that is not stored. If there are any, the caller must
/// roll back.
///
/// All series are looked up together, and all readings are stored together.
pub fn post(
    tx: &Transaction<'_>,
    posts: &[(&Sensor, &SensorPost)],
    gaps: Gaps,
    available_at: Timestamp,
) -> Result<Vec<(Counts, Vec<usize>)>> {
    let sensors: Vec<_> = posts.iter().map(|(sensor, _)| *sensor).collect();
    let series = series_of(tx, &sensors)?;
    let mut wanted = Vec::new();
    for ((sensor, post), series) in posts.iter().zip(&series) {
        // Usually readings are newer than all stored readings, and nothing has to be looked up.
        let may_be_there = |(time, value): &&(Timestamp, Option<f64>)| {
            series.last.is_some_and(|last| *time <= last) && (value.is_some() || gaps != Gaps::Skip)
        };
        let times = post.values.iter().filter(may_be_there);
        wanted.extend(times.map(|(time, _)| (series.id, sensor.organisation_id, *time)));
    }
    wanted.sort_by_key(|(_, organisation, _)| *organisation);
    let held = held(tx, &wanted)?;
    let (mut revisions, mut found) = (Vec::new(), Vec::with_capacity(posts.len()));
    for ((sensor, post), series) in posts.iter().zip(&series) {
        let (mut counts, mut refused) = (Counts::default(), Vec::new());
        for (index, (time, value)) in post.values.iter().enumerate() {
            // Adding 0.0 turns -0.0 into 0.0. SQLite stores both as 0, so -0.0 would never equal the stored bits.
            let stored = value.map_or(WITHDRAWN, |value| value + 0.0);
            let number = match held.get(&(series.id, *time)) {
                _ if value.is_none() && gaps == Gaps::Skip => {
                    counts.skipped += 1;
                    continue;
                }
                Some((_, held)) if held.to_bits() == stored.to_bits() => {
                    counts.unchanged += 1;
                    continue;
                }
                Some((number, _)) => {
                    let changed = match value {
                        Some(_) => &mut counts.revised,
                        None => &mut counts.withdrawn,
                    };
                    *changed += 1;
                    number + 1
                }
                None if value.is_some() => {
                    counts.stored += 1;
                    1
                }
                None if gaps == Gaps::Withdraw => {
                    counts.skipped += 1;
                    continue;
                }
                None => {
                    refused.push(index);
                    continue;
                }
            };
            revisions.push(Revision {
                series_id: series.id,
                organisation_id: sensor.organisation_id,
                time: *time,
                number,
                value: stored,
            });
        }
        found.push((counts, refused));
    }
    revisions.sort_by_key(|new| new.organisation_id);
    insert(tx, &revisions, available_at)?;
    Ok(found)
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::{
        domain::{
            reading::{ReadingCreation, by_sensor},
            text::Name,
            value::PostedValue,
        },
        store::sqlite::traced,
    };

    /// Posts the value for each of some times, for each of the sensors. Returns the number of statements, and the counts.
    fn posted(tx: &Transaction<'_>, sensors: &[Sensor], times: i64, value: Option<f64>) -> (usize, Counts) {
        let new = |sensor: &Sensor, time| ReadingCreation {
            sensor_id: sensor.id,
            time: Timestamp::from_micros(time),
            value: PostedValue(value),
        };
        let news = sensors
            .iter()
            .flat_map(|sensor| (0..times).map(|time| new(sensor, time)));
        let posts = by_sensor(news.collect()).unwrap();
        let posts: Vec<_> = sensors.iter().zip(&posts).collect();
        let arrival = Timestamp::from_micros(1);
        let (statements, found) = traced::statements(tx, || post(tx, &posts, Gaps::Withdraw, arrival));
        let mut counts = Counts::default();
        for (own, refused) in found.unwrap() {
            assert_eq!(refused, [0; 0]);
            counts += own;
        }
        (statements, counts)
    }

    fn sensors(count: u128) -> Vec<Sensor> {
        let sensor = |number| Sensor {
            id: Uuid::from_u128(number),
            organisation_id: Uuid::nil(),
            name: Name::new(number.to_string()),
            metric: Name::new("power"),
            unit: None,
            location_id: None,
            interval: None,
            label: None,
            method: None,
            placeholder: false,
            created_at: Timestamp::from_micros(0),
            updated_at: Timestamp::from_micros(0),
            revision: 1,
        };
        (0..count).map(sensor).collect()
    }

    #[test]
    fn a_post_takes_few_statements_however_many_readings_and_sensors_it_has() {
        let folder = tempfile::tempdir().unwrap();
        let connection = traced::database(folder.path());
        let tx = traced::begin(&connection);
        let (one, many) = (sensors(1), sensors(64));
        // It finds the series and stores it, stores the reading, and when it arrived.
        let (statements, counts) = posted(&tx, &one, 1, Some(1.0));
        assert_eq!((statements, counts.stored), (4, 1));
        // It finds the series and what it has, and stores 64 readings and when they arrived.
        let (statements, counts) = posted(&tx, &one, 64, Some(2.0));
        assert_eq!((statements, counts.stored, counts.revised), (4, 63, 1));
        // 63 series are stored in nine parts of 16, 4 and 1. Each 64 readings are one statement.
        let (statements, counts) = posted(&tx, &many, 64, Some(2.0));
        assert_eq!(
            (statements, counts.stored, counts.unchanged),
            (1 + 9 + 1 + 63 + 1, 63 * 64, 64)
        );
        let (statements, counts) = posted(&tx, &many, 64, None);
        assert_eq!((statements, counts.withdrawn), (1 + 16 + 64 + 1, 64 * 64));
    }
}
