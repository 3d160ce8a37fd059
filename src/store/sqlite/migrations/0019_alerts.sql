-- Alerts: rules about the future values of a metric. Lengths of time are in microseconds. An alert watches a job or a source.
CREATE TABLE alerts (
    id BLOB NOT NULL PRIMARY KEY,
    organisation_id BLOB NOT NULL REFERENCES organisations (id),
    name TEXT NOT NULL,
    job_id BLOB REFERENCES jobs (id) ON DELETE CASCADE,
    source_id BLOB REFERENCES sources (id) ON DELETE CASCADE,
    location_id BLOB REFERENCES locations (id) ON DELETE CASCADE,
    metric TEXT NOT NULL,
    stage TEXT,
    comparison TEXT NOT NULL,
    value REAL NOT NULL,
    clear REAL,
    levels TEXT NOT NULL,
    within INTEGER NOT NULL,
    lasting INTEGER NOT NULL,
    issues INTEGER NOT NULL,
    tell TEXT NOT NULL,
    active INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    UNIQUE (organisation_id, name)
) STRICT;
CREATE INDEX alerts_of_job ON alerts (job_id);
CREATE INDEX alerts_of_source ON alerts (source_id);
CREATE INDEX alerts_at ON alerts (location_id);

-- The state of an alert for one job, location and stage. The nil id means none, and so does an empty stage. `severity` and `told`
-- are -2 if clear, -1 if raised without a level, and otherwise the number of the level, from 0.
CREATE TABLE alert_states (
    alert_id BLOB NOT NULL REFERENCES alerts (id) ON DELETE CASCADE,
    job_id BLOB NOT NULL,
    location_id BLOB NOT NULL,
    stage TEXT NOT NULL,
    severity INTEGER NOT NULL,
    told INTEGER NOT NULL,
    since INTEGER NOT NULL,
    look_at INTEGER,
    PRIMARY KEY (alert_id, job_id, location_id, stage)
) STRICT, WITHOUT ROWID;
CREATE INDEX alert_states_to_look_at ON alert_states (look_at) WHERE look_at IS NOT NULL;
CREATE INDEX alert_states_of_job ON alert_states (job_id);

CREATE TABLE alert_changes (
    alert_id BLOB NOT NULL REFERENCES alerts (id) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    job_id BLOB NOT NULL,
    location_id BLOB NOT NULL,
    stage TEXT NOT NULL,
    previous TEXT NOT NULL,
    state TEXT NOT NULL,
    previous_level TEXT,
    level TEXT,
    at INTEGER NOT NULL,
    told INTEGER NOT NULL,
    facts TEXT NOT NULL,
    PRIMARY KEY (alert_id, number)
) STRICT, WITHOUT ROWID;

-- Webhooks that receive every event receive those of alerts too.
UPDATE webhooks
    SET events = '["job.late","job.down","job.recovered","job.failed","job.promoted","alert.raised","alert.changed","alert.cleared"]'
    WHERE events LIKE '%job.late%' AND events LIKE '%job.down%' AND events LIKE '%job.recovered%'
        AND events LIKE '%job.failed%' AND events LIKE '%job.promoted%';
