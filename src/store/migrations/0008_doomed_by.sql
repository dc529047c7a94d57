-- What keeps replicas from each doing the same work. Conventions are those of 0001_record.sql.

-- Which process doomed it, and so destroys it before others do: a number that each one over PostgreSQL draws when it starts. Empty over
-- SQLite, where there is one at a time, and where a program of schema 7 or before did not say.
ALTER TABLE doomed ADD COLUMN doomed_by TEXT NOT NULL DEFAULT '';

UPDATE schema_versions SET version = 8;
