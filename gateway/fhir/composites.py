"""Composite search parameters: what stands together in one element, read from a resource.

A pair is indexed once, however many parameters look for it: `combo-code-value-quantity` finds what
`code-value-quantity` and `component-code-value-quantity` have.

Source: https://hl7.org/fhir/R4/search.html#composite
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from gateway.fhir import facts
from gateway.fhir.expression import parse
from gateway.fhir.parameters import SHELF
from gateway.fhir.path_code import Path, Sink, single_path_function, walk_function
from gateway.fhir.paths import PathReader
from gateway.fhir.query import Entry, Number, Pair, Simple

Resource = dict[str, Any]
_ROOT = "%resource."
_FIRST = "first "


class Part(NamedTuple):
    """One part of a composite parameter.

    Attributes:
        kind: its search type.
        types: the data types of its elements.
        value_sets: those that its codes must come from.
    """

    kind: str
    types: frozenset[str]
    value_sets: frozenset[str]


class Composite(NamedTuple):
    """A composite parameter of one type: the names its pairs are indexed by, and its parts."""

    names: tuple[str, ...]
    parts: tuple[Part, ...]


class _Place(NamedTuple):
    """Where pairs are: the elements, what is read of each in one walk, and what makes pairs of it.

    `asked` has the name, the label of the token and the labels of what stands with it, of each kind of pair.
    """

    elements: Callable[[Resource], list[Any]]
    walk: Callable[[Any, Callable[[Any], None]], None]
    asked: tuple[tuple[str, str, tuple[str, ...]], ...]


def composites(resource_type: str) -> Mapping[str, Composite]:
    """The composite parameters of a type, by code."""
    return _read(resource_type)[0]


def pairs(resource: Resource, resource_type: str) -> Iterator[Entry]:
    """The pairs of a resource for all its composite parameters."""
    places, walk_root = _read(resource_type)[1:]
    if not places:
        return
    shared: list[tuple[str, Any]] = []
    walk_root(resource, shared.append)
    for elements, walk, asked in places:
        for element in elements(resource):
            found = list(shared)
            walk(element, found.append)
            yield from _paired(found, asked)


def _paired(
    found: Sequence[tuple[str, Any]], asked: Iterable[tuple[str, str, tuple[str, ...]]]
) -> Iterator[Entry]:
    labels = {label for label, _ in found}
    for name, first, others in asked:
        if first in labels and labels.issuperset(others):
            tokens = [value for label, value in found if label == first]
            values = [[value for label, value in found if label == other] for other in others]
            for token in tokens:
                for second in _joined(values):
                    yield Entry(name, Pair(token, second))


def _joined(values: Sequence[list[Any]]) -> Iterable[Simple]:
    if len(values) == 1:
        found: list[Simple] = values[0]
        return found
    starts, ends = values
    return [Number(start.low, end.low) for start in starts for end in ends]


@facts.remembered
def _read(
    resource_type: str,
) -> tuple[Mapping[str, Composite], tuple[_Place, ...], Callable[[Any, Callable[[Any], None]], None]]:
    own = [each for each in facts.parameters(resource_type).values() if each.type == "composite"]
    # those that look in one place first: they give the others their names
    own.sort(key=lambda each: (each.expression.count("|"), each.code))
    known: dict[tuple[object, ...], str] = {}
    found: dict[str, Composite] = {}
    at: dict[Path, list[facts.Parameter]] = {}
    reader = PathReader(resource_type)
    for parameter in own:
        names, parts = [], []
        for base in reader.paths(parse(parameter.expression)):
            key = (base.steps, *(part.expression for part in parameter.components))
            if key not in known:
                known[key] = parameter.code
                at.setdefault(base, []).append(parameter)
            names.append(known[key])
            parts = [_read_part(resource_type, parameter, each, base) for each in parameter.components]
        kinds = tuple(Part(part.kind, part.types, part.value_sets) for part in parts)
        found[parameter.code] = Composite(tuple(dict.fromkeys(names)), kinds)
    shared: dict[Sink, None] = {}
    places = tuple(_place(resource_type, reader, base, some, shared) for base, some in at.items())
    return found, places, walk_function(shared, reader.tests, _labelled)


class _ReadPart(NamedTuple):
    """A part with the paths to its values, and the conditions these name."""

    kind: str
    types: frozenset[str]
    value_sets: frozenset[str]
    paths: tuple[Path, ...]
    tests: Mapping[str, str]


def _place(
    resource_type: str,
    reader: PathReader,
    base: Path,
    parameters: Sequence[facts.Parameter],
    shared: dict[Sink, None],
) -> _Place:
    sinks: dict[Sink, None] = {}
    tests: dict[str, str] = {}
    asked = []
    for parameter in parameters:
        labels = []
        for number, each in enumerate(parameter.components):
            part = _read_part(resource_type, parameter, each, base)
            label = f"{parameter.code} {number}" if number else _FIRST + each.expression
            takes = SHELF[part.kind].entries
            made = {Sink(path, takes[path.type], label): None for path in part.paths}
            if each.expression.startswith(_ROOT):
                shared.update(made)
            else:
                sinks.update(made)
                tests.update(part.tests)
            labels.append(label)
        asked.append((parameter.code, labels[0], tuple(labels[1:])))
    elements = single_path_function([base], reader.tests, lambda value, _: value)
    return _Place(elements, walk_function(sinks, tests, _labelled), tuple(asked))


def _labelled(label: str, value: Any) -> tuple[str, Any]:
    return label, value


def _read_part(
    resource_type: str, parameter: facts.Parameter, component: facts.Component, base: Path
) -> _ReadPart:
    # R4 writes a type of FHIRPath's own where it means its own
    expression = component.expression.replace("as(DateTime)", "as(dateTime)")
    root = expression.startswith(_ROOT)
    reader = PathReader(resource_type if root else base.inside or base.type)
    paths = reader.paths(parse(expression.removeprefix(_ROOT)))
    # by what is at its path: R4 mixes up the two parts of DocumentReference's
    kinds = [component.type, *(each.type for each in parameter.components)]
    kind = next(kind for kind in kinds if any(path.type in SHELF[kind].entries for path in paths))
    taken = tuple(path for path in paths if path.type in SHELF[kind].entries)
    sets = frozenset(path.value_set for path in taken if path.value_set)
    return _ReadPart(kind, frozenset(path.type for path in taken), sets, taken, reader.tests)
