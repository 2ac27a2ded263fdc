-- Fewer pages a commit. The seal moves from a row of its own to the last event; the others carry none.
ALTER TABLE event ADD COLUMN seal BLOB;
UPDATE event SET seal = (SELECT seal FROM head) WHERE number = (SELECT number FROM head);
-- How far `look` goes: it is written for many events at once. There is a row as soon as there was an event.
CREATE TABLE indexed (only INTEGER PRIMARY KEY CHECK (only = 1), number INTEGER NOT NULL);
INSERT INTO indexed SELECT 1, coalesce((SELECT max(number) FROM event), 0) WHERE EXISTS (SELECT * FROM head)
    OR EXISTS (SELECT * FROM event);
DROP TABLE head;
-- Blocks of 4,096 events: what is written at once lies together at the end, however long the audit is.
CREATE TABLE blocked (
    block INTEGER NOT NULL, child TEXT NOT NULL, number INTEGER NOT NULL, PRIMARY KEY (block, child, number)
) WITHOUT ROWID;
INSERT INTO blocked SELECT number / 4096, child, number FROM look ORDER BY number / 4096, child, number;
DROP TABLE look;
ALTER TABLE blocked RENAME TO look;
