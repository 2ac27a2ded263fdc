-- A child's Patient keeps no versions: its changes are numbered, so that a walk over the pages knows what changed since.
ALTER TABLE child ADD COLUMN moved INTEGER;
CREATE INDEX child_moved ON child (moved) WHERE moved IS NOT NULL;
