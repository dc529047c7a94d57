-- Written as PostgreSQL; src/store/migrations.rs turns the type names into SQLite's.
-- Times are milliseconds since 1970-01-01T00:00:00Z. Names of enumerations are the reference's own (the KMS API).
-- No column holds a secret.

-- What this database and its token share; one row.
CREATE TABLE installation (
    only_row BIGINT NOT NULL PRIMARY KEY CHECK (only_row = 1), -- always 1
    id TEXT NOT NULL -- UUID
);

CREATE TABLE keys (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY, -- UUID, or mrk- and 32 hex digits
    account TEXT NOT NULL, -- twelve digits
    spec TEXT NOT NULL, -- KeySpec, for example SYMMETRIC_DEFAULT
    usage TEXT NOT NULL, -- KeyUsage, for example ENCRYPT_DECRYPT
    origin TEXT NOT NULL, -- EXTERNAL or AWS_KMS
    description TEXT NOT NULL, -- the owner's words
    enabled BIGINT NOT NULL CHECK (enabled IN (0, 1)), -- 1 where its owner wants it usable
    created_at BIGINT NOT NULL, -- when it was made
    deletion_at BIGINT, -- when it is to be destroyed; null while that is not scheduled
    deletion_window_days BIGINT, -- the waiting period asked for, in days; null with deletion_at
    token TEXT NOT NULL, -- serial number of the token that holds its material
    version BIGINT NOT NULL -- counts changes, from 0
);
CREATE INDEX keys_by_account ON keys (account, id);
CREATE INDEX keys_by_deletion ON keys (deletion_at) WHERE deletion_at IS NOT NULL;

-- Every material a key has, or had and must recognise.
CREATE TABLE materials (
    key_id TEXT COLLATE "C" NOT NULL REFERENCES keys (id) ON DELETE CASCADE, -- whose
    place BIGINT NOT NULL, -- its number among the key's materials, from 0, in the order they came
    id BYTEA NOT NULL, -- key material id, 32 bytes
    object BYTEA NOT NULL UNIQUE, -- CKA_ID, 16 bytes
    presence TEXT NOT NULL, -- imported, expired or deleted: whether the bytes are in the token
    rotation TEXT NOT NULL, -- CURRENT, NON_CURRENT or PENDING_ROTATION
    description TEXT NOT NULL, -- the caller's words; empty where there are none
    valid_to BIGINT, -- when it ends; null where it does not
    imported_at BIGINT NOT NULL, -- when it came, last
    spki BYTEA, -- of a private key: its public half, DER SubjectPublicKeyInfo
    kcv BYTEA, -- of an AES key: its key check value, 3 bytes
    exposure TEXT NOT NULL, -- TOKEN, HOST_KEK or HOST_MATERIAL: what crossed the host
    PRIMARY KEY (key_id, place)
);
CREATE INDEX materials_by_end ON materials (valid_to) WHERE presence = 'imported' AND valid_to IS NOT NULL;

-- Wrapping key pairs: making, ready, issued, then consumed, expired or dead.
CREATE TABLE wrapping_keys (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY, -- UUID, the cti of the import token
    object BYTEA NOT NULL UNIQUE, -- CKA_ID of the private half, 16 bytes
    token TEXT NOT NULL, -- serial number of the token that holds it
    spec TEXT NOT NULL, -- WrappingKeySpec, for example RSA_4096
    pair_use TEXT NOT NULL, -- unwrap or raw-decrypt
    state TEXT NOT NULL, -- making, ready, issued, consumed, expired or dead
    spki BYTEA NOT NULL, -- public half, DER SubjectPublicKeyInfo; empty while making
    created_at BIGINT NOT NULL, -- when its making began
    attempts BIGINT NOT NULL, -- imports tried under it
    key_id TEXT, -- the key that material is wanted for; this and the next six are null until issued
    account TEXT, -- of the key and of who asked
    principal TEXT, -- who asked
    algorithm TEXT, -- WrappingAlgorithm, for example RSAES_OAEP_SHA_256
    path TEXT, -- direct, two-step, host-kek or host-material: how it will be unwrapped
    issued_at BIGINT, -- when it was handed out
    expires_at BIGINT, -- when it ends
    request_digest BYTEA, -- SHA-256 of the request that succeeded; this and the next four are null until consumed
    material_id BYTEA, -- the key material id it brought, 32 bytes
    material_kcv BYTEA, -- the key check value answered, 3 bytes, for AES
    material_spki BYTEA, -- the public half answered, DER SubjectPublicKeyInfo, for a private key
    exposure TEXT -- what crossed the host
);
CREATE INDEX wrapping_keys_making ON wrapping_keys (created_at) WHERE state = 'making';
CREATE INDEX wrapping_keys_ready ON wrapping_keys (token, spec, pair_use, created_at, id) WHERE state = 'ready';
CREATE INDEX wrapping_keys_issued ON wrapping_keys (expires_at) WHERE state = 'issued';
CREATE INDEX wrapping_keys_over ON wrapping_keys (expires_at) WHERE state IN ('consumed', 'expired', 'dead');

-- Imports and generations under way: written before the token acts, gone when the outcome is recorded.
CREATE TABLE claims (
    object BYTEA NOT NULL PRIMARY KEY, -- CKA_ID that the new object will have, 16 bytes
    wrapping_key TEXT, -- the wrapping key in use; null where the token makes the material
    claimed_at BIGINT NOT NULL -- when it began
);
CREATE INDEX claims_by_age ON claims (claimed_at);
CREATE INDEX claims_by_wrapping_key ON claims (wrapping_key);

-- Objects that are of no more use and may still be in the token.
CREATE TABLE doomed (
    object BYTEA NOT NULL PRIMARY KEY, -- CKA_ID, 16 bytes
    doomed_at BIGINT NOT NULL -- since when
);
CREATE INDEX doomed_by_age ON doomed (doomed_at);
