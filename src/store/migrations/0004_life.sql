-- What else there is to a key's life. Conventions are those of 0001_record.sql.

ALTER TABLE keys ADD COLUMN policy TEXT; -- the policy document its owner keeps with it; null for the usual one

ALTER TABLE materials ADD COLUMN rotated_at BIGINT; -- when it took its turn; null for the first, and for one that waits

-- Other names for keys.
CREATE TABLE aliases (
    account TEXT NOT NULL, -- whose: that of its key
    name TEXT COLLATE "C" NOT NULL, -- alias/ and what follows
    key_id TEXT COLLATE "C" NOT NULL REFERENCES keys (id) ON DELETE CASCADE, -- the key that it is of
    created_at BIGINT NOT NULL, -- when it was made
    updated_at BIGINT NOT NULL, -- when it was given to its key
    PRIMARY KEY (account, name)
);
CREATE INDEX aliases_by_key ON aliases (key_id, name);
