-- Multi-Region keys and those that they are related to in other Regions. Conventions are those of 0001_record.sql.

-- A key that has, had or is a replica. A table of its own: a column of keys would wait for whoever reads these.
CREATE TABLE relations (
    key_id TEXT COLLATE "C" NOT NULL PRIMARY KEY REFERENCES keys (id) ON DELETE CASCADE, -- whose
    known TEXT NOT NULL, -- the related keys in other Regions, and what was told of it where, as JSON
    owes BIGINT NOT NULL, -- 1 where another Region has still to hear something of it
    leaving BIGINT NOT NULL, -- 1 where it is a replica whose waiting period is over: it goes when its primary knows
    updating BIGINT NOT NULL -- 1 where it hands its place as the primary to another
);
CREATE INDEX relations_owing ON relations (key_id) WHERE owes = 1;

-- Of a primary key that waits for its replicas to go, deletion_at is null and deletion_window_days is not. The presence of a material may
-- be awaited as well: it is in the primary key, and was never here. Its rotation may be PENDING_MULTI_REGION_IMPORT_AND_ROTATION. None of
-- this comes to be before a service is given a peer.
UPDATE schema_versions SET version = 9;
