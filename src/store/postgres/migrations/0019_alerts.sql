-- Alerts: rules about the future values of a metric. Lengths of time are in microseconds. An alert watches a job or a source.
CREATE TABLE alerts (
    id uuid CONSTRAINT alerts_id PRIMARY KEY,
    organisation_id uuid NOT NULL REFERENCES organisations (id),
    name text COLLATE "C" NOT NULL,
    job_id uuid REFERENCES jobs (id) ON DELETE CASCADE,
    source_id uuid REFERENCES sources (id) ON DELETE CASCADE,
    location_id uuid REFERENCES locations (id) ON DELETE CASCADE,
    metric text COLLATE "C" NOT NULL,
    stage text COLLATE "C",
    comparison text COLLATE "C" NOT NULL,
    value double precision NOT NULL,
    clear double precision,
    levels text COLLATE "C" NOT NULL,
    within bigint NOT NULL,
    lasting bigint NOT NULL,
    issues bigint NOT NULL,
    tell text COLLATE "C" NOT NULL,
    active boolean NOT NULL,
    created_at bigint NOT NULL,
    updated_at bigint NOT NULL,
    revision bigint NOT NULL,
    CONSTRAINT alerts_name UNIQUE (organisation_id, name)
);
CREATE INDEX alerts_of_job ON alerts (job_id);
CREATE INDEX alerts_of_source ON alerts (source_id);
CREATE INDEX alerts_at ON alerts (location_id);

-- The state of an alert for one job, location and stage. The nil id means none, and so does an empty stage. `severity` and `told`
-- are -2 if clear, -1 if raised without a level, and otherwise the number of the level, from 0.
CREATE TABLE alert_states (
    alert_id uuid NOT NULL REFERENCES alerts (id) ON DELETE CASCADE,
    job_id uuid NOT NULL,
    location_id uuid NOT NULL,
    stage text COLLATE "C" NOT NULL,
    severity bigint NOT NULL,
    told bigint NOT NULL,
    since bigint NOT NULL,
    look_at bigint,
    PRIMARY KEY (alert_id, job_id, location_id, stage)
);
CREATE INDEX alert_states_to_look_at ON alert_states (look_at) WHERE look_at IS NOT NULL;
CREATE INDEX alert_states_of_job ON alert_states (job_id);

CREATE TABLE alert_changes (
    alert_id uuid NOT NULL REFERENCES alerts (id) ON DELETE CASCADE,
    number bigint NOT NULL,
    job_id uuid NOT NULL,
    location_id uuid NOT NULL,
    stage text COLLATE "C" NOT NULL,
    previous text COLLATE "C" NOT NULL,
    state text COLLATE "C" NOT NULL,
    previous_level text COLLATE "C",
    level text COLLATE "C",
    at bigint NOT NULL,
    told boolean NOT NULL,
    facts text COLLATE "C" NOT NULL,
    PRIMARY KEY (alert_id, number)
);

-- Webhooks that receive every event receive those of alerts too.
UPDATE webhooks
    SET events = '["job.late","job.down","job.recovered","job.failed","job.promoted","alert.raised","alert.changed","alert.cleared"]'
    WHERE events LIKE '%job.late%' AND events LIKE '%job.down%' AND events LIKE '%job.recovered%'
        AND events LIKE '%job.failed%' AND events LIKE '%job.promoted%';
