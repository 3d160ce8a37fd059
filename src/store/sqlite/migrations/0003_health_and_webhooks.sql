-- How a job was judged last: as a whole (role '') and each of its targets. `look_at` is until when that holds whatever is
-- posted or not: what is late and down is found by it, without a look at any job that is well. On time, it may lie
-- before the true deadline: a post does not move it.
CREATE TABLE health (
    job_id BLOB NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    role TEXT NOT NULL,
    state TEXT NOT NULL,
    since INTEGER NOT NULL,
    look_at INTEGER,
    watched_from INTEGER NOT NULL,
    ok_at INTEGER,
    failed_at INTEGER,
    message TEXT,
    PRIMARY KEY (job_id, role)
) STRICT, WITHOUT ROWID;
CREATE INDEX health_to_look_at ON health (look_at) WHERE look_at IS NOT NULL;
CREATE INDEX health_in ON health (role, state, look_at);

-- Jobs that are there already are judged at the first start.
INSERT INTO health (job_id, role, state, since, look_at, watched_from)
    SELECT id, '', 'new', created_at, 0, created_at FROM jobs;
INSERT INTO health (job_id, role, state, since, look_at, watched_from)
    SELECT j.id, json_extract(r.value, '$.role'), 'new', j.created_at, 0, j.created_at
    FROM jobs j JOIN source_versions v ON v.id = j.source_version_id, json_each(v.output_roles) r;

-- Each change of state, counted by job.
CREATE TABLE health_changes (
    job_id BLOB NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    role TEXT NOT NULL,
    previous TEXT NOT NULL,
    state TEXT NOT NULL,
    at INTEGER NOT NULL,
    message TEXT,
    PRIMARY KEY (job_id, number)
) STRICT, WITHOUT ROWID;

-- What workers said of their runs, counted by job. What they posted stands in `runs`.
CREATE TABLE reports (
    job_id BLOB NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    id BLOB NOT NULL,
    status TEXT NOT NULL,
    message TEXT,
    available_at INTEGER NOT NULL,
    PRIMARY KEY (job_id, number),
    UNIQUE (job_id, id)
) STRICT, WITHOUT ROWID;

-- Where changes of jobs' states are told to. Without an organisation it hears of all. The secret is the key that
-- messages are signed with; `events` is a JSON array, `last_attempt` JSON, both only ever read whole.
CREATE TABLE webhooks (
    id BLOB NOT NULL PRIMARY KEY,
    organisation_id BLOB REFERENCES organisations (id),
    name TEXT NOT NULL,
    url TEXT NOT NULL,
    secret BLOB NOT NULL,
    events TEXT NOT NULL,
    active INTEGER NOT NULL,
    last_attempt TEXT,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    revision INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX webhooks_of_organisation ON webhooks (organisation_id, name) WHERE organisation_id IS NOT NULL;
CREATE INDEX webhooks_listed ON webhooks (organisation_id);
CREATE UNIQUE INDEX webhooks_of_all ON webhooks (name) WHERE organisation_id IS NULL;

-- The outbox: messages that were written down with the change that they tell of. `position` counts the messages of a
-- webhook. `next_attempt_at` stands at the first pending message about each job only: the others wait for it.
CREATE TABLE webhook_deliveries (
    webhook_id BLOB NOT NULL REFERENCES webhooks (id) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    id BLOB NOT NULL,
    job_id BLOB,
    event TEXT NOT NULL,
    body TEXT NOT NULL,
    state TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    next_attempt_at INTEGER,
    last_attempt_at INTEGER,
    last_status INTEGER,
    last_error TEXT,
    PRIMARY KEY (webhook_id, position)
) STRICT, WITHOUT ROWID;
CREATE INDEX webhook_deliveries_due ON webhook_deliveries (webhook_id, next_attempt_at)
    WHERE next_attempt_at IS NOT NULL;
CREATE INDEX webhook_deliveries_waiting ON webhook_deliveries (webhook_id, job_id, position) WHERE state = 'pending';
CREATE INDEX webhook_deliveries_over ON webhook_deliveries (created_at) WHERE state <> 'pending';
