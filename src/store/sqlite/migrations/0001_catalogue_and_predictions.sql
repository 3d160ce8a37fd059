-- Ids are the 16 bytes of a UUID, moments are microseconds since 1970-01-01T00:00:00Z.
-- `revision` counts the changes of a row; it stands in the ETag.
-- Lists stand in the order of their ids: the indexes for them (`..._listed`) end with the primary key by themselves.

CREATE TABLE organisations (
    id BLOB NOT NULL PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    revision INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Of a secret only its SHA-256 is kept.
CREATE TABLE tokens (
    id BLOB NOT NULL PRIMARY KEY,
    organisation_id BLOB REFERENCES organisations (id),
    name TEXT NOT NULL,
    role TEXT NOT NULL,
    hash BLOB NOT NULL UNIQUE,
    created_at INTEGER NOT NULL,
    expires_at INTEGER,
    last_used_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX tokens_of_organisation ON tokens (organisation_id, name) WHERE organisation_id IS NOT NULL;
CREATE INDEX tokens_listed ON tokens (organisation_id);
CREATE UNIQUE INDEX tokens_of_admins ON tokens (name) WHERE organisation_id IS NULL;

-- Coordinates are absent while the location is a placeholder.
CREATE TABLE locations (
    id BLOB NOT NULL PRIMARY KEY,
    organisation_id BLOB NOT NULL REFERENCES organisations (id),
    name TEXT NOT NULL,
    latitude REAL,
    longitude REAL,
    elevation REAL,
    placeholder INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    UNIQUE (organisation_id, name)
) STRICT, WITHOUT ROWID;
CREATE INDEX locations_listed ON locations (organisation_id);

CREATE TABLE sensors (
    id BLOB NOT NULL PRIMARY KEY,
    organisation_id BLOB NOT NULL REFERENCES organisations (id),
    name TEXT NOT NULL,
    metric TEXT NOT NULL,
    unit TEXT,
    location_id BLOB REFERENCES locations (id),
    placeholder INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    UNIQUE (organisation_id, name)
) STRICT, WITHOUT ROWID;
CREATE INDEX sensors_listed ON sensors (organisation_id);
CREATE INDEX sensors_at ON sensors (location_id);

-- Without an organisation a source is shared.
CREATE TABLE sources (
    id BLOB NOT NULL PRIMARY KEY,
    organisation_id BLOB REFERENCES organisations (id),
    name TEXT NOT NULL UNIQUE,
    description TEXT,
    expected_interval_minutes INTEGER,
    retention_hours INTEGER,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    revision INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX sources_of ON sources (organisation_id);

-- Immutable. The roles are JSON arrays, only ever read whole.
CREATE TABLE source_versions (
    id BLOB NOT NULL PRIMARY KEY,
    source_id BLOB NOT NULL REFERENCES sources (id),
    version TEXT NOT NULL,
    description TEXT,
    input_roles TEXT NOT NULL,
    output_roles TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    UNIQUE (source_id, version)
) STRICT, WITHOUT ROWID;

-- `location_id` is the location that was given; without one it follows from the bindings when the job is read.
CREATE TABLE jobs (
    id BLOB NOT NULL PRIMARY KEY,
    organisation_id BLOB NOT NULL REFERENCES organisations (id),
    name TEXT NOT NULL,
    active INTEGER NOT NULL,
    source_version_id BLOB NOT NULL REFERENCES source_versions (id),
    location_id BLOB REFERENCES locations (id),
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    UNIQUE (organisation_id, name)
) STRICT, WITHOUT ROWID;
CREATE INDEX jobs_listed ON jobs (organisation_id);
CREATE INDEX jobs_pinned_to ON jobs (source_version_id);
CREATE INDEX jobs_for ON jobs (location_id);

-- `input_id` is a sensor, a location or a source, as `input_type` says; `position` keeps the order as posted.
CREATE TABLE role_bindings (
    job_id BLOB NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    role TEXT NOT NULL,
    position INTEGER NOT NULL,
    input_type TEXT NOT NULL,
    input_id BLOB NOT NULL,
    PRIMARY KEY (job_id, role)
) STRICT, WITHOUT ROWID;
CREATE INDEX role_bindings_to ON role_bindings (input_id);

-- What is predicted of one metric and stage for one job and location by one version. It outlives the catalogue's
-- rows: no foreign keys, and the names that are answered stand here. `newest_arrival` is when `newest_issue` arrived;
-- `longest_span` is the longest valid_to - valid_from of its runs.
CREATE TABLE series (
    id INTEGER PRIMARY KEY,
    organisation_id BLOB NOT NULL,
    source_id BLOB NOT NULL,
    source_version_id BLOB NOT NULL,
    job_id BLOB,
    location_id BLOB,
    metric TEXT NOT NULL,
    stage TEXT NOT NULL,
    unit TEXT,
    source_name TEXT NOT NULL,
    version_label TEXT NOT NULL,
    newest_issue INTEGER NOT NULL,
    newest_arrival INTEGER NOT NULL,
    covers_until INTEGER NOT NULL,
    longest_span INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX series_key ON series
    (source_version_id, coalesce(job_id, x''), coalesce(location_id, x''), metric, stage, organisation_id);
CREATE INDEX series_at ON series (location_id, metric);
CREATE INDEX series_of ON series (job_id, metric);
CREATE INDEX series_by ON series (source_id);

-- One run of a model for one series: its points in `payload`. Nothing is overwritten: posting the same issue again
-- with other values adds the next revision, which holds only what differs.
CREATE TABLE runs (
    series_id INTEGER NOT NULL,
    issue_time INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    available_at INTEGER NOT NULL,
    valid_from INTEGER NOT NULL,
    valid_to INTEGER NOT NULL,
    count INTEGER NOT NULL,
    expires_at INTEGER,
    payload BLOB NOT NULL,
    UNIQUE (series_id, issue_time, revision)
) STRICT;
CREATE INDEX runs_valid ON runs (series_id, valid_from);
CREATE INDEX runs_expiring ON runs (expires_at) WHERE expires_at IS NOT NULL;
