"""Every problem fhirgate can name, once: stable code, what it says, what to do, FHIR issue type.

Each part of the house has a module of kinds here (`problems/mapping.py`); `catalogue()` has them all.

    Kind      one entry of the catalogue
    Problem   one occurrence: a kind, where it was met, and details that name no child
    Refused   the exception that carries problems to a door (HTTP or the command line)

A problem's `says` and `fix` may hold `{names}`, filled from `Problem.details`. Details name things of
ours or of the file's layout (a column, a function, a parameter) and are safe to log. What a child's
record said goes into `Problem.value`, which is never part of `str()`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from dataclasses import field as attribute
from importlib import import_module
from pkgutil import iter_modules
from types import MappingProxyType
from typing import Any

_NOTHING: Mapping[str, Any] = MappingProxyType({})

# Control characters, halves of pairs, and marks that turn the direction of what stands on a screen.
_UNSHOWN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]")


@dataclass(frozen=True, slots=True)
class Kind:
    """One entry of the catalogue.

    `fhir` is the IssueType of `OperationOutcome.issue.code`; `status` the HTTP status it gives when it
    ends a request; `severity` the default of `issue.severity`.
    """

    code: str
    says: str
    fix: str
    fhir: str = "processing"
    status: int = 400
    severity: str = "error"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a problem was met: a file with line and column, or a path in a resource or request."""

    file: str = ""
    line: int = 0
    column: int = 0
    path: str = ""

    def __str__(self) -> str:
        """`file:line:column`, or the path where there is no file."""
        where = ":".join(str(part) for part in (self.file, self.line, self.column) if part)
        return shown(where or self.path)


NOWHERE = Place()


@dataclass(frozen=True, slots=True)
class Problem:
    """One occurrence of a kind.

    Attributes:
        kind: the catalogue entry.
        place: where in the source file, the mapping or the request.
        field: the column, element or parameter, in the words of the file's owner.
        details: fills `{names}` of the kind's wording; safe to log.
        value: what the record said; a child's data, shown only to the sender, masked.
        rule: where the mapping asked for it (a place in the mapping file), if a mapping did.
    """

    kind: Kind
    place: Place = NOWHERE
    field: str = ""
    details: Mapping[str, Any] = attribute(default_factory=lambda: _NOTHING)
    value: str = attribute(default="", repr=False)
    rule: Place = NOWHERE

    @property
    def says(self) -> str:
        """The sentence that says what happened."""
        return shown(self.kind.says.format_map(_Blank(self.details, field=self.field)))

    @property
    def fix(self) -> str:
        """The sentence that says what to do."""
        return shown(self.kind.fix.format_map(_Blank(self.details, field=self.field)))

    def at(self, place: Place) -> "Problem":
        """The same problem, with its place."""
        return replace(self, place=place)

    def __str__(self) -> str:
        """Code, place and sentence; never the value."""
        where = f"{self.place} " if str(self.place) else ""
        return f"{where}{self.kind.code}: {self.says}"


def shown(text: str) -> str:
    """`text` as any terminal and any JSON can show it: a mark for each character that they cannot."""
    return text if text.isprintable() else _UNSHOWN.sub("\ufffd", text)


class Refused(Exception):
    """Something cannot go on; `problems` say why, and the first one decides the HTTP status."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__("; ".join(str(problem) for problem in problems))
        self.problems = problems

    @property
    def status(self) -> int:
        """The HTTP status that the first problem asks for."""
        return self.problems[0].kind.status


class _Blank(dict[str, Any]):
    """Details for `str.format_map` in which an absent name is left visible as an ellipsis."""

    def __init__(self, details: Mapping[str, Any], **more: Any) -> None:
        super().__init__(more)
        self.update(details)

    def __missing__(self, key: str) -> str:
        return "…"


def problem(
    kind: Kind,
    *,
    place: Place = NOWHERE,
    field: str = "",
    value: str = "",
    rule: Place = NOWHERE,
    **details: Any,
) -> Problem:
    """Make a `Problem`, with details given by name."""
    return Problem(kind, place, shown(field), details, value, rule)


def refuse(
    kind: Kind, *, place: Place = NOWHERE, field: str = "", value: str = "", **details: Any
) -> Refused:
    """Make the exception for one problem: `raise refuse(KIND, field="DOB")`."""
    return Refused(problem(kind, place=place, field=field, value=value, **details))


def masked(value: str) -> str:
    """`value` with its middle hidden: what a set-aside report may show (`31/**/2015`, `H8…01`)."""
    if "/" in value and len(value) <= 12:
        first, *_, last = value.split("/")
        return f"{first}/**/{last}"
    return "…" if len(value) < 6 else f"{value[:2]}…{value[-2:]}"


_CATALOGUE: dict[str, Kind] = {}


def kind(
    code: str, says: str, fix: str, fhir: str = "processing", status: int = 400, severity: str = "error"
) -> Kind:
    """Enter one kind into the catalogue; called once for each constant of a kinds module."""
    entry = Kind(code, says, fix, fhir, status, severity)
    if _CATALOGUE.setdefault(code, entry) != entry:
        raise ValueError(f"two problems are called {code}")
    return entry


def catalogue() -> Mapping[str, Kind]:
    """Every kind by its code."""
    for module in iter_modules(__path__):
        import_module(f"{__name__}.{module.name}")
    return MappingProxyType(_CATALOGUE)
