"""What a load came to: counts, and the problems grouped as their owner will mend them."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from dataclasses import field as attribute
from typing import Any

from gateway.problems import Place, Problem

_EXAMPLES = 3


@dataclass(slots=True)
class Group:
    """Problems of one kind in one column: how many, and where the first few are."""

    code: str
    field: str
    says: str
    fix: str
    count: int = 0
    places: list[Place] = attribute(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """The group for a program."""
        return {
            "code": self.code,
            "field": self.field,
            "says": self.says,
            "fix": self.fix,
            "count": self.count,
            "places": [str(place) for place in self.places],
        }


@dataclass(slots=True)
class Report:
    """One load.

    Attributes:
        number: of the load; 0 for a dry run.
        records: read from the source; each was kept or set aside.
        new, known: records that founded a child, and records of a child that was there.
        unchanged: records that said nothing new.
        review: entries for a person to look at.
        created, updated: versions of resources that were made.
        aside: problems of the records that were set aside, grouped.
        dropped: problems of single resources the mapping allows to leave out, grouped.
        warnings: doubts about what was kept, grouped.
        continued: an earlier, interrupted run of the same load was carried on.
    """

    number: int = 0
    feed: str = ""
    mapping: str = ""
    files: tuple[str, ...] = ()
    records: int = 0
    kept: int = 0
    new: int = 0
    known: int = 0
    unchanged: int = 0
    review: int = 0
    created: int = 0
    updated: int = 0
    set_aside: int = 0
    aside: dict[tuple[str, str, str], Group] = attribute(default_factory=dict)
    dropped: dict[tuple[str, str, str], Group] = attribute(default_factory=dict)
    warnings: dict[tuple[str, str, str], Group] = attribute(default_factory=dict)
    continued: bool = False
    dry: bool = False

    def counts(self) -> dict[str, int]:
        """The counters, as the store keeps them."""
        names = (
            *("records", "kept", "new", "known", "unchanged", "review", "created", "updated"),
            "set_aside",
        )
        return {name: getattr(self, name) for name in names}

    def carry_on(self, counts: Mapping[str, int]) -> None:
        """Take over what an interrupted run counted and a new one will not meet again."""
        self.continued = True
        for name in ("new", "known", "review", "created", "updated"):
            setattr(self, name, counts.get(name, 0))

    def as_json(self) -> dict[str, Any]:
        """The report for a program: counters, and the groups of problems."""
        return {
            "load": self.number,
            "feed": self.feed,
            "mapping": self.mapping,
            "files": list(self.files),
            **self.counts(),
            "problems": [group.as_json() for group in self.aside.values()],
            "dropped": [group.as_json() for group in self.dropped.values()],
            "warnings": [group.as_json() for group in self.warnings.values()],
            "continued": self.continued,
            "dry_run": self.dry,
        }


def add(groups: dict[tuple[str, str, str], Group], problems: Iterable[Problem]) -> None:
    """Enter problems into their groups."""
    for problem in problems:
        key = (problem.kind.code, problem.field, problem.says)
        group = groups.setdefault(key, Group(problem.kind.code, problem.field, problem.says, problem.fix))
        group.count += 1
        if len(group.places) < _EXAMPLES:
            group.places.append(problem.place)


def kept_problems(problems: Iterable[Problem]) -> str:
    """Problems as they are kept with a set-aside record: without what the record said."""
    return json.dumps(
        [
            {
                "code": problem.kind.code,
                "file": problem.place.file,
                "line": problem.place.line,
                "field": problem.field,
                "rule": str(problem.rule),
                "says": problem.says,
                "fix": problem.fix,
            }
            for problem in problems
        ],
        ensure_ascii=False,
    )
