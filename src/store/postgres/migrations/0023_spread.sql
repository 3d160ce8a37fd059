-- Series have the quantiles or members that their version declares, as JSON; NULL for series of values alone.
ALTER TABLE series ADD COLUMN spread text COLLATE "C";
