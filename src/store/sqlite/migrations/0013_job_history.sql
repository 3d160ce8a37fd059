-- What each job ran as: a row for its set-up, and one for each change of its version, location or bindings. `at` is a stamp of
-- the same clock as the available_at of values, so that `as_of` compares both. It outlives the job: no foreign keys, and the
-- names that are returned are stored here. Of the jobs that are there already only the present is known, which is assumed to
-- hold since they were created.
CREATE TABLE job_history (
    organisation_id BLOB NOT NULL,
    job_id BLOB NOT NULL,
    number INTEGER NOT NULL,
    at INTEGER NOT NULL,
    source_version_id BLOB NOT NULL,
    version TEXT NOT NULL,
    location_id BLOB,
    role_bindings TEXT NOT NULL,
    token_name TEXT,
    note TEXT,
    assumed INTEGER NOT NULL,
    PRIMARY KEY (job_id, organisation_id, number)
) STRICT, WITHOUT ROWID;
CREATE INDEX job_history_of ON job_history (organisation_id);
INSERT INTO job_history
    SELECT j.organisation_id, j.id, 1, j.created_at, j.source_version_id, v.version,
        -- As in bound_locations: the only location that is bound, or if none is, the only one of the bound sensors.
        coalesce(j.location_id,
            (SELECT CASE WHEN count(DISTINCT b.input_id) = 1 THEN min(b.input_id) END FROM role_bindings b
                WHERE b.job_id = j.id AND b.input_type = 'location'),
            (SELECT CASE WHEN count(DISTINCT s.location_id) = 1 THEN min(s.location_id) END FROM role_bindings b
                JOIN sensors s ON s.id = b.input_id WHERE b.job_id = j.id AND b.input_type = 'sensor'
                AND NOT EXISTS (SELECT 1 FROM role_bindings l WHERE l.job_id = j.id AND l.input_type = 'location'))),
        (SELECT json_group_array(json_object('role', b.role, 'input_type', b.input_type, 'input_id',
            lower(substr(hex(b.input_id), 1, 8) || '-' || substr(hex(b.input_id), 9, 4) || '-' || substr(hex(b.input_id), 13, 4)
                || '-' || substr(hex(b.input_id), 17, 4) || '-' || substr(hex(b.input_id), 21)))) FROM
            (SELECT * FROM role_bindings WHERE job_id = j.id ORDER BY position) b),
        NULL, NULL, 1
    FROM jobs j JOIN source_versions v ON v.id = j.source_version_id;
