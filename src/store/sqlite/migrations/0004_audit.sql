-- Who made, changed or deleted what. Without `token_id` it was the command line. `position` counts what happened at the
-- same time. It outlives what it tells of: no foreign keys.
CREATE TABLE audit (
    at INTEGER NOT NULL,
    position INTEGER NOT NULL,
    token_id BLOB,
    token_name TEXT NOT NULL,
    organisation_id BLOB,
    action TEXT NOT NULL,
    kind TEXT NOT NULL,
    thing_id BLOB NOT NULL,
    name TEXT NOT NULL,
    changes TEXT,
    PRIMARY KEY (at, position)
) STRICT, WITHOUT ROWID;
CREATE INDEX audit_of ON audit (organisation_id);
CREATE INDEX audit_by ON audit (token_id);
CREATE INDEX audit_about ON audit (thing_id);
