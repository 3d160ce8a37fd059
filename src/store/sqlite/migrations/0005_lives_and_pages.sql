-- The revision of a thing starts at a random number, so that its ETag tells one life of an id from the next. Versions
-- never change, and had no revision so far.
ALTER TABLE source_versions ADD COLUMN revision INTEGER NOT NULL DEFAULT 1;

-- The newest `available_at` of all runs of a series, or of all readings of a sensor: later pages of a list are read as of
-- that moment of the first page. What is stored already was stored by now.
ALTER TABLE series ADD COLUMN newest_available_at INTEGER NOT NULL DEFAULT 0;
UPDATE series SET newest_available_at = max(newest_arrival, CAST(strftime('%s', 'now') AS INTEGER) * 1000000);
ALTER TABLE reading_series ADD COLUMN newest_available_at INTEGER NOT NULL DEFAULT 0;
UPDATE reading_series SET newest_available_at = CAST(strftime('%s', 'now') AS INTEGER) * 1000000;
