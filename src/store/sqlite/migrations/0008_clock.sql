-- What is known of the machine's clock. `seen` is the time of the clock as it was trusted last; `stamped` is the latest
-- available_at that was given. While the clock is not trusted, `doubted` is the time that it showed last and `steady` how
-- long it has gone on steadily, in microseconds. A row is absent until its time is known.
CREATE TABLE clock (
    name TEXT NOT NULL PRIMARY KEY,
    at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

INSERT INTO clock (name, at) SELECT 'stamped', at FROM (
    SELECT max(at) AS at FROM (
        SELECT max(available_at) AS at FROM runs
        UNION ALL SELECT max(available_at) FROM readings
        UNION ALL SELECT max(available_at) FROM reports
    ) arrivals
) newest WHERE at IS NOT NULL;

INSERT INTO clock (name, at) SELECT 'seen', at FROM (
    SELECT max(at) AS at FROM (
        SELECT at FROM clock
        UNION ALL SELECT max(at) FROM audit
        UNION ALL SELECT max(created_at) FROM tokens
        UNION ALL SELECT max(last_used_at) FROM tokens
    ) marks
) newest WHERE at IS NOT NULL;
