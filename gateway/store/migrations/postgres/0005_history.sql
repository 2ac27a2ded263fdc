-- As SQLite's fifth one.
ALTER TABLE version ADD COLUMN type integer NOT NULL DEFAULT 0;
UPDATE version SET type = (SELECT r.type FROM resource r WHERE r.rid = version.rid);
ALTER TABLE version ADD COLUMN feed bigint GENERATED ALWAYS AS (home >> 51) STORED;
CREATE INDEX resource_made ON resource ((type + 0), feed, updated, rid);
CREATE INDEX version_made ON version (type, feed, updated, home, version) WHERE stands = 1;
