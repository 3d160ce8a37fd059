-- `fresh_issue` is the last fresh issue of a series, on which health is judged, and `newest_arrival` when it first arrived by
-- the machine's clock. An issue of a worker whose clock is ahead may be the `newest_issue` for longer.
ALTER TABLE series ADD COLUMN fresh_issue INTEGER NOT NULL DEFAULT 0;
UPDATE series SET fresh_issue = newest_issue;
