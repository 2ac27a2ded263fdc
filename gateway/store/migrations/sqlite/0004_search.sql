-- What codes and identifiers are called, each text once; `worded` says which resources have it. `:text` asks for it.
CREATE TABLE phrase (phrase INTEGER PRIMARY KEY, param INTEGER NOT NULL, words TEXT NOT NULL, UNIQUE (param, words));
CREATE TABLE worded (phrase INTEGER NOT NULL, rid INTEGER NOT NULL, PRIMARY KEY (phrase, rid)) WITHOUT ROWID;
CREATE INDEX worded_rid ON worded (rid, phrase);

CREATE INDEX resource_updated ON resource (type, updated);

-- What the index has of every resource: '' is R4's own parameters, others are by their url, `how` says in which form.
-- Where '' is missing, it is the newest form. Resources that are there already lack the rows that came with this
-- migration: theirs is the first.
CREATE TABLE indexed (what TEXT PRIMARY KEY, how TEXT NOT NULL) WITHOUT ROWID;
INSERT INTO indexed SELECT '', '1' WHERE EXISTS (SELECT 1 FROM resource);
