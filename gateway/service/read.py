"""One record on its way from a file into the store."""

from dataclasses import dataclass

from gateway.problems import Place, Problem
from gateway.service.tell import Said


@dataclass(slots=True)
class Read:
    """What a record says, or why it is set aside, and its own bytes.

    Attributes:
        said: its resources; empty if there are problems.
        raw: the record as its source has it.
        dropped: why single resources of it were left out.
        warnings: doubts about what was kept.
    """

    said: list[Said]
    problems: tuple[Problem, ...]
    raw: bytes
    place: Place
    dropped: tuple[Problem, ...] = ()
    warnings: tuple[Problem, ...] = ()
