-- Feeds: ways in for the messages of devices. The mappings are a JSON array, only ever read whole. `hash` is the SHA-256 of the
-- secret of a feed that receives messages by HTTP.
CREATE TABLE feeds (
    id BLOB NOT NULL PRIMARY KEY,
    organisation_id BLOB NOT NULL REFERENCES organisations (id),
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    topic TEXT,
    active INTEGER NOT NULL,
    mappings TEXT NOT NULL,
    hash BLOB,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    UNIQUE (organisation_id, name)
) STRICT;

-- What has arrived at a feed. It changes with each message, so it is not in the row with the mappings.
CREATE TABLE feed_states (
    feed_id BLOB NOT NULL PRIMARY KEY REFERENCES feeds (id) ON DELETE CASCADE,
    last_message_at INTEGER,
    last_stored_at INTEGER,
    problem_at INTEGER,
    problem TEXT
) STRICT, WITHOUT ROWID;
