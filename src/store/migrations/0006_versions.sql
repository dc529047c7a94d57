-- Who may serve over this record. Conventions are those of 0001_record.sql.

-- What a migration leaves; one row. A program whose schema is older than version may serve as long as it is not older than oldest.
CREATE TABLE schema_versions (
    only_row BIGINT NOT NULL PRIMARY KEY CHECK (only_row = 1), -- always 1
    version BIGINT NOT NULL, -- the last migration
    oldest BIGINT NOT NULL -- the schema of the oldest program whose changes leave this record right
);
INSERT INTO schema_versions (only_row, version, oldest) VALUES (1, 6, 5);
