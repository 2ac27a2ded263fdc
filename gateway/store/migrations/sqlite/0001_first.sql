-- The first schema. `rid` is feed (12 bits) | record (31 bits) | sequence (20 bits), so what a feed told about one
-- Patient lies together, and each index row can be narrowed to a feed or a record without a join.
-- Feed 0 holds the composed Patients; their record number is the child's number.

CREATE TABLE feed (feed INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
INSERT INTO feed VALUES (0, '');

CREATE TABLE type (type INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);

-- `kind` names the index table of the parameter's values
CREATE TABLE param (
    param INTEGER PRIMARY KEY, type INTEGER NOT NULL, code TEXT NOT NULL, kind TEXT NOT NULL, UNIQUE (type, code)
);
CREATE INDEX param_code ON param (code);

-- a parameter with one of the systems its tokens have: so `code` alone is a few ranges, `system|` is one
CREATE TABLE slot (slot INTEGER PRIMARY KEY, param INTEGER NOT NULL, system TEXT NOT NULL, UNIQUE (param, system));

CREATE TABLE unit (
    unit INTEGER PRIMARY KEY, system TEXT NOT NULL, code TEXT NOT NULL, display TEXT NOT NULL,
    UNIQUE (system, code, display)
);
CREATE INDEX unit_code ON unit (code);
CREATE INDEX unit_display ON unit (display);

-- `local` is NULL for the records that hold what is about no Patient
CREATE TABLE record (
    rec INTEGER PRIMARY KEY, feed INTEGER NOT NULL, local TEXT, child INTEGER, seq INTEGER NOT NULL DEFAULT 0,
    UNIQUE (feed, local)
);
CREATE INDEX record_child ON record (child) WHERE child IS NOT NULL;

CREATE TABLE child (
    child INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, cci TEXT NOT NULL UNIQUE,
    state TEXT NOT NULL, founder INTEGER NOT NULL, load INTEGER
);
CREATE INDEX child_founder ON child (founder);

-- state: 0 it is there, 1 its last version is a tombstone, 2 all its versions were taken back
CREATE TABLE resource (
    rid INTEGER PRIMARY KEY,
    feed INTEGER GENERATED ALWAYS AS (rid >> 51) VIRTUAL,
    head INTEGER GENERATED ALWAYS AS (rid >> 20) VIRTUAL,
    type INTEGER NOT NULL, state INTEGER NOT NULL, time INTEGER NOT NULL, updated INTEGER NOT NULL,
    version INTEGER NOT NULL, highest INTEGER NOT NULL, load INTEGER,
    local TEXT NOT NULL, public TEXT NOT NULL, tag TEXT, digest BLOB NOT NULL,
    method TEXT NOT NULL, place TEXT NOT NULL, rule TEXT NOT NULL,
    told BLOB NOT NULL, body BLOB NOT NULL
);
CREATE UNIQUE INDEX resource_local ON resource (feed, type, local);
CREATE UNIQUE INDEX resource_public ON resource (type, public);
CREATE INDEX resource_order ON resource (feed, type, state, time DESC, public);
CREATE INDEX resource_head ON resource (head, type, state, time DESC, public);
CREATE INDEX resource_load ON resource (load) WHERE load IS NOT NULL;

-- every version but the one that stands; `home` is the rid it had, `entries` its packed index
CREATE TABLE version (
    number INTEGER PRIMARY KEY,
    rid INTEGER NOT NULL, version INTEGER NOT NULL, stands INTEGER NOT NULL, state INTEGER NOT NULL,
    home INTEGER NOT NULL, time INTEGER NOT NULL, updated INTEGER NOT NULL, load INTEGER, digest BLOB NOT NULL,
    method TEXT NOT NULL, place TEXT NOT NULL, rule TEXT NOT NULL,
    told BLOB NOT NULL, body BLOB NOT NULL, entries BLOB NOT NULL
);
CREATE UNIQUE INDEX version_rid ON version (rid, version);
CREATE INDEX version_load ON version (load) WHERE load IS NOT NULL;

CREATE TABLE token (
    slot INTEGER NOT NULL, code TEXT NOT NULL, rid INTEGER NOT NULL, PRIMARY KEY (slot, code, rid)
) WITHOUT ROWID;
CREATE INDEX token_rid ON token (rid, slot);

CREATE TABLE string (
    param INTEGER NOT NULL, folded TEXT NOT NULL, exact TEXT NOT NULL, rid INTEGER NOT NULL,
    PRIMARY KEY (param, folded, exact, rid)
) WITHOUT ROWID;
CREATE INDEX string_rid ON string (rid, param);

CREATE TABLE date (
    param INTEGER NOT NULL, low INTEGER NOT NULL, high INTEGER NOT NULL, rid INTEGER NOT NULL,
    PRIMARY KEY (param, low, high, rid)
) WITHOUT ROWID;
CREATE INDEX date_rid ON date (rid, param);
CREATE INDEX date_high ON date (param, high);

CREATE TABLE number (
    param INTEGER NOT NULL, low REAL NOT NULL, high REAL NOT NULL, rid INTEGER NOT NULL,
    PRIMARY KEY (param, low, high, rid)
) WITHOUT ROWID;
CREATE INDEX number_rid ON number (rid, param);
CREATE INDEX number_high ON number (param, high);

CREATE TABLE quantity (
    param INTEGER NOT NULL, low REAL NOT NULL, high REAL NOT NULL, unit INTEGER NOT NULL, rid INTEGER NOT NULL,
    PRIMARY KEY (param, low, high, unit, rid)
) WITHOUT ROWID;
CREATE INDEX quantity_rid ON quantity (rid, param);
CREATE INDEX quantity_high ON quantity (param, high);

CREATE TABLE reference (
    param INTEGER NOT NULL, target TEXT NOT NULL, rid INTEGER NOT NULL, PRIMARY KEY (param, target, rid)
) WITHOUT ROWID;
CREATE INDEX reference_rid ON reference (rid, param);

CREATE TABLE uri (
    param INTEGER NOT NULL, value TEXT NOT NULL, rid INTEGER NOT NULL, PRIMARY KEY (param, value, rid)
) WITHOUT ROWID;
CREATE INDEX uri_rid ON uri (rid, param);

-- events; `stands` is 0 for those of a load that was taken back. record.child is their fold.
CREATE TABLE link (
    link INTEGER PRIMARY KEY, rec INTEGER NOT NULL, child INTEGER NOT NULL, what TEXT NOT NULL,
    reason TEXT NOT NULL, sentence TEXT NOT NULL, author TEXT NOT NULL, at INTEGER NOT NULL, load INTEGER,
    stands INTEGER NOT NULL DEFAULT 1
);
CREATE INDEX link_rec ON link (rec);
CREATE INDEX link_child ON link (child);
CREATE INDEX link_load ON link (load) WHERE load IS NOT NULL;

CREATE TABLE review (
    review INTEGER PRIMARY KEY, rec INTEGER NOT NULL, child INTEGER, other INTEGER, reason TEXT NOT NULL,
    sentence TEXT NOT NULL, evidence TEXT NOT NULL, at INTEGER NOT NULL, load INTEGER, state TEXT NOT NULL,
    closed_load INTEGER, stands INTEGER NOT NULL DEFAULT 1
);
CREATE INDEX review_rec ON review (rec);
CREATE INDEX review_child ON review (child) WHERE child IS NOT NULL;
CREATE INDEX review_other ON review (other) WHERE other IS NOT NULL;
CREATE INDEX review_state ON review (state) WHERE stands = 1;
CREATE INDEX review_load ON review (load) WHERE load IS NOT NULL;
CREATE INDEX review_closed ON review (closed_load) WHERE closed_load IS NOT NULL;

CREATE TABLE person_key (key BLOB NOT NULL, rec INTEGER NOT NULL, PRIMARY KEY (key, rec)) WITHOUT ROWID;
CREATE INDEX person_key_rec ON person_key (rec);

CREATE TABLE load (
    load INTEGER PRIMARY KEY AUTOINCREMENT, feed TEXT NOT NULL, mapping TEXT NOT NULL, mapping_sha TEXT NOT NULL,
    files TEXT NOT NULL, content TEXT NOT NULL, given TEXT NOT NULL, begun INTEGER NOT NULL, state TEXT NOT NULL,
    counts TEXT NOT NULL, finished INTEGER, undone INTEGER
);
CREATE INDEX load_content ON load (content);

CREATE TABLE aside (
    aside INTEGER PRIMARY KEY, load INTEGER NOT NULL, line INTEGER NOT NULL, file TEXT NOT NULL, raw BLOB NOT NULL,
    problems TEXT NOT NULL
);
CREATE INDEX aside_load ON aside (load);
