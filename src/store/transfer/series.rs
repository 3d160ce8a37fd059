//! The tables that the tables of values refer to. Sensors' series whose sensor is gone are waiting to be deleted, and are
//! left out.

use super::table::tables;
use crate::domain::transfer::{Post, ReadingSeries, Series};

tables! {
    ReadingSeries { number, organisation_id, sensor_id, newest_available_at }
        "SELECT id AS number, organisation_id, sensor_id, newest_available_at FROM reading_series WHERE sensor_id
            IS NOT NULL ORDER BY id",
        "INSERT INTO reading_series (id, organisation_id, sensor_id, newest_available_at) VALUES (?1, ?2, ?3, ?4)";
    Series { number, organisation_id, source_id, source_version_id, job_id, location_id, metric, stage, unit, track, source_name, version_label, retention_hours, spread, newest_issue, newest_arrival, covers_until, last_issue, fresh_issue, ends_at, newest_available_at, shortest_lead, longest_lead }
        "SELECT id AS number, organisation_id, source_id, source_version_id, job_id, location_id, metric, stage,
            unit, track, source_name, version_label, retention_hours, spread, newest_issue, newest_arrival, covers_until,
            last_issue, fresh_issue, ends_at, newest_available_at, shortest_lead, longest_lead FROM series ORDER BY
            id",
        "INSERT INTO series (id, organisation_id, source_id, source_version_id, job_id, location_id, metric,
            stage, unit, track, source_name, version_label, retention_hours, spread, newest_issue, newest_arrival,
            covers_until, last_issue, fresh_issue, ends_at, newest_available_at, shortest_lead, longest_lead) VALUES
            (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23)";
    Post { number, organisation_id, run_id, inputs_as_of, inputs_from, inputs_to, code, parameters, token_name }
        "SELECT id AS number, organisation_id, run_id, inputs_as_of, inputs_from, inputs_to, code, parameters,
            token_name FROM posts ORDER BY id",
        "INSERT INTO posts (id, organisation_id, run_id, inputs_as_of, inputs_from, inputs_to, code, parameters,
            token_name) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
}
