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
CREATE INDEX health_in ON health (state, role);

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
