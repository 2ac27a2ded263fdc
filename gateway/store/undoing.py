"""Taking a load back: what stood before it stands again, byte for byte."""

from collections.abc import Iterable

from gateway.store.dialect import Session
from gateway.store.numbers import rec_of
from gateway.store.values import Undone
from gateway.store.writing import Writing

_BEFORE = """
SELECT number, home, state, entries FROM version WHERE rid = ? AND stands = 1 ORDER BY version DESC LIMIT 1
"""
_SEALED = "SELECT 1 FROM life WHERE child = ? AND what = 'sealed' AND stands = 1"
_IS_SEALED = "SELECT 1 FROM child WHERE child = ? AND state = 'sealed'"
_RESTORE = """
UPDATE resource SET (rid, state, time, updated, version, load, digest, method, place, rule, told, body) =
    (SELECT home, state, time, updated, version, load, digest, method, place, rule, told, body
     FROM version WHERE number = ?)
WHERE rid = ?
"""
_EMPTY = """
UPDATE resource SET state = 2, version = 0, load = NULL, method = '', place = '', rule = '', digest = ?,
    told = ?, body = ?
WHERE rid = ?
"""


def undo(connection: Session, writing: Writing, load: int) -> Undone:
    """Take back what a load wrote; its row in `load` is the caller's."""
    recs, children = set[int](), set[int]()
    # those it wrote and something later wrote over
    taken = "UPDATE version SET stands = 0, entries = ? WHERE load = ? AND stands = 1"
    connection.execute(taken, (b"", load))
    current = connection.execute("SELECT rid FROM resource WHERE load = ? ORDER BY rid", (load,)).fetchall()
    for (rid,) in current:
        recs.add(rec_of(rid))
        recs.add(rec_of(_step_back(connection, writing, rid)))
    for rec, child in connection.execute(
        "SELECT rec, child FROM link WHERE load = ? AND stands = 1", (load,)
    ):
        recs.add(rec)
        children.add(child)
    children |= _children_of(connection, recs)
    # before links are taken back: what leads to a child that is sealed still stays shut
    lifted, unsealed = _unlive(connection, load)
    children |= lifted
    recs |= unsealed
    _unlink(connection, load)
    connection.execute("UPDATE review SET stands = 0 WHERE load = ?", (load,))
    connection.execute("UPDATE review SET state = 'open', closed_load = NULL WHERE closed_load = ?", (load,))
    children |= _children_of(connection, recs)
    return Undone(tuple(sorted(recs)), tuple(sorted(children)), len(current))


def _step_back(connection: Session, writing: Writing, rid: int) -> int:
    """Make the latest version that stands the current one; returns the rid it has."""
    writing.keep(rid, stands=False)
    before = connection.execute(_BEFORE, (rid,)).fetchone()
    if before is None:
        connection.execute(_EMPTY, (b"", b"", b"", rid))
        return rid
    number, home, state, pack = before
    connection.execute(_RESTORE, (number, rid))
    connection.execute("DELETE FROM version WHERE number = ?", (number,))
    writing.move(rid, home)
    if state == 0:
        writing.reindex([(pack, home)])
    return int(home)


def _unlink(connection: Session, load: int) -> None:
    """Take a load's link events back."""
    recs = connection.execute("SELECT DISTINCT rec FROM link WHERE load = ?", (load,)).fetchall()
    connection.execute("UPDATE link SET stands = 0 WHERE load = ?", (load,))
    fold(connection, (rec for (rec,) in recs))


def fold(connection: Session, recs: Iterable[int]) -> None:
    """Let the last link event that stands say which child each record is linked to.

    One that is led back to a child which was sealed meanwhile tells of that life, and is sealed as well.
    """
    for rec in recs:
        asked = "SELECT what, child FROM link WHERE rec = ? AND stands = 1 ORDER BY link DESC LIMIT 1"
        what, child = connection.execute(asked, (rec,)).fetchone() or ("unlinked", None)
        linked = child if what == "linked" else None
        shut = linked if linked and connection.execute(_IS_SEALED, (linked,)).fetchone() else None
        changed = "UPDATE record SET child = ?, sealed = COALESCE(?, sealed) WHERE rec = ?"
        connection.execute(changed, (None if shut else linked, shut, rec))


def _unlive(connection: Session, load: int) -> tuple[set[int], set[int]]:
    """Take back what a load announced of children's lives; the children it was about, and what was sealed."""
    asked = "SELECT child FROM life WHERE load = ? AND stands = 1"
    children = {child for (child,) in connection.execute(asked, (load,)).fetchall()}
    connection.execute("UPDATE life SET stands = 0 WHERE load = ?", (load,))
    fold_states(connection, children)
    recs = set[int]()
    for child in children:
        lifted = f"UPDATE record SET sealed = NULL WHERE sealed = ? AND NOT EXISTS ({_SEALED}) RETURNING rec"
        recs.update(rec for (rec,) in connection.execute(lifted, (child, child)).fetchall())
    return children, recs


def fold_states(connection: Session, children: Iterable[int]) -> None:
    """Let the events that stand say what state each child is in."""
    for child in children:
        asked = "SELECT what FROM life WHERE child = ? AND stands = 1"
        standing = {what for (what,) in connection.execute(asked, (child,)).fetchall()}
        state = next((state for state in ("sealed", "merged") if state in standing), "active")
        connection.execute("UPDATE child SET state = ? WHERE child = ?", (state, child))


def _children_of(connection: Session, recs: Iterable[int]) -> set[int]:
    asked = "SELECT child FROM record WHERE rec = ? AND child IS NOT NULL"
    return {child for rec in recs for (child,) in connection.execute(asked, (rec,))}
