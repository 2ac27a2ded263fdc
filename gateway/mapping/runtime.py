"""What generated code calls: the few things it does not write itself."""

from collections.abc import Callable, Mapping
from json.encoder import encode_basestring
from typing import Any

from gateway.mapping.memo import Doubtful, Unfit
from gateway.mapping.pycode import glue
from gateway.mapping.sites import Doubt
from gateway.problems import Kind
from gateway.problems.record import RECORD_KEY, RECORD_REQUIRED, RECORD_RIVALS
from gateway.records import Row


def noting(doubts: list[Doubt]) -> Callable[[Doubtful, int, Row], Doubtful]:
    """What notes a doubtful value with its site and row, and gives it back."""

    def doubt(value: Doubtful, site: int, row: Row) -> Doubtful:
        doubts.append((value, site, row))
        return value

    return doubt


def sealing() -> dict[str, Any]:
    """For a remembered part: `doubt` notes a kind, `seal` puts it on the whole part, `open` forgets it."""
    kinds: list[Kind] = []

    def doubt(value: Doubtful, _: int) -> Doubtful:
        kinds.append(value.kind)
        return value

    def seal(text: str) -> str:
        return Doubtful(text, kinds[0]) if kinds else text

    return {"doubt": doubt, "seal": seal, "open": kinds.clear}


def _missing() -> None:
    raise Unfit(RECORD_REQUIRED)


def _no_key() -> None:
    raise Unfit(RECORD_KEY)


def _rivals() -> None:
    raise Unfit(RECORD_RIVALS)


def _first(texts: tuple[str, ...]) -> str:
    return texts[0] if texts else ""


def _known(*tests: bool | None) -> bool | None:
    return next((test for test in tests if test is not None), None)


NAMES: Mapping[str, Any] = {
    "esc": encode_basestring,
    "join": ",".join,
    "Unfit": Unfit,
    "Doubtful": Doubtful,
    "missing": _missing,
    "no_key": _no_key,
    "rivals": _rivals,
    "first": _first,
    "glue": glue,
    "known": _known,
}
