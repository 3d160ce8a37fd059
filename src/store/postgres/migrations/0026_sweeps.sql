-- The time at which a sweep looks at the series next. NULL: never. 0: the next sweep does.
ALTER TABLE series ADD COLUMN sweep_at bigint DEFAULT 0;
CREATE INDEX series_to_sweep ON series (sweep_at) WHERE sweep_at IS NOT NULL;
