//! The tables of the catalogue, of what has happened, and of the clock.

use super::table::tables;
use crate::domain::transfer::{
    Alert, AlertChange, AlertState, Audit, Clock, Feed, FeedState, Health, HealthChange, JobHistory, JobShadow,
    Location, Organisation, Report, Sensor, Source, SourceVersion, Token, Webhook, WebhookDelivery,
};

tables! {
    Organisation { id, name, created_at, updated_at, revision }
        "SELECT id, name, created_at, updated_at, revision FROM organisations ORDER BY id",
        "INSERT INTO organisations (id, name, created_at, updated_at, revision) VALUES (?1, ?2, ?3, ?4, ?5)";
    Token { id, organisation_id, name, role, hash, created_at, expires_at, last_used_at, limited_to, job_id, sensor_id }
        "SELECT id, organisation_id, name, role, hash, created_at, expires_at, last_used_at, limited_to, job_id,
            sensor_id FROM tokens ORDER BY id",
        "INSERT INTO tokens (id, organisation_id, name, role, hash, created_at, expires_at, last_used_at, limited_to,
            job_id, sensor_id) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)";
    Location { id, organisation_id, name, latitude, longitude, elevation, placeholder, created_at, updated_at, revision }
        "SELECT id, organisation_id, name, latitude, longitude, elevation, placeholder, created_at, updated_at,
            revision FROM locations ORDER BY id",
        "INSERT INTO locations (id, organisation_id, name, latitude, longitude, elevation, placeholder,
            created_at, updated_at, revision) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
    Sensor { id, organisation_id, name, metric, unit, location_id, placeholder, created_at, updated_at, revision, interval_length, interval_label, interval_method }
        "SELECT id, organisation_id, name, metric, unit, location_id, placeholder, created_at, updated_at,
            revision, interval_length, interval_label, interval_method FROM sensors ORDER BY id",
        "INSERT INTO sensors (id, organisation_id, name, metric, unit, location_id, placeholder, created_at,
            updated_at, revision, interval_length, interval_label, interval_method) VALUES (?1, ?2, ?3, ?4, ?5, ?6,
            ?7, ?8, ?9, ?10, ?11, ?12, ?13)";
    Source { id, organisation_id, name, description, expected_interval_minutes, grace_minutes, retention_hours, direct_track, created_at, updated_at, revision }
        "SELECT id, organisation_id, name, description, expected_interval_minutes, grace_minutes, retention_hours,
            direct_track, created_at, updated_at, revision FROM sources ORDER BY id",
        "INSERT INTO sources (id, organisation_id, name, description, expected_interval_minutes, grace_minutes,
            retention_hours, direct_track, created_at, updated_at, revision) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8,
            ?9, ?10, ?11)";
    SourceVersion { id, source_id, version, description, input_roles, output_roles, created_at, revision }
        "SELECT id, source_id, version, description, input_roles, output_roles, created_at, revision FROM
            source_versions ORDER BY id",
        "INSERT INTO source_versions (id, source_id, version, description, input_roles, output_roles, created_at,
            revision) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
    JobShadow { job_id, source_version_id, since }
        "SELECT job_id, source_version_id, since FROM job_shadows ORDER BY job_id, source_version_id",
        "INSERT INTO job_shadows (job_id, source_version_id, since) VALUES (?1, ?2, ?3)";
    JobHistory { organisation_id, job_id, number, at, source_version_id, version, location_id, role_bindings, token_name, note, assumed }
        "SELECT organisation_id, job_id, number, at, source_version_id, version, location_id, role_bindings,
            token_name, note, assumed FROM job_history ORDER BY job_id, organisation_id, number",
        "INSERT INTO job_history (organisation_id, job_id, number, at, source_version_id, version, location_id,
            role_bindings, token_name, note, assumed) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)";
    Webhook { id, organisation_id, name, url, secret, old_secret, old_secret_until, events, active, last_attempt, created_at, updated_at, revision, format, recipients, chat_id, room_id, token }
        "SELECT id, organisation_id, name, url, secret, old_secret, old_secret_until, events, active,
            last_attempt, created_at, updated_at, revision, format, recipients, chat_id, room_id, token FROM webhooks
            ORDER BY id",
        "INSERT INTO webhooks (id, organisation_id, name, url, secret, old_secret, old_secret_until, events,
            active, last_attempt, created_at, updated_at, revision, format, recipients, chat_id, room_id, token)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18)";
    WebhookDelivery { webhook_id, position, id, job_id, event, body, state, created_at, attempts, next_attempt_at, last_attempt_at, last_status, last_error }
        "SELECT webhook_id, position, id, job_id, event, body, state, created_at, attempts, next_attempt_at,
            last_attempt_at, last_status, last_error FROM webhook_deliveries ORDER BY webhook_id, position",
        "INSERT INTO webhook_deliveries (webhook_id, position, id, job_id, event, body, state, created_at,
            attempts, next_attempt_at, last_attempt_at, last_status, last_error) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7,
            ?8, ?9, ?10, ?11, ?12, ?13)";
    Health { job_id, role, state, since, covers_now, look_at, watched_from, ok_at, failed_at, message }
        "SELECT job_id, role, state, since, covers_now, look_at, watched_from, ok_at, failed_at, message FROM health
            ORDER BY job_id, role",
        "INSERT INTO health (job_id, role, state, since, covers_now, look_at, watched_from, ok_at, failed_at, message)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
    HealthChange { job_id, number, role, previous, state, at, message }
        "SELECT job_id, number, role, previous, state, at, message FROM health_changes ORDER BY job_id, number",
        "INSERT INTO health_changes (job_id, number, role, previous, state, at, message) VALUES (?1, ?2, ?3, ?4,
            ?5, ?6, ?7)";
    Report { job_id, number, id, status, message, available_at, track }
        "SELECT job_id, number, id, status, message, available_at, track FROM reports ORDER BY job_id, number",
        "INSERT INTO reports (job_id, number, id, status, message, available_at, track) VALUES (?1, ?2, ?3, ?4,
            ?5, ?6, ?7)";
    Alert { id, organisation_id, name, job_id, source_id, location_id, metric, stage, comparison, value, clear, probability, levels, within, lasting, issues, tell, active, created_at, updated_at, revision }
        "SELECT id, organisation_id, name, job_id, source_id, location_id, metric, stage, comparison, value, clear,
            probability, levels, within, lasting, issues, tell, active, created_at, updated_at, revision FROM alerts
            ORDER BY id",
        "INSERT INTO alerts (id, organisation_id, name, job_id, source_id, location_id, metric, stage, comparison,
            value, clear, probability, levels, within, lasting, issues, tell, active, created_at, updated_at, revision)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21)";
    AlertState { alert_id, job_id, location_id, stage, severity, told, since, look_at }
        "SELECT alert_id, job_id, location_id, stage, severity, told, since, look_at FROM alert_states ORDER BY
            alert_id, job_id, location_id, stage",
        "INSERT INTO alert_states (alert_id, job_id, location_id, stage, severity, told, since, look_at) VALUES (?1,
            ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
    AlertChange { alert_id, number, job_id, location_id, stage, previous, state, previous_level, level, at, told, facts }
        "SELECT alert_id, number, job_id, location_id, stage, previous, state, previous_level, level, at, told, facts
            FROM alert_changes ORDER BY alert_id, number",
        "INSERT INTO alert_changes (alert_id, number, job_id, location_id, stage, previous, state, previous_level,
            level, at, told, facts) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)";
    Feed { id, organisation_id, name, kind, topic, active, mappings, hash, created_at, updated_at, revision }
        "SELECT id, organisation_id, name, kind, topic, active, mappings, hash, created_at, updated_at, revision FROM
            feeds ORDER BY id",
        "INSERT INTO feeds (id, organisation_id, name, kind, topic, active, mappings, hash, created_at, updated_at,
            revision) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)";
    FeedState { feed_id, last_message_at, last_stored_at, problem_at, problem }
        "SELECT feed_id, last_message_at, last_stored_at, problem_at, problem FROM feed_states ORDER BY feed_id",
        "INSERT INTO feed_states (feed_id, last_message_at, last_stored_at, problem_at, problem) VALUES (?1, ?2, ?3,
            ?4, ?5)";
    Audit { at, position, token_id, token_name, organisation_id, action, kind, thing_id, name, changes }
        "SELECT at, position, token_id, token_name, organisation_id, action, kind, thing_id, name, changes FROM
            audit ORDER BY at, position",
        "INSERT INTO audit (at, position, token_id, token_name, organisation_id, action, kind, thing_id, name,
            changes) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
    Clock { name, microseconds }
        "SELECT name, at AS microseconds FROM clock ORDER BY name",
        "INSERT INTO clock (name, at) VALUES (?1, ?2)";
}
