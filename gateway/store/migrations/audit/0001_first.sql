-- One chain of rows for all processes; `hash` chains each row to the one before, `head` says where the chain ends.
CREATE TABLE event (
    number INTEGER PRIMARY KEY, body BLOB NOT NULL, children TEXT NOT NULL, hash BLOB NOT NULL
);
CREATE TABLE look (child TEXT NOT NULL, number INTEGER NOT NULL, PRIMARY KEY (child, number)) WITHOUT ROWID;
CREATE TABLE head (only INTEGER PRIMARY KEY CHECK (only = 1), number INTEGER NOT NULL, hash BLOB NOT NULL, seal BLOB NOT NULL);
