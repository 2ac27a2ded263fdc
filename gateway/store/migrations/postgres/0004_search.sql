-- As SQLite's fourth one.
CREATE TABLE phrase (
    phrase integer PRIMARY KEY, param integer NOT NULL, words text COLLATE "C" NOT NULL, UNIQUE (param, words)
);
CREATE TABLE worded (phrase integer NOT NULL, rid bigint NOT NULL);
CREATE INDEX worded_phrase ON worded (phrase, rid);
CREATE INDEX worded_rid ON worded ((rid + 0), phrase);

CREATE INDEX resource_updated ON resource ((type + 0), updated);

CREATE TABLE indexed (what text COLLATE "C" PRIMARY KEY, how text COLLATE "C" NOT NULL);
INSERT INTO indexed SELECT '', '1' WHERE EXISTS (SELECT 1 FROM resource);
