-- A history is read in the order in which versions were made, of one type or of all: so a version knows its type.
ALTER TABLE version ADD COLUMN type INTEGER NOT NULL DEFAULT 0;
UPDATE version SET type = (SELECT r.type FROM resource r WHERE r.rid = version.rid);
ALTER TABLE version ADD COLUMN feed INTEGER GENERATED ALWAYS AS (home >> 51) VIRTUAL;
CREATE INDEX resource_made ON resource (type, feed, updated, rid);
CREATE INDEX version_made ON version (type, feed, updated, home, version) WHERE stands = 1;
