-- After a rotation the secret before still signs, until then.
ALTER TABLE webhooks ADD COLUMN old_secret BLOB;
ALTER TABLE webhooks ADD COLUMN old_secret_until INTEGER;

-- How much later than expected a post may come before its job is late.
ALTER TABLE sources ADD COLUMN grace_minutes INTEGER;

-- Messages that wait for another attempt: while there are some, the others of their webhook wait too.
CREATE INDEX webhook_deliveries_failing ON webhook_deliveries (webhook_id, next_attempt_at)
    WHERE state = 'pending' AND attempts > 0;
