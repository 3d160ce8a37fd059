//! Reads the resources that a job's bindings refer to.

use std::collections::HashMap;

use uuid::Uuid;

use crate::{
    domain::{
        Result,
        contract::{InputKind, RoleBinding},
        location::Location,
        sensor::Sensor,
        source::Source,
    },
    store::{self, engine::Connection},
};

/// The resources that a job's bindings refer to, and the locations of the bound sensors.
pub struct Things {
    /// The bound sensors, by id.
    pub sensors: HashMap<Uuid, Sensor>,
    /// The bound locations and those of the bound sensors, by id.
    pub locations: HashMap<Uuid, Location>,
    /// The bound sources, by id.
    pub sources: HashMap<Uuid, Source>,
}

impl Things {
    /// Reads the resources, with one statement for each kind of resource. Resources that do not exist are left out.
    pub fn gather(connection: &Connection, bindings: &[RoleBinding]) -> Result<Self> {
        let of_kind = |kind| {
            let bindings = bindings.iter().filter(move |binding| binding.input_type == kind);
            bindings.map(|binding| binding.input_id)
        };
        let ids = |kind| of_kind(kind).collect::<Vec<_>>();
        let sensors = store::sensor::find_all(connection, &ids(InputKind::Sensor))?;
        let places = sensors.iter().filter_map(|sensor| sensor.location_id);
        let places: Vec<_> = places.chain(of_kind(InputKind::Location)).collect();
        let locations = store::location::find_all(connection, &places)?;
        let sources = store::source::find_all(connection, &ids(InputKind::Source))?;
        Ok(Self {
            sensors: sensors.into_iter().map(|sensor| (sensor.id, sensor)).collect(),
            locations: locations.into_iter().map(|location| (location.id, location)).collect(),
            sources: sources.into_iter().map(|source| (source.id, source)).collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{domain::text::Name, store::sqlite::traced};

    /// Returns the number of SQL statements that read `count` sensors, the sensors' locations, and `count` sources.
    fn statements(count: u128) -> usize {
        let folder = tempfile::tempdir().unwrap();
        let connection = traced::database(folder.path());
        let sql = "WITH RECURSIVE n (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM n WHERE n + 1 < COUNT)
                INSERT INTO locations (id, organisation_id, name, latitude, longitude, placeholder, created_at, updated_at,
                    revision) SELECT unhex(format('%032x', n)), zeroblob(16), n, 0, 0, 0, 0, 0, 0 FROM n;
            INSERT INTO sensors (id, organisation_id, name, metric, location_id, placeholder, created_at, updated_at,
                revision) SELECT id, organisation_id, name, 'm', id, 0, 0, 0, 0 FROM locations;
            INSERT INTO sources (id, name, created_at, updated_at, revision) SELECT id, name, 0, 0, 0 FROM locations;";
        connection.execute_batch("PRAGMA foreign_keys = OFF").unwrap();
        connection
            .execute_batch(&sql.replace("COUNT", &count.to_string()))
            .unwrap();
        let binding = |(number, input_type)| RoleBinding {
            role: Name::new(format!("role {number}")),
            input_type,
            input_id: Uuid::from_u128(number),
        };
        let kinds = [InputKind::Sensor, InputKind::Source];
        let bindings = (0..count).flat_map(|number| kinds.map(|kind| (number, kind)));
        let bindings: Vec<_> = bindings.map(binding).collect();
        let (statements, found) = traced::statements(&connection, || Things::gather(&connection, &bindings));
        let found = found.unwrap();
        let counts = [found.sensors.len(), found.locations.len(), found.sources.len()];
        assert_eq!(counts.map(|found| found as u128), [count; 3]);
        statements
    }

    #[test]
    fn the_inputs_of_a_job_take_as_many_statements_for_a_hundred_bindings_as_for_one() {
        assert_eq!(statements(1), 3);
        assert_eq!(statements(100), 3);
    }
}
