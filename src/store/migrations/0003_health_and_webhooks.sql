-- Where changes of jobs' states are told to. Without an organisation it hears of all. The secret is the key that
-- messages are signed with; `events` is a JSON array, `last_attempt` JSON, both only ever read whole.
CREATE TABLE webhooks (
    id BLOB NOT NULL PRIMARY KEY,
    organisation_id BLOB REFERENCES organisations (id),
    name TEXT NOT NULL,
    url TEXT NOT NULL,
    secret BLOB NOT NULL,
    events TEXT NOT NULL,
    active INTEGER NOT NULL,
    last_attempt TEXT,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    revision INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX webhooks_of_organisation ON webhooks (organisation_id, name) WHERE organisation_id IS NOT NULL;
CREATE INDEX webhooks_listed ON webhooks (organisation_id);
CREATE UNIQUE INDEX webhooks_of_all ON webhooks (name) WHERE organisation_id IS NULL;

-- The outbox: messages that were written down with the change that they tell of. `position` counts the messages of a
-- webhook. `next_attempt_at` stands at the first pending message about each job only: the others wait for it.
CREATE TABLE webhook_deliveries (
    webhook_id BLOB NOT NULL REFERENCES webhooks (id) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    id BLOB NOT NULL,
    job_id BLOB,
    event TEXT NOT NULL,
    body TEXT NOT NULL,
    state TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    next_attempt_at INTEGER,
    last_attempt_at INTEGER,
    last_status INTEGER,
    last_error TEXT,
    PRIMARY KEY (webhook_id, position)
) STRICT, WITHOUT ROWID;
CREATE INDEX webhook_deliveries_due ON webhook_deliveries (webhook_id, next_attempt_at)
    WHERE next_attempt_at IS NOT NULL;
CREATE INDEX webhook_deliveries_waiting ON webhook_deliveries (webhook_id, job_id, position) WHERE state = 'pending';
CREATE INDEX webhook_deliveries_over ON webhook_deliveries (created_at) WHERE state <> 'pending';
