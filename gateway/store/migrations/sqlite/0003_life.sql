-- What became of children beside their links; `stands` is 0 for what was taken back. child.state is their fold.
CREATE TABLE life (
    life INTEGER PRIMARY KEY, what TEXT NOT NULL, child INTEGER NOT NULL, other INTEGER, reason TEXT NOT NULL,
    author TEXT NOT NULL, second TEXT NOT NULL, at INTEGER NOT NULL, load INTEGER, stands INTEGER NOT NULL DEFAULT 1
);
CREATE INDEX life_child ON life (child);
CREATE INDEX life_other ON life (other) WHERE other IS NOT NULL;
CREATE INDEX life_load ON life (load) WHERE load IS NOT NULL;

-- the child that a record told of when that child was sealed: it is linked to none as long as this stands
ALTER TABLE record ADD COLUMN sealed INTEGER;
CREATE INDEX record_sealed ON record (sealed) WHERE sealed IS NOT NULL;
