-- What the gateway notes about itself: what it was first used with, and how long its audit was.
CREATE TABLE note (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
