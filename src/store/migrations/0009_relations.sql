-- Multi-Region keys and those that they are related to in other Regions. Conventions are those of 0001_record.sql.

-- The keys in other Regions that a key is related to, and what was told of it where, as JSON; null where it has none.
ALTER TABLE keys ADD COLUMN relations TEXT;

-- 1 where another Region has still to hear something of it.
ALTER TABLE keys ADD COLUMN owes BIGINT NOT NULL DEFAULT 0;

-- 1 where it is a replica whose waiting period is over: it goes when its primary knows.
ALTER TABLE keys ADD COLUMN leaving BIGINT NOT NULL DEFAULT 0;

CREATE INDEX keys_owing ON keys (id) WHERE owes = 1;

-- Of a primary key that waits for its replicas to go, deletion_at is null and deletion_window_days is not. The presence of a material may
-- be awaited as well: it is in the primary key, and was never here. Its rotation may be PENDING_MULTI_REGION_IMPORT_AND_ROTATION. None of
-- this comes to be before a service is given a peer.
UPDATE schema_versions SET version = 9;
