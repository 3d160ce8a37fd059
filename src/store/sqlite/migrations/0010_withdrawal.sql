-- What was withdrawn is a revision of its own: points of a run without a value (version 3 of `payload`), readings whose
-- `value` is infinite, which no posted value is. `newest_issue`, `newest_arrival` and `covers_until` speak of what is left
-- of a series, and are the least integer if nothing is. `last_issue` and `ends_at` are the last issue and valid_time of all
-- its runs, whatever is withdrawn.
ALTER TABLE series ADD COLUMN ends_at INTEGER NOT NULL DEFAULT 0;
UPDATE series SET ends_at = covers_until;
ALTER TABLE series ADD COLUMN last_issue INTEGER NOT NULL DEFAULT 0;
UPDATE series SET last_issue = newest_issue;
