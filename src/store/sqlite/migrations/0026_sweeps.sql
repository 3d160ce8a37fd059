-- The time at which a sweep looks at the series next. 0 or less: the next sweep does.
ALTER TABLE series ADD COLUMN sweep_at INTEGER NOT NULL DEFAULT 0;
CREATE INDEX series_to_sweep ON series (sweep_at);
