-- What callers without a certificate sign with. Conventions are those of 0001_record.sql.

-- An access key. Its secret is nowhere: the token derives it from id, generation and principal when it is needed.
CREATE TABLE access_keys (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY, -- AKIA and 16 letters
    principal TEXT NOT NULL, -- whom it stands for
    generation BIGINT NOT NULL, -- which secret of those that this id could have
    created_at BIGINT NOT NULL, -- when
    ends_at BIGINT -- until when it holds; null where it was neither disabled nor replaced
);
