-- The sensor whose readings a token may post, if it is limited to "sensor". The sensor may be deleted before the token.
ALTER TABLE tokens ADD COLUMN sensor_id uuid;
