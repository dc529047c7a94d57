-- What a pool of ready wrapping keys and a token that can be full need. Conventions are those of 0001_record.sql.

-- How many live sets a principal and a key have; never more of either than the caps let in.
CREATE INDEX wrapping_keys_by_principal ON wrapping_keys (account, principal, expires_at) WHERE state = 'issued';
CREATE INDEX wrapping_keys_by_key ON wrapping_keys (key_id, expires_at) WHERE state = 'issued';

-- What a sweep expects of the token, and counts.
CREATE INDEX materials_present ON materials (object) WHERE presence = 'imported';

-- How full the token was: one row a few minutes, of the last day. Tells when it will be full.
CREATE TABLE load_samples (
    at BIGINT NOT NULL PRIMARY KEY, -- when
    objects BIGINT NOT NULL -- that the record says were in the token
);
