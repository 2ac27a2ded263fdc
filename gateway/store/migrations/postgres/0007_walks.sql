-- A child's Patient keeps no versions: its changes are numbered, so that a walk over the pages knows what changed since.
ALTER TABLE child ADD COLUMN moved bigint;
CREATE INDEX child_moved ON child (moved) WHERE moved IS NOT NULL;

-- What the pages of walks showed, sealed with a key that only their links have. It may be lost.
CREATE UNLOGGED TABLE shown (
    walk bigint NOT NULL, page integer NOT NULL, at bigint NOT NULL, rows bytea NOT NULL, PRIMARY KEY (walk, page)
);
ALTER TABLE shown ALTER rows SET STORAGE EXTERNAL;
