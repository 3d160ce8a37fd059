//! Returns all inputs of a job with their values in one call, for workers.

mod things;

use std::cell::{Cell, OnceCell};

use uuid::Uuid;

use super::{App, as_of, job_view};
use crate::{
    domain::{
        AskedWindow, Caller, Error, Result, Timestamp, Window,
        contract::{InputKind, InputRole, RoleBinding},
        job::JobRecord,
        job_inputs::{JobInput, JobInputs, MAX_VALUES, MAX_VALUES_IN_ALL, ReadingColumns},
        prediction::{Issues, LeadTimes, PredictionQuery, PredictionScope, PredictionSeries},
        reading::ReadingQuery,
        sensor::Sensor,
        source_version::SourceVersion,
        spread::Wanted,
        track::Tracks,
    },
    store::{self, Limit, clock, engine::Connection, prediction, reading},
};
use things::Things;

/// Window of time and knowledge from which the values of the inputs are read.
#[derive(Debug, Clone, Copy, Default)]
pub struct InputWindow {
    /// Requested times of the values. By default the window reaches from one day before to one day after now, or
    /// `as_of`.
    pub times: AskedWindow,
    /// Time of knowledge: only values that were available at this time are returned. `None` returns the current values.
    pub as_of: Option<Timestamp>,
    /// Tracks of the predictions that are returned. Readings have no track.
    pub tracks: Tracks,
    /// Version whose input roles are returned. `None` means the version of the job.
    pub version: Option<Uuid>,
}

/// Returns the bound inputs of the job with their values in the window.
///
/// # Errors
/// Not found: the job, or the version that it had. Bad parameter: the window ends before it begins, or has more values
/// than a response may have, or the version is none of the job's source.
pub async fn get(app: &App, caller: &Caller, id: Uuid, window: InputWindow) -> Result<JobInputs> {
    as_of::settle(app, window.as_of).await?;
    let caller = caller.clone();
    app.read_blocking(move |connection, now| {
        let mut job = job_view::visible(connection, &caller, id)?;
        let known = match window.as_of {
            Some(as_of) => as_of,
            // Whatever arrives from now on gets a later time.
            None => clock::stamped(connection)?.unwrap_or(Timestamp::from_micros(now.micros() - 1)),
        };
        let pinned = job.source_version_id;
        let mut location = OnceCell::new();
        if window.as_of.is_some()
            && let Some(entry) = store::job::entry_at(connection, job.organisation_id, job.id, known)?
        {
            location = OnceCell::from(entry.location_id);
            job.source_version_id = entry.source_version_id;
            job.role_bindings = entry.role_bindings;
        }
        let wanted = match window.version {
            Some(asked) => sibling(connection, pinned, asked)?,
            None => version(connection, job.source_version_id)?,
        };
        read(connection, &job, location, &wanted, window, known, now)
    })
    .await
}

/// Returns the version that was asked for.
///
/// # Errors
/// Bad parameter: it is no version of the source of the version `pinned`.
fn sibling(connection: &Connection, pinned: Uuid, asked: Uuid) -> Result<SourceVersion> {
    let source = version(connection, pinned)?.source_id;
    let found = store::source_version::find(connection, asked)?.filter(|found| found.source_id == source);
    found.ok_or_else(|| Error::bad_parameter("source_version_id", "is no version of the job's source"))
}

/// Returns a version.
///
/// # Errors
/// Not found: the version, which may have been deleted since the job had it.
fn version(connection: &Connection, id: Uuid) -> Result<SourceVersion> {
    let not_found = || Error::NotFound {
        what: "source version",
        id,
    };
    store::source_version::find(connection, id)?.ok_or_else(not_found)
}

/// Reads the inputs of a job. The resources of all bindings are read together. The values of each binding are read
/// separately, since a response may have half a million of them.
fn read(
    connection: &Connection,
    job: &JobRecord,
    location: OnceCell<Option<Uuid>>,
    version: &SourceVersion,
    window: InputWindow,
    known: Timestamp,
    now: Timestamp,
) -> Result<JobInputs> {
    let middle = window.as_of.unwrap_or(now);
    let times = window.times.around(middle)?;
    let Window { from, to } = times;
    let read = Read {
        connection,
        job,
        things: Things::gather(connection, &job.role_bindings)?,
        location,
        times,
        as_of: window.as_of,
        tracks: window.tracks,
        now,
        count: Cell::new(0),
    };
    // A promotion leaves the bindings as they are. Those of roles that the version does not have are no inputs.
    let input = |binding: &RoleBinding| {
        let roles = &version.input_roles;
        let role = roles.iter().find(|role| role.role == binding.role)?;
        Some(read.input(binding, role))
    };
    let inputs = job.role_bindings.iter().filter_map(input).collect::<Result<_>>()?;
    Ok(JobInputs {
        job_id: job.id,
        from,
        to,
        as_of: known,
        inputs,
    })
}

/// The parameters of reading a job's inputs, and the state while the inputs are read.
struct Read<'a> {
    connection: &'a Connection,
    job: &'a JobRecord,
    things: Things,
    /// Location of the job. The cell is empty until the location is looked up. `None` if the job has no location.
    location: OnceCell<Option<Uuid>>,
    times: Window,
    as_of: Option<Timestamp>,
    tracks: Tracks,
    now: Timestamp,
    /// Number of values that were read so far, of all roles.
    count: Cell<usize>,
}

impl Read<'_> {
    fn input(&self, binding: &RoleBinding, role: &InputRole) -> Result<JobInput> {
        let id = binding.input_id;
        let mut input = JobInput {
            role: role.role.clone(),
            input_kind: role.input_kind,
            metric: role.metric.clone(),
            unit: role.unit.clone(),
            sensor: None,
            location: None,
            source: None,
            readings: None,
            predictions: None,
        };
        match binding.input_type {
            InputKind::Sensor => {
                input.sensor = self.things.sensors.get(&id).cloned();
                let at = input.sensor.as_ref().and_then(|sensor| sensor.location_id);
                input.location = at.and_then(|at| self.things.locations.get(&at).cloned());
                let unit = input.sensor.as_ref().and_then(|sensor| sensor.unit.clone());
                input.unit = unit.or(input.unit);
                input.readings = Some(match &input.sensor {
                    Some(sensor) => self.readings(sensor, role)?,
                    None => ReadingColumns::default(),
                });
            }
            InputKind::Location => input.location = self.things.locations.get(&id).cloned(),
            InputKind::Source => {
                input.source = self.things.sources.get(&id).cloned();
                let predictions = self.predictions(id, role)?;
                let mut units = predictions.iter().map(|series| &series.unit);
                if let Some(first @ Some(_)) = units.next() {
                    let is_only = units.all(|unit| unit == first);
                    input.unit = first.clone().filter(|_| is_only);
                }
                input.predictions = Some(predictions);
            }
        }
        Ok(input)
    }

    fn readings(&self, sensor: &Sensor, role: &InputRole) -> Result<ReadingColumns> {
        let query = ReadingQuery {
            from: Some(self.times.from),
            to: Some(self.times.to),
            as_of: self.as_of,
            limit: MAX_VALUES + 1,
        };
        let found = reading::window(self.connection, sensor, &query)?;
        self.check_count(found.len(), role)?;
        let columns = found.iter().map(|reading| (reading.time, reading.value));
        let (times, values) = columns.unzip();
        Ok(ReadingColumns { times, values })
    }

    fn predictions(&self, source: Uuid, role: &InputRole) -> Result<Vec<PredictionSeries>> {
        let location = self.location()?;
        let query = PredictionQuery {
            metric: role.metric.as_ref().map(ToString::to_string),
            scope: location.map_or(PredictionScope::Source(source), PredictionScope::Location),
            stage: None,
            source: Some(source.to_string()),
            source_version: None,
            tracks: self.tracks,
            as_of: self.as_of,
            leads: LeadTimes::default(),
            issue_time: None,
            issues: Issues::Latest,
            after: None,
            limit: MAX_VALUES + 1,
            spread: Wanted::default(),
        };
        let organisation = self.job.organisation_id;
        let found = prediction::find(
            self.connection,
            organisation,
            self.times,
            &query,
            self.now,
            &Limit::default(),
        )?;
        self.check_count(found.rows.len(), role)?;
        Ok(found.by_series(false))
    }

    /// Returns the location for which the job's input sources predict. Returns `None` if the job has no location.
    fn location(&self) -> Result<Option<Uuid>> {
        if let Some(known) = self.location.get() {
            return Ok(*known);
        }
        let found = store::job::location(self.connection, self.job)?;
        Ok(*self.location.get_or_init(|| found))
    }

    /// Adds `count` values of the role to the number of values so far.
    ///
    /// # Errors
    /// Bad parameter: the role, or all roles together, have more values than a response may have.
    fn check_count(&self, count: usize, role: &InputRole) -> Result<()> {
        self.count.set(self.count.get() + count);
        let too_many = if count > MAX_VALUES {
            format!("more than {MAX_VALUES} values of the role {}", role.role)
        } else if self.count.get() > MAX_VALUES_IN_ALL {
            format!("more than {MAX_VALUES_IN_ALL} values of all roles")
        } else {
            return Ok(());
        };
        let detail = format!("begins a window with {too_many}: request a shorter window");
        Err(Error::bad_parameter("from", detail))
    }
}
