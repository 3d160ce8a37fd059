-- Runs stand in the order of their series and issue: what is read together lies together, and the key finds them too
-- (`shortest_lead` and `longest_lead` of the series tell how far their valid times are from their issue). Retention counts
-- from the later of `valid_to` and `available_at`; it needs no index, since what ended was issued before.
CREATE TABLE runs_by_issue (
    series_id INTEGER NOT NULL,
    issue_time INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    available_at INTEGER NOT NULL,
    valid_from INTEGER NOT NULL,
    valid_to INTEGER NOT NULL,
    count INTEGER NOT NULL,
    payload BLOB NOT NULL,
    PRIMARY KEY (series_id, issue_time, revision)
) STRICT, WITHOUT ROWID;

INSERT INTO runs_by_issue (series_id, issue_time, revision, available_at, valid_from, valid_to, count, payload)
    SELECT series_id, issue_time, revision, available_at, valid_from, valid_to, count, payload
    FROM runs ORDER BY series_id, issue_time, revision;

-- How long predictions are kept is known of the series, so that a change of it rewrites no runs. A source that is gone
-- left it in its runs.
ALTER TABLE series ADD COLUMN retention_hours INTEGER;
UPDATE series SET retention_hours = coalesce(
    (SELECT s.retention_hours FROM sources s WHERE s.id = series.source_id),
    (SELECT (r.expires_at - CASE WHEN r.valid_to > r.available_at THEN r.valid_to ELSE r.available_at END) / 3600000000
        FROM runs r WHERE r.series_id = series.id AND r.expires_at IS NOT NULL
            AND NOT EXISTS (SELECT 1 FROM sources s WHERE s.id = series.source_id)
        ORDER BY r.issue_time DESC LIMIT 1)
);
ALTER TABLE series ADD COLUMN shortest_lead INTEGER NOT NULL DEFAULT 0;
ALTER TABLE series ADD COLUMN longest_lead INTEGER NOT NULL DEFAULT 0;
UPDATE series SET
    shortest_lead = coalesce((SELECT min(r.valid_from - r.issue_time) FROM runs r WHERE r.series_id = series.id), 0),
    longest_lead = coalesce((SELECT max(r.valid_to - r.issue_time) FROM runs r WHERE r.series_id = series.id), 0);
ALTER TABLE series DROP COLUMN longest_span;

DROP TABLE runs;
ALTER TABLE runs_by_issue RENAME TO runs;

-- What a sensor's readings are kept under. Without a sensor they are waiting to be deleted: the sensor is gone, and
-- another that is made under its id does not get them.
CREATE TABLE reading_series (
    id INTEGER PRIMARY KEY,
    sensor_id BLOB UNIQUE
) STRICT;

-- Nothing is overwritten: a corrected value is the next revision, counted from 1.
CREATE TABLE readings (
    series_id INTEGER NOT NULL,
    time INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    available_at INTEGER NOT NULL,
    value REAL NOT NULL,
    PRIMARY KEY (series_id, time, revision)
) STRICT, WITHOUT ROWID;
