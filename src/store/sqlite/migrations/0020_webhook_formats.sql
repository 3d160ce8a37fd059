-- The format of a webhook's messages, and the settings of formats other than "standard": e-mail addresses (a JSON array), the chat
-- or room, and the access token of the service. The url is empty for e-mail.
ALTER TABLE webhooks ADD COLUMN format TEXT NOT NULL DEFAULT 'standard';
ALTER TABLE webhooks ADD COLUMN recipients TEXT;
ALTER TABLE webhooks ADD COLUMN chat_id TEXT;
ALTER TABLE webhooks ADD COLUMN room_id TEXT;
ALTER TABLE webhooks ADD COLUMN token TEXT;
