"""What a changed mapping changes: the same file translated by both, record by record, told by element."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from gateway.fhir import json
from gateway.mapping.file import Mapping as MappingFile
from gateway.mapping.translate import Translation
from gateway.problems import Place
from gateway.service.author import Trial, trials
from gateway.sources.files import Given

_EXAMPLES = 3
_LONGEST = 200

#: A record of a file: its line, and which of those that begin on this line it is.
Where = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Example:
    """One place where the outputs differ: the record's, the value before and after ("" for none)."""

    place: Place
    old: str
    new: str


@dataclass(slots=True)
class Change:
    """Something that differs in the same way in several records.

    Attributes:
        what: "added", "gone" or "changed".
        path: the element without indexes (`Patient.name.given`), the type for a whole resource, "id" after
            the type where a resource is the same but for its id, the code for a problem.
        count: how many times.
        examples: the first of them.
    """

    what: str
    path: str
    count: int = 0
    examples: list[Example] = field(default_factory=list)

    def add(self, place: Place, old: str = "", new: str = "") -> None:
        """Count one more."""
        self.count += 1
        if len(self.examples) < _EXAMPLES:
            self.examples.append(Example(place, old[:_LONGEST], new[:_LONGEST]))


@dataclass(slots=True)
class Differences:
    """All that differs.

    Attributes:
        records: how many were compared.
        same: how many of them give the same bytes and the same problems.
        resources: whole resources added and gone, by type, and ids that changed.
        elements: within resources that both make.
        problems: records that one sets aside and the other does not, and doubts, by their codes.
    """

    records: int = 0
    same: int = 0
    resources: dict[tuple[str, str], Change] = field(default_factory=dict)
    elements: dict[tuple[str, str], Change] = field(default_factory=dict)
    problems: dict[tuple[str, str], Change] = field(default_factory=dict)

    @property
    def none(self) -> bool:
        """Whether nothing differs."""
        return not (self.resources or self.elements or self.problems)


def diff(
    old: MappingFile,
    new: MappingFile,
    given: Given,
    values: Mapping[str, str] | None = None,
    limit: int = 0,
) -> Differences:
    """Translate a file with both mappings, a record at a time, and tell what differs.

    Resources are the same if they have the same type and id, that is: the same rule and the same keys.

    Args:
        values: what the mappings ask for; each gets those it knows.
        limit: compare only so many records; 0 for all.

    Raises:
        Refused: what keeps the file from being read; a value that a mapping needs.
    """
    found = Differences()
    sides = (_placed(trials(each, given, _known(each, values or {}))) for each in (old, new))
    for before, after in _together(*sides):
        found.records += 1
        _compare(before, after, found)
        if found.records == limit:
            break
    return found


def _known(mapping: MappingFile, values: Mapping[str, str]) -> dict[str, str]:
    names = {each.name for each in mapping.given}
    return {name: value for name, value in values.items() if name in names}


def _placed(side: Iterable[Trial]) -> Iterator[tuple[Where, Trial]]:
    """Each trial with its place among the records of the file."""
    line, nth = -1, 0
    for trial in side:
        nth = nth + 1 if trial.place.line == line else 0
        line = trial.place.line
        yield (line, nth), trial


def _together(
    old: Iterator[tuple[Where, Trial]], new: Iterator[tuple[Where, Trial]]
) -> Iterator[tuple[Trial | None, Trial | None]]:
    """Pair the records of both by their places; a place that only one has comes alone."""
    before, after = next(old, None), next(new, None)
    while before is not None or after is not None:
        if after is None or (before is not None and before[0] < after[0]):
            assert before is not None
            yield before[1], None
            before = next(old, None)
        elif before is None or after[0] < before[0]:
            yield None, after[1]
            after = next(new, None)
        else:
            yield before[1], after[1]
            before, after = next(old, None), next(new, None)


def _compare(old: Trial | None, new: Trial | None, found: Differences) -> None:
    """Enter what differs between the two translations of a record."""
    trial = new or old
    assert trial is not None
    before, after = _made(old), _made(new)
    earlier, later = _codes(old), _codes(new)
    if before == after and earlier == later:
        found.same += 1
        return
    for what, codes in (("gone", earlier - later), ("added", later - earlier)):
        for code in codes.elements():
            _entry(found.problems, what, code).add(trial.place)
    alone = _without_pairs(before, after, trial.place, found)
    for key in [key for key in before if key in after and before[key] != after[key]]:
        _elements(key[0], json.read(before[key]), json.read(after[key]), trial.place, found)
    for key in [key for key in before if key not in after and key not in alone]:
        _entry(found.resources, "gone", key[0]).add(trial.place)
    for key in [key for key in after if key not in before and key not in alone]:
        _entry(found.resources, "added", key[0]).add(trial.place)


def _without_pairs(
    before: Mapping[tuple[str, str], str],
    after: Mapping[tuple[str, str], str],
    place: Place,
    found: Differences,
) -> set[tuple[str, str]]:
    """The resources that are told as one whose id changed: the only one of its type on either side."""
    paired: set[tuple[str, str]] = set()
    gone = [key for key in before if key not in after]
    came = [key for key in after if key not in before]
    for type in dict.fromkeys(type for type, _ in gone):
        one = [key for key in gone if key[0] == type]
        other = [key for key in came if key[0] == type]
        if len(one) == len(other) == 1:
            paired |= {one[0], other[0]}
            _entry(found.resources, "changed", f"{type}.id").add(place, one[0][1], other[0][1])
            earlier = {**json.read(before[one[0]]), "id": ""}
            later = {**json.read(after[other[0]]), "id": ""}
            _elements(type, earlier, later, place, found)
    return paired


def _made(trial: Trial | None) -> dict[tuple[str, str], str]:
    made: Translation | None = trial.translation if trial else None
    return {(type, id): text for _, type, id, text in (made.resources if made else ())}


def _codes(trial: Trial | None) -> Counter[str]:
    if trial is None:
        return Counter()
    made = trial.translation
    return Counter(each.kind.code for each in (*made.problems, *made.dropped, *made.warnings))


def _elements(path: str, old: Any, new: Any, place: Place, found: Differences) -> None:
    """Enter what differs below one element, at its smallest parts."""
    if isinstance(old, dict) and isinstance(new, dict):
        for name in dict.fromkeys((*old, *new)):
            if name not in new:
                _parts(f"{path}.{name}", old[name], "gone", place, found)
            elif name not in old:
                _parts(f"{path}.{name}", new[name], "added", place, found)
            else:
                _elements(f"{path}.{name}", old[name], new[name], place, found)
    elif isinstance(old, list) and isinstance(new, list):
        _items(path, old, new, place, found)
    elif _shown(old) != _shown(new):
        _entry(found.elements, "changed", path).add(place, _shown(old), _shown(new))


def _items(path: str, old: list[Any], new: list[Any], place: Place, found: Differences) -> None:
    """Enter what differs between two lists: equal items are set against each other first."""
    rest = list(new)
    gone = []
    for item in old:
        if item in rest:
            rest.remove(item)
        else:
            gone.append(item)
    for before, after in zip(gone, rest, strict=False):
        _elements(path, before, after, place, found)
    for item in gone[len(rest) :]:
        _parts(path, item, "gone", place, found)
    for item in rest[len(gone) :]:
        _parts(path, item, "added", place, found)


def _parts(path: str, value: Any, what: str, place: Place, found: Differences) -> None:
    """Enter an element of which the other side has nothing, at its own path."""
    text = _shown(value)
    _entry(found.elements, what, path).add(place, *((text, "") if what == "gone" else ("", text)))


def _shown(value: Any) -> str:
    if isinstance(value, json.Decimal):
        return value.text
    return value if isinstance(value, str) else json.write(value).decode()


def _entry(changes: dict[tuple[str, str], Change], what: str, path: str) -> Change:
    return changes.setdefault((what, path), Change(what, path))
