"""What a gateway notes in its store about itself, so that a change of it is found."""

from collections.abc import Mapping

from gateway.problems import Problem, Refused, problem
from gateway.problems.service import BASE_DIFFERS, SECRET_DIFFERS
from gateway.store.base import Store

SECRET, BASE = "secret", "base_uri"


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
