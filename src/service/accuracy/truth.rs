//! Finds the sensor that measures what a series predicts, and reads the truth of a slice.

use std::collections::{BTreeMap, HashSet};

use uuid::Uuid;

use super::group::{Group, TruthOf};
use crate::{
    domain::{
        Caller, Error, Page, Result,
        contract::InputKind,
        interval::Interval,
        prediction::{Issues, Series},
        sensor::{Sensor, SensorFilter},
        verification::{AccuracyQuery, Collected, LeadEdges, Truth},
    },
    service::sensor,
    store::{
        self,
        engine::Connection,
        prediction::verify::{self, Slice},
        reading,
    },
};

/// Most sensors of a location that are looked at. More than one of a metric is an error anyway.
const MOST: usize = 10;

/// Returns the sensor that measures what the series predicts: the named one, else the one that its job binds to an input
/// of the same metric, else the only one of this metric at its location. `None` if there is none.
///
/// # Errors
/// Not found: the named sensor. Bad parameter: several sensors fit.
pub fn sensor(
    connection: &Connection,
    caller: &Caller,
    query: &AccuracyQuery,
    series: &Series,
) -> Result<Option<Sensor>> {
    if let Some(id) = query.sensor_id {
        return sensor::visible(connection, caller, id).map(Some);
    }
    let bound = match series.job_id {
        Some(job) => bound_to(connection, job, series)?,
        None => Vec::new(),
    };
    let mut found = bound;
    if found.is_empty()
        && let Some(location) = series.location_id
    {
        let filter = SensorFilter {
            organisation_id: Some(series.organisation_id),
            location_id: Some(location),
            metric: Some(series.metric.to_string()),
            name: None,
        };
        let page = Page {
            after: None,
            limit: MOST,
        };
        found = store::sensor::list(connection, &filter, page)?.items;
    }
    if found.len() > 1 {
        let named: Vec<_> = found
            .iter()
            .map(|sensor| format!("{} ({})", sensor.name, sensor.id))
            .collect();
        let detail = format!(
            "is needed, because several sensors measure {}: {}",
            series.metric,
            named.join(", ")
        );
        return Err(Error::bad_parameter("sensor_id", detail));
    }
    Ok(found.pop())
}

/// Returns the sensors that the job binds to input roles of the metric.
fn bound_to(connection: &Connection, job: Uuid, series: &Series) -> Result<Vec<Sensor>> {
    let Some(job) = store::job::find(connection, job)? else {
        return Ok(Vec::new());
    };
    let ids: HashSet<Uuid> = job
        .role_bindings
        .iter()
        .filter(|binding| binding.input_type == InputKind::Sensor)
        .map(|binding| binding.input_id)
        .collect();
    let ids: Vec<_> = ids.into_iter().collect();
    let mut found = store::sensor::find_all(connection, &ids)?;
    // A sensor can only be bound to a role of its own metric.
    found.retain(|sensor| sensor.metric == series.metric);
    found.sort_unstable_by_key(|sensor| sensor.id);
    Ok(found)
}

/// Returns the sensor, if its readings can be compared with the series.
///
/// # Errors
/// Bad parameter: the units differ, or each reading stands for a longer interval than each prediction.
pub fn check(sensor: Sensor, series: &Series, interval: Option<Interval>) -> Result<Sensor> {
    if let (Some(predicted), Some(measured)) = (&series.unit, &sensor.unit)
        && predicted != measured
    {
        let detail = format!(
            "is needed, because the sensor {} measures {} in {measured}, and {} predicts it in {predicted}; values are \
             never converted",
            sensor.name, series.metric, series.source_name
        );
        return Err(Error::bad_parameter("sensor_id", detail));
    }
    if let (Some(predicted), Some(measured)) = (interval, sensor.values())
        && measured.length > predicted.length
    {
        let detail = format!(
            "is needed, because a reading of the sensor {} stands for a longer interval than a value of {}",
            sensor.name, series.source_name
        );
        return Err(Error::bad_parameter("sensor_id", detail));
    }
    Ok(sensor)
}

/// Reads the truth from `from` on and before `to`, and the last measurement before if `with_last`. Times are in
/// microseconds since 1970.
pub fn read(connection: &Connection, group: &Group, of: &TruthOf, slice: Slice, with_last: bool) -> Result<Truth> {
    let (from, to) = (slice.from.micros(), slice.to.micros());
    let mut truth = Truth::default();
    match of {
        TruthOf::Sensor(sensor) => {
            if with_last {
                reading::last_before(connection, sensor, from, slice.as_of, &mut truth)?;
            }
            reading::truth(connection, sensor, (from, to), slice.as_of, &mut truth)?;
        }
        TruthOf::Analysis(members) => {
            let edges = LeadEdges::until_the_issue();
            let slice = Slice {
                leads: edges.leads(),
                ..slice
            };
            let mut newest: BTreeMap<i64, (i64, i64, f64)> = BTreeMap::new();
            for index in members {
                let mut collected = Collected::new(&edges, Issues::Latest, false, false);
                verify::collect(connection, &group.members[*index].row, slice, &mut collected)?;
                for found in collected.finish().iter() {
                    let value = (found.issue_time, found.available_at, found.value);
                    let best = newest.entry(found.valid_time).or_insert(value);
                    if (value.0, value.1) > (best.0, best.1) {
                        *best = value;
                    }
                }
            }
            for (time, (_, available_at, value)) in newest {
                truth.push(time, value, available_at);
            }
        }
    }
    Ok(truth)
}
