-- As SQLite's sixth one.
CREATE INDEX record_loose ON record (child, rec) WHERE child IS NULL;
