-- How far the import of an export has come: its first line, the number of lines that are stored, and the SHA-256 of these
-- lines. An interrupted import goes on after them. Without `finished_at` there is more to come, and the database is not served.
CREATE TABLE imports (
    head TEXT NOT NULL PRIMARY KEY,
    lines INTEGER NOT NULL,
    hash BLOB NOT NULL,
    finished_at INTEGER
) STRICT, WITHOUT ROWID;
