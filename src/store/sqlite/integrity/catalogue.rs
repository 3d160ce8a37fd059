//! Checks that the rows of the catalogue can be read, and that everything they refer to exists.

use rusqlite::Connection;

use super::report::Report;
use crate::{
    domain::{
        audit::AuditEntry, job_history::JobHistoryEntry, location::Location, organisation::Organisation,
        prediction::StoredWorkerRun, sensor::Sensor, shadow::Shadow, source::Source, source_version::SourceVersion,
        token::Token, webhook::Webhook,
    },
    store::row::FromRow,
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
    decode::<AuditEntry>(connection, "audit", report);
    decode::<JobHistoryEntry>(connection, "job_history", report);
    let shadows = "job_shadows JOIN source_versions ON id = source_version_id";
    decode::<Shadow>(connection, shadows, report);
    decode::<StoredWorkerRun>(connection, "posts", report);
    let outcome = bindings(connection, report);
    report.unreadable("the jobs", outcome);
    let outcome = health(connection, report);
    report.unreadable("the health of jobs", outcome);
}

fn decode<T: FromRow>(connection: &Connection, table: &str, report: &mut Report) {
    let mut all = || {
        let mut statement = connection.prepare(&format!("SELECT * FROM {table}"))?;
        let mut rows = statement.query([])?;
        let mut number = 0;
        while let Some(row) = rows.next()? {
            number += 1;
            report.catalogue += 1;
            if let Err(error) = T::from_row(row) {
                report.fault(format!("row {number} of {table}: {error}"));
            }
        }
        Ok(())
    };
    let outcome = all();
    report.unreadable(table, outcome);
}

fn bindings(connection: &Connection, report: &mut Report) -> rusqlite::Result<()> {
    let jobs: i64 = connection.query_row("SELECT count(*) FROM jobs", [], |row| row.get(0))?;
    report.catalogue += jobs.unsigned_abs();
    let mut statement = connection.prepare(
        "SELECT j.name, b.role, b.input_type FROM role_bindings b JOIN jobs j ON j.id = b.job_id WHERE NOT CASE b.input_type
            WHEN 'sensor' THEN EXISTS (SELECT 1 FROM sensors i WHERE i.id = b.input_id)
            WHEN 'location' THEN EXISTS (SELECT 1 FROM locations i WHERE i.id = b.input_id)
            WHEN 'source' THEN EXISTS (SELECT 1 FROM sources i WHERE i.id = b.input_id) ELSE 0 END",
    )?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let (job, role, kind): (String, String, String) = (row.get(0)?, row.get(1)?, row.get(2)?);
        report.fault(format!(
            "the job {job} binds the role {role} to a {kind} that is not there"
        ));
    }
    Ok(())
}

/// Checks that every job has a health state as a whole and for each of its targets.
fn health(connection: &Connection, report: &mut Report) -> rusqlite::Result<()> {
    let mut statement = connection.prepare(
        "SELECT j.name, r.role FROM jobs j JOIN (
                SELECT id, '' AS role FROM jobs
                UNION ALL SELECT j.id, json_extract(r.value, '$.role') FROM jobs j
                    JOIN source_versions v ON v.id = j.source_version_id, json_each(v.output_roles) r
            ) r ON r.id = j.id
            WHERE NOT EXISTS (SELECT 1 FROM health h WHERE h.job_id = j.id AND h.role = r.role)",
    )?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let (job, role): (String, String) = (row.get(0)?, row.get(1)?);
        let of = if role.is_empty() {
            String::new()
        } else {
            format!("'s target {role}")
        };
        report.fault(format!("the health of the job {job}{of} is not there"));
    }
    Ok(())
}
