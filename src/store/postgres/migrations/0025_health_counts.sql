-- Whether the job is active and its predictions of the track main reach the present, as judged last, for the row of the job as
-- a whole. From now on its `look_at` is not after the end of these predictions either.
ALTER TABLE health ADD COLUMN covers_now boolean NOT NULL DEFAULT FALSE;
UPDATE health SET covers_now = TRUE, look_at = (
        SELECT CASE WHEN health.look_at < max(s.covers_until) THEN health.look_at ELSE max(s.covers_until) END
        FROM jobs j JOIN series s ON s.job_id = j.id AND s.organisation_id = j.organisation_id
        WHERE j.id = health.job_id AND s.track = 'main')
    WHERE role = '' AND EXISTS (SELECT 1 FROM jobs j
        JOIN series s ON s.job_id = j.id AND s.organisation_id = j.organisation_id
        WHERE j.id = health.job_id AND j.active AND s.track = 'main'
            AND s.covers_until >= CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS bigint));

-- The number of jobs in each state, and of those whose predictions reach the present.
CREATE TABLE health_counts (
    state text COLLATE "C" CONSTRAINT health_counts_state PRIMARY KEY,
    jobs bigint NOT NULL,
    covering bigint NOT NULL
) WITH (fillfactor = 80);
INSERT INTO health_counts (state, jobs, covering)
    SELECT state, count(*), sum(CASE WHEN covers_now THEN 1 ELSE 0 END) FROM health WHERE role = '' GROUP BY state;
