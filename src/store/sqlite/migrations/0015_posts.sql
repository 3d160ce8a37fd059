-- What a worker said about how it made the values of a post: one row for a post that says something. Its runs refer to it, and it
-- is deleted with the last of them.
CREATE TABLE posts (
    id INTEGER NOT NULL PRIMARY KEY,
    organisation_id BLOB NOT NULL,
    run_id TEXT,
    inputs_as_of INTEGER,
    inputs_from INTEGER,
    inputs_to INTEGER,
    code TEXT,
    parameters TEXT,
    token_name TEXT NOT NULL
) STRICT;
ALTER TABLE runs ADD COLUMN post_id INTEGER;
CREATE INDEX runs_posted ON runs (post_id) WHERE post_id IS NOT NULL;
