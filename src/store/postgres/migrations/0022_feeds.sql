-- Feeds: ways in for the messages of devices. The mappings are a JSON array, only ever read whole. `hash` is the SHA-256 of the
-- secret of a feed that receives messages by HTTP.
CREATE TABLE feeds (
    id uuid CONSTRAINT feeds_id PRIMARY KEY,
    organisation_id uuid NOT NULL REFERENCES organisations (id),
    name text COLLATE "C" NOT NULL,
    kind text COLLATE "C" NOT NULL,
    topic text COLLATE "C",
    active boolean NOT NULL,
    mappings text COLLATE "C" NOT NULL,
    hash bytea,
    created_at bigint NOT NULL,
    updated_at bigint NOT NULL,
    revision bigint NOT NULL,
    CONSTRAINT feeds_name UNIQUE (organisation_id, name)
);

-- What has arrived at a feed. It changes with each message, so it is not in the row with the mappings.
CREATE TABLE feed_states (
    feed_id uuid PRIMARY KEY REFERENCES feeds (id) ON DELETE CASCADE,
    last_message_at bigint,
    last_stored_at bigint,
    problem_at bigint,
    problem text COLLATE "C"
);
