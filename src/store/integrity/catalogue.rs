//! Checks that the rows of the catalogue can be read, and that everything they refer to exists.

use std::collections::HashSet;

use uuid::Uuid;

use super::report::Report;
use crate::{
    domain::{
        audit::AuditEntry, contract::OutputRole, feed::Feed, job_history::JobHistoryEntry, location::Location,
        organisation::Organisation, prediction::StoredWorkerRun, sensor::Sensor, shadow::Shadow, source::Source,
        source_version::SourceVersion, token::Token, webhook::Webhook,
    },
    store::{
        engine::{Connection, RowResult},
        health::miscounted,
        row::{FromRow, Json},
    },
};

/// Checks that every row of the catalogue can be read, and that everything jobs are bound to exists.
pub fn check(connection: &Connection, report: &mut Report) {
    decode::<Organisation>(connection, "organisations", report);
    decode::<Token>(connection, "tokens", report);
    decode::<Location>(connection, "locations", report);
    decode::<Sensor>(connection, "sensors", report);
    decode::<Source>(connection, "sources", report);
    decode::<SourceVersion>(connection, "source_versions", report);
    decode::<Webhook>(connection, "webhooks", report);
    decode::<Feed>(connection, "feeds LEFT JOIN feed_states ON feed_id = id", report);
    decode::<AuditEntry>(connection, "audit", report);
    decode::<JobHistoryEntry>(connection, "job_history", report);
    let shadows = "job_shadows JOIN source_versions ON id = source_version_id";
    decode::<Shadow>(connection, shadows, report);
    decode::<StoredWorkerRun>(connection, "posts", report);
    let outcome = bindings(connection, report);
    report.unreadable("the jobs", outcome);
    let outcome = health(connection, report);
    report.unreadable("the health of jobs", outcome);
    match miscounted(connection) {
        Ok(states) => states.iter().for_each(|state| {
            report.fault(format!("the stored number of jobs that are {state} is wrong"));
        }),
        Err(error) => report.fault(format!("the counts of jobs: {error}")),
    }
}

fn decode<T: FromRow>(connection: &Connection, table: &str, report: &mut Report) {
    let mut number = 0;
    let outcome = connection.each_row(&format!("SELECT * FROM {table}"), [], |row| {
        number += 1;
        report.catalogue += 1;
        if let Err(error) = T::from_row(row) {
            report.fault(format!("row {number} of {table}: {error}"));
        }
        Ok(())
    });
    report.unreadable(table, outcome);
}

fn bindings(connection: &Connection, report: &mut Report) -> RowResult<()> {
    let jobs: i64 = connection.query_row("SELECT count(*) FROM jobs", [], |row| row.get(0))?;
    report.catalogue += jobs.unsigned_abs();
    connection.each_row(
        "SELECT j.name, b.role, b.input_type FROM role_bindings b JOIN jobs j ON j.id = b.job_id WHERE NOT CASE b.input_type
            WHEN 'sensor' THEN EXISTS (SELECT 1 FROM sensors i WHERE i.id = b.input_id)
            WHEN 'location' THEN EXISTS (SELECT 1 FROM locations i WHERE i.id = b.input_id)
            WHEN 'source' THEN EXISTS (SELECT 1 FROM sources i WHERE i.id = b.input_id) ELSE FALSE END",
        [],
        |row| {
            let (job, role, kind): (String, String, String) = (row.get(0)?, row.get(1)?, row.get(2)?);
            report.fault(format!(
                "the job {job} binds the role {role} to a {kind} that is not there"
            ));
            Ok(())
        },
    )
}

/// Checks that every job has a health state as a whole and for each of its targets.
fn health(connection: &Connection, report: &mut Report) -> RowResult<()> {
    let mut statement = connection.prepare_cached("SELECT role FROM health WHERE job_id = ?1")?;
    connection.each_row(
        "SELECT j.id, j.name, v.output_roles FROM jobs j JOIN source_versions v ON v.id = j.source_version_id",
        [],
        |row| {
            let (id, job, roles): (Uuid, String, Json<Vec<OutputRole>>) = (row.get(0)?, row.get(1)?, row.get(2)?);
            let found = statement.query_map([id], |row| row.get(0))?;
            let found: HashSet<String> = found.collect::<RowResult<_>>()?;
            if !found.contains("") {
                report.fault(format!("the health of the job {job} is not there"));
            }
            for role in roles.0.iter().map(|role| role.role.as_str()) {
                if !found.contains(role) {
                    report.fault(format!("the health of the job {job}'s target {role} is not there"));
                }
            }
            Ok(())
        },
    )
}
