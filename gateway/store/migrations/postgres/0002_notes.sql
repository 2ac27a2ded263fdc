-- As SQLite's second one.
CREATE TABLE note (name text COLLATE "C" PRIMARY KEY, value text COLLATE "C" NOT NULL);
