-- What several tokens under one record need. Conventions are those of 0001_record.sql.

-- In which token it is, by its serial number. Empty where a program did not say: one of schema 6 or before, which knows one token only.
ALTER TABLE claims ADD COLUMN token TEXT NOT NULL DEFAULT '';
ALTER TABLE doomed ADD COLUMN token TEXT NOT NULL DEFAULT '';

-- What is to be destroyed in a token, and which keys are in others than one: few, where there is one token.
CREATE INDEX doomed_by_token ON doomed (token, object);
CREATE INDEX keys_by_token ON keys (token);

-- How many sets are out, by the token that holds their wrapping keys.
CREATE INDEX wrapping_keys_issued_by_token ON wrapping_keys (token) WHERE state = 'issued';

-- The tokens that keys of this record may be in: each that a service has served with, ever.
CREATE TABLE tokens (
    serial TEXT COLLATE "C" NOT NULL PRIMARY KEY, -- serial number
    first_seen_at BIGINT NOT NULL -- when it was first served with
);

-- An older program may go on as long as there is one token. Where a second is served with, oldest becomes 7: of what is doomed in the one,
-- a program that knows only the other would say that it is gone.
UPDATE schema_versions SET version = 7;
