"""What a gateway notes in its store about itself, so that a change of it is found."""

from collections.abc import Mapping

from gateway.problems import Problem, Refused, problem
from gateway.problems.service import BASE_DIFFERS, SECRET_DIFFERS
from gateway.problems.store import AUDIT_SHORTER
from gateway.store.base import Store
from gateway.store.trail import Trail

SECRET, BASE, AUDIT = "secret", "base_uri", "audit"


def claim(store: Store, used: Mapping[str, str], file: str = "gateway.secret") -> None:
    """Note with what a store is used at first, and hold every later use to it.

    Args:
        used: a fingerprint of the secret ("" for one that is not there), and base_uri.
        file: what the secret's file is called.

    Raises:
        Refused: `service.secret-differs`, `service.base-differs`, where the store has records.
    """
    if _same(store.notes(), used):
        return
    with store.write() as work:
        noted = work.notes()
        others = [name for name, value in used.items() if noted.get(name, value) != value]
        if others and work.counts()["records"]:
            raise Refused(*(_differs(name, noted[name], file) for name in others))
        work.note({name: value for name, value in used.items() if value})


def _same(noted: Mapping[str, str], used: Mapping[str, str]) -> bool:
    return all(noted.get(name, "") == value for name, value in used.items())


def _differs(name: str, made: str, file: str) -> Problem:
    return problem(SECRET_DIFFERS, file=file) if name == SECRET else problem(BASE_DIFFERS, made=made)


def note_audit(store: Store, trail: Trail) -> None:
    """Note how far the audit goes, unless it lost what was noted before.

    Raises:
        Refused: what keeps the store from being written.
    """
    sealed, noted = trail.sealed(), store.notes().get(AUDIT, "")
    if sealed == noted or not trail.holds(noted):
        return
    with store.write() as work:
        if _rows(sealed) > _rows(work.notes().get(AUDIT, "")):
            work.note({AUDIT: sealed})


def shorter(store: Store, trail: Trail, file: str) -> list[Problem]:
    """The problem that the audit no longer holds what was noted of it, if that is so.

    Args:
        file: what the audit is called.
    """
    noted = store.notes().get(AUDIT, "")
    return [] if trail.holds(noted) else [problem(AUDIT_SHORTER, rows=_rows(noted), file=file)]


def _rows(sealed: str) -> int:
    return int(sealed.partition(" ")[0] or 0)
