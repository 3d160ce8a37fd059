-- A series is found by its columns as they are, and not by expressions that only SQLite has. Of keys without a job or without
-- a location the two partial indexes keep one: NULL differs from NULL in the first. Every series has one of both.
DROP INDEX series_key;
CREATE UNIQUE INDEX series_key ON series (source_version_id, job_id, location_id, metric, stage, organisation_id);
CREATE UNIQUE INDEX series_key_without_job ON series (source_version_id, location_id, metric, stage, organisation_id)
    WHERE job_id IS NULL;
CREATE UNIQUE INDEX series_key_without_location ON series (source_version_id, job_id, metric, stage, organisation_id)
    WHERE location_id IS NULL;

-- Every statement names the organisation, and so do the indexes: the one by the organisation alone is the better one only if
-- nothing else is given.
DROP INDEX series_at;
CREATE INDEX series_at ON series (location_id, organisation_id, metric);
DROP INDEX series_of;
CREATE INDEX series_of ON series (job_id, organisation_id, metric);
DROP INDEX series_by;
CREATE INDEX series_by ON series (source_id, organisation_id);
DROP INDEX series_owned;
CREATE INDEX series_owned ON series (organisation_id);

-- The organisation of the sensor; zeros, where the sensor was gone already.
ALTER TABLE reading_series ADD COLUMN organisation_id BLOB NOT NULL DEFAULT x'00000000000000000000000000000000';
UPDATE reading_series SET organisation_id = (SELECT s.organisation_id FROM sensors s WHERE s.id = sensor_id)
    WHERE sensor_id IN (SELECT id FROM sensors);
