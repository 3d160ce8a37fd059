-- The track of predictions: main, or shadow for those of a version on trial, which is returned only if asked for. Everything that
-- is stored already is the model's.
ALTER TABLE series ADD COLUMN track TEXT NOT NULL DEFAULT 'main';
DROP INDEX series_key;
DROP INDEX series_key_without_job;
DROP INDEX series_key_without_location;
CREATE UNIQUE INDEX series_key ON series
    (source_version_id, job_id, location_id, metric, stage, track, organisation_id);
CREATE UNIQUE INDEX series_key_without_job ON series
    (source_version_id, location_id, metric, stage, track, organisation_id) WHERE job_id IS NULL;
CREATE UNIQUE INDEX series_key_without_location ON series
    (source_version_id, job_id, metric, stage, track, organisation_id) WHERE location_id IS NULL;

-- The versions on trial of each job.
CREATE TABLE job_shadows (
    job_id BLOB NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    source_version_id BLOB NOT NULL REFERENCES source_versions (id),
    since INTEGER NOT NULL,
    PRIMARY KEY (job_id, source_version_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX job_shadows_by ON job_shadows (source_version_id);

-- The worker of a version on trial reports its own runs. The newest of each track are kept.
ALTER TABLE reports ADD COLUMN track TEXT NOT NULL DEFAULT 'main';
CREATE INDEX reports_of_track ON reports (job_id, track, number);

-- The track of predictions that are posted without a job, if the source says it. Otherwise it depends on the versions that the
-- jobs of an organisation use.
ALTER TABLE sources ADD COLUMN direct_track TEXT;
DROP INDEX jobs_pinned_to;
CREATE INDEX jobs_pinned_to ON jobs (source_version_id, organisation_id);
