"""Where in a resource something was found: a chain of steps that becomes a path only when somebody asks."""

import re
from typing import Any, NamedTuple, Optional

from gateway.problems import Kind, Place, Problem, problem
from gateway.problems.resource import RESOURCE_MORE

#: Most problems that are listed for one resource.
MOST = 100

_PLAIN = re.compile(r"_?[A-Za-z][A-Za-z0-9]{0,63}\Z")


class Trail(NamedTuple):
    """One step of a path: the member's name, and its index where it is an item of a list."""

    parent: Optional["Trail"]
    name: str
    at: int = -1

    def path(self) -> str:
        """The path from the resource: `Patient.name[0].given[1]`."""
        steps: list[str] = []
        step: Trail | None = self
        while step is not None:
            name = plain(step.name)
            steps.append(f"{name}[{step.at}]" if step.at >= 0 else name)
            step = step.parent
        return ".".join(reversed(steps))


def plain(name: str) -> str:
    """A member's name, if it looks like the name of an element; else an ellipsis, for it may say anything."""
    return name if _PLAIN.match(name) else "…"


class Findings:
    """The problems met on the way through one resource, no more than can be read."""

    __slots__ = ("_more", "_problems")

    def __init__(self) -> None:
        self._problems: list[Problem] = []
        self._more = False

    @property
    def full(self) -> bool:
        """Whether no more will be listed."""
        return len(self._problems) == MOST

    def add(self, kind: Kind, trail: Trail | None, value: Any = "", **details: Any) -> None:
        """Note one problem; `value` is what the sender wrote."""
        if self.full:
            self._more = True
            return
        place = Place(path=trail.path()) if trail is not None else Place()
        details.setdefault("name", plain(trail.name) if trail is not None else "")
        written = value if isinstance(value, str) else repr(value)
        self._problems.append(problem(kind, place=place, value=written[:200], **details))

    def listed(self) -> list[Problem]:
        """The problems, those that keep the resource from being read first."""
        ordered = sorted(self._problems, key=lambda each: each.kind.status)
        return [*ordered, problem(RESOURCE_MORE, most=MOST)] if self._more else ordered
