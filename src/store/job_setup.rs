//! Reads the existing resources that a job set-up or a change of a job refers to. The number of statements does not
//! depend on the number of role bindings.

use uuid::Uuid;

use super::{
    engine::{Connection, RowResult, ToSql, params_from_iter},
    health, job, prediction,
    row::FromRow,
};
use crate::domain::{
    Result, Timestamp,
    contract::RoleBinding,
    job::{Job, JobRecord},
    job_setup::{Found, Inquiry, Things},
    prediction::PredictionScope,
    text::Name,
};

/// Returns the existing resources that a set-up refers to, in the state of this snapshot. `now` is the time for which
/// the health state of an existing job is derived.
pub fn gather(connection: &Connection, inquiry: &Inquiry, now: Timestamp) -> Result<Found> {
    let setup = &inquiry.setup;
    let id = setup.organisation_id;
    let owner = inquiry.owner_of_source();
    let organisations: Vec<_> = [Some(id), owner].into_iter().flatten().collect();
    let organisations = AnyOf::default()
        .among("id", &organisations)
        .among("name", &[id.to_string()])
        .rows(connection, "organisations")?;
    let job = job::find_named(connection, id, &setup.job.name)?;
    let pinned = job.as_ref().map(|job| job.source_version_id);
    let mut found = Found {
        organisations,
        things: Wanted {
            organisation_id: id,
            source_ids: inquiry.source_ids(),
            source_name: inquiry.source_name(),
            version_ids: inquiry.version_ids().into_iter().chain(pinned).collect(),
            label: inquiry.label(),
            location_id: setup.job.location_id,
            input_ids: ids(inquiry.bindings()),
        }
        .find(connection)?,
        job: job.map(|job| answer(connection, job, now)).transpose()?,
        ..Found::default()
    };
    if let Some(job_id) = setup.job.id {
        found.owner_of_job_id = job::owner(connection, job_id)?;
        found.owner_of_predictions = prediction::owner(connection, PredictionScope::Job(job_id))?;
    }
    if found.organisation(id).is_none() {
        found.has_predictions_of_organisation = prediction::any_of(connection, id)?;
    }
    if let (Ok(Some((source_id, _))), Some(owner)) = (inquiry.source_id(), owner) {
        found.has_predictions_of_source = prediction::any_of_others(connection, source_id, owner)?;
    }
    Ok(found)
}

/// Returns the existing resources that a change of a job refers to: the source version that the job uses now, the
/// versions and the location of the change, the inputs of the bindings, and the sources of these versions.
pub fn gather_change(
    connection: &Connection,
    job: &JobRecord,
    version_ids: Vec<Uuid>,
    location_id: Option<Uuid>,
    bindings: &[RoleBinding],
) -> Result<Things> {
    let wanted = Wanted {
        organisation_id: job.organisation_id,
        source_ids: Vec::new(),
        source_name: None,
        version_ids: std::iter::once(job.source_version_id).chain(version_ids).collect(),
        label: None,
        location_id,
        input_ids: ids(bindings),
    };
    wanted.find(connection)
}

fn ids(bindings: &[RoleBinding]) -> Vec<Uuid> {
    bindings.iter().map(|binding| binding.input_id).collect()
}

fn answer(connection: &Connection, job: JobRecord, now: Timestamp) -> Result<Job> {
    let context = job::context(connection, &job)?;
    let vitals = health::vitals(connection, job.id)?;
    Ok(job.answer(context, &vitals, now))
}

/// The ids and names of the resources to look for.
struct Wanted<'a> {
    organisation_id: Uuid,
    source_ids: Vec<Uuid>,
    source_name: Option<&'a Name>,
    version_ids: Vec<Uuid>,
    label: Option<&'a Name>,
    location_id: Option<Uuid>,
    /// Ids of the bindings' inputs. Each id is looked up as a source, a sensor and a location, because the resource
    /// with this id may be of another kind than the binding says.
    input_ids: Vec<Uuid>,
}

impl Wanted<'_> {
    fn find(&self, connection: &Connection) -> Result<Things> {
        let sources = AnyOf::default()
            .among("id", &self.source_ids)
            .among("id", &self.input_ids)
            .among("name", self.source_name.as_slice())
            .or(
                "id IN (SELECT source_id FROM source_versions WHERE id IN ({}))",
                &[],
                &self.version_ids,
            );
        let mut things = Things {
            sources: sources.rows(connection, "sources")?,
            ..Things::default()
        };
        let sources: Vec<_> = things.sources.iter().map(|source| source.id).collect();
        let labelled = self.label.map_or(&[][..], |_| sources.as_slice());
        let label = self.label.map_or("", Name::as_str);
        things.versions = AnyOf::default()
            .among("id", &self.version_ids)
            .or("version = ? AND source_id IN ({})", &[&label], labelled)
            // The newest version of each source. The inner SELECT runs once for each source instead of once for each
            // version.
            .or(
                "id IN (SELECT (SELECT newest.id FROM source_versions newest WHERE newest.source_id = s.id
                    ORDER BY newest.created_at DESC, newest.id DESC LIMIT 1) FROM sources s WHERE s.id IN ({}))",
                &[],
                &sources,
            )
            .rows(connection, "source_versions")?;
        // The name of a placeholder is its id, so the ids are also looked up as names.
        let names: Vec<_> = self.input_ids.iter().map(Uuid::to_string).collect();
        let named = "organisation_id = ? AND name IN ({})";
        things.sensors = AnyOf::default()
            .among("id", &self.input_ids)
            .or(named, &[&self.organisation_id], &names)
            .rows(connection, "sensors")?;
        things.locations = AnyOf::default()
            .among("id", &self.input_ids)
            .among("id", self.location_id.as_slice())
            .or(named, &[&self.organisation_id], &names)
            .rows(connection, "locations")?;
        Ok(things)
    }
}

/// A SELECT statement under construction, which finds the rows that meet at least one of its conditions.
#[derive(Default)]
struct AnyOf<'a> {
    conditions: Vec<String>,
    values: Vec<&'a dyn ToSql>,
}

impl<'a> AnyOf<'a> {
    /// Adds the condition that `column` equals one of the values in `list`. Adds nothing if the list is empty.
    fn among<T: ToSql>(self, column: &str, list: &'a [T]) -> Self {
        self.or(&format!("{column} IN ({{}})"), &[], list)
    }

    /// Adds a condition in SQL. Each `?` before a space stands for the next of `values`, and `{}` stands for the values
    /// of `list`. Adds nothing if the list is empty.
    fn or<T: ToSql>(mut self, condition: &str, values: &[&'a dyn ToSql], list: &'a [T]) -> Self {
        if list.is_empty() {
            return self;
        }
        let mut condition = condition.to_owned();
        for value in values {
            self.values.push(*value);
            condition = condition.replacen("? ", &format!("?{} ", self.values.len()), 1);
        }
        let mut numbers = Vec::with_capacity(list.len());
        for value in list {
            self.values.push(value);
            numbers.push(format!("?{}", self.values.len()));
        }
        self.conditions.push(condition.replace("{}", &numbers.join(", ")));
        self
    }

    fn rows<T: FromRow>(self, connection: &Connection, table: &str) -> Result<Vec<T>> {
        if self.conditions.is_empty() {
            return Ok(Vec::new());
        }
        // The SQL text depends on the number of values, so a cached statement would rarely be used again and would
        // displace others from the cache.
        let conditions = self.conditions.join(") OR (");
        let sql = format!("SELECT * FROM {table} WHERE ({conditions})");
        let mut statement = connection.prepare(&sql)?;
        let rows = statement.query_map(params_from_iter(self.values), T::from_row)?;
        Ok(rows.collect::<RowResult<_>>()?)
    }
}
