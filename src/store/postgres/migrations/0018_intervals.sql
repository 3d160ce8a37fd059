-- The interval that each reading of a sensor stands for, in microseconds, the end of it that is the reading's time, and how its
-- values became one. All are NULL for readings of an instant.
ALTER TABLE sensors ADD COLUMN interval_length bigint;
ALTER TABLE sensors ADD COLUMN interval_label text COLLATE "C";
ALTER TABLE sensors ADD COLUMN interval_method text COLLATE "C";
