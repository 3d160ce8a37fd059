-- The only page that a token may read, "job" or "job_list", and the job of that page. The job may be deleted before the token.
ALTER TABLE tokens ADD COLUMN limited_to text COLLATE "C";
ALTER TABLE tokens ADD COLUMN job_id uuid;
