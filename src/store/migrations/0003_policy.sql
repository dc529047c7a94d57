-- Who may do what, and proof of what was done. Conventions are those of 0001_record.sql.

ALTER TABLE keys ADD COLUMN tags TEXT NOT NULL DEFAULT '{}'; -- a JSON object of the owner's tags

ALTER TABLE wrapping_keys ADD COLUMN receipt BYTEA; -- the signed statement of what was imported; null until consumed

-- Imports that wait for another principal's approval: one for a set, as it came over the wire, wrapped as it came.
CREATE TABLE pending_imports (
    wrapping_key TEXT COLLATE "C" NOT NULL PRIMARY KEY REFERENCES wrapping_keys (id) ON DELETE CASCADE, -- its set
    digest BYTEA NOT NULL, -- SHA-256 of the request, 32 bytes: what is approved
    key_id TEXT COLLATE "C" NOT NULL, -- the key that it is for
    account TEXT NOT NULL, -- of key and caller
    principal TEXT NOT NULL, -- who asked
    requested_at BIGINT NOT NULL, -- when
    expires_at BIGINT NOT NULL, -- when its set ends, and the wait
    import_token BYTEA NOT NULL, -- ImportToken
    ciphertext BYTEA NOT NULL, -- EncryptedKeyMaterial
    valid_to BIGINT, -- when the material ends; null where it does not
    import_type TEXT, -- ImportType; null where absent
    description TEXT, -- KeyMaterialDescription; null where absent
    material_id BYTEA -- KeyMaterialId, 32 bytes; null where absent
);
CREATE UNIQUE INDEX pending_imports_by_digest ON pending_imports (account, digest);
CREATE INDEX pending_imports_by_end ON pending_imports (expires_at);
