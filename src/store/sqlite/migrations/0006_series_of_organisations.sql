-- Whether anything is left of a deleted organisation. An expression, so that only the query that asks this uses it, and not
-- those by job or location, for which it would be the wrong one.
CREATE INDEX series_owned ON series (coalesce(organisation_id, x''));
