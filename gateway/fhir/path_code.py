"""Python source for paths: several paths of one resource type become one function that walks it once.

Paths that begin with the same steps share them, so `Observation.component` is looped over once, whatever
the number of parameters that look into it.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

_TYPE_IN_REFERENCE = re.compile(r"(?:^|/)([A-Z][A-Za-z]+)/[A-Za-z0-9\-.]{1,64}(?:/_history/[^/]+)?$")


@dataclass(frozen=True, slots=True)
class Child:
    """To the element `key`; `many` if JSON has a list there."""

    key: str
    many: bool


@dataclass(frozen=True, slots=True)
class Where:
    """Only values that pass the test of that name."""

    test: str


@dataclass(frozen=True, slots=True)
class Pick:
    """Only the value at this place of the whole list so far."""

    at: int


@dataclass(frozen=True, slots=True)
class Made:
    """The truth that the test of that name gives."""

    test: str


@dataclass(frozen=True, slots=True)
class Whole:
    """Each of the values that this source lists: what comes of steps that need a whole list."""

    source: str


Step = Child | Where | Pick | Made | Whole


@dataclass(frozen=True, slots=True)
class Path:
    """Steps from a resource to values of one type.

    `inside` is the structure that has their elements; `value_set` the one that their codes must come from.
    """

    steps: tuple[Step, ...]
    type: str
    inside: str
    value_set: str = ""

    def then(self, step: Step, kind: str, inside: str, value_set: str = "") -> "Path":
        """The path with one more step."""
        return Path((*self.steps, step), kind, inside, value_set)

    def extended(self, test: str) -> "Path":
        """The path to extensions, which for a primitive stand beside it, under `_name`."""
        steps = self.steps
        if not self.inside and steps and isinstance(steps[-1], Child):
            steps = (*steps[:-1], Child("_" + steps[-1].key, steps[-1].many))
        return Path((*steps, Child("extension", True), Where(test)), "Extension", "Extension")


class Sink(NamedTuple):
    """What becomes of the values at a path: `take` makes index values of each, entered under `code`."""

    path: Path
    take: Callable[[Any], Iterable[Any]]
    code: str


@dataclass(slots=True)
class _Branch:
    """One step of the tree that paths make together."""

    next: dict[Step, "_Branch"] = field(default_factory=dict)
    sinks: list[tuple[str, str]] = field(default_factory=list)


def listed(paths: Sequence[Path]) -> str:
    """Python source of the list of all values at `paths`, seen from `it`."""
    sources = []
    for path in paths:
        source = "(it,)"
        for step in path.steps:
            match step:
                case Child(key, many):
                    source = f"{'every' if many else 'one'}({source}, {key!r})"
                case Where(test):
                    source = f"[each for each in {source} if {test}(each, root)]"
                case Pick(at):
                    source = f"{source}[{at}:{at + 1}]"
                case Made(test):
                    source = f"[{test}(each, root) for each in {source}]"
        sources.append(source if path.steps else "[it]")
    return f"[{', '.join('*' + source for source in sources)}]" if len(sources) != 1 else sources[0]


def walk_function(
    sinks: Iterable[Sink], tests: Mapping[str, str], entry: Callable[[str, Any], Any]
) -> Callable[[dict[str, Any], Callable[[Any], None]], None]:
    """Return a function (resource, add) that calls `add(entry(code, value))` for every value of every sink.

    Args:
        sinks: where to look, and what to make of it.
        tests: the conditions that the paths name (`PathReader.tests`).
        entry: makes one entry of a code and a value.
    """
    names: dict[str, Any] = {"entry": entry}
    takes: dict[Any, str] = {}
    root = _Branch()
    for sink in sinks:
        take = takes.setdefault(sink.take, f"take{len(takes)}")
        names[take] = sink.take
        _branch(root, sink.path).sinks.append((take, sink.code))
    lines = ["def walk(root, add):", " it = root", *_lines(root, "root", 1)]
    walk: Callable[[dict[str, Any], Callable[[Any], None]], None] = _built(lines, tests, names)["walk"]
    return walk


def single_path_function(
    paths: Sequence[Path], tests: Mapping[str, str], entry: Callable[[Any, str], Any]
) -> Callable[[dict[str, Any]], list[Any]]:
    """Return a function that gives `entry(value, type)` for each value of a resource at `paths`, in order."""
    lines = ["def values(root):", " it = root", " found = []"]
    for path in paths:
        lines.append(f" found += [entry(each, {path.type!r}) for each in {listed([path])}]")
    lines.append(" return found")
    values: Callable[[dict[str, Any]], list[Any]] = _built(lines, tests, {"entry": entry})["values"]
    return values


def _built(lines: list[str], tests: Mapping[str, str], names: dict[str, Any]) -> dict[str, Any]:
    """The names that running the source defines."""
    head = [f"def {name}(it, root): return {source}" for source, name in tests.items()]
    names.update(one=_one, every=_every, same=_same, differ=_differ, points=points)
    exec(compile("\n".join(head + lines), "<paths>", "exec"), names)
    return names


def _branch(root: _Branch, path: Path) -> _Branch:
    """The branch at the end of `path`; steps up to a `Pick` stay one step, for it looks at a whole list."""
    last = max((at + 1 for at, step in enumerate(path.steps) if isinstance(step, Pick)), default=0)
    here = root
    if last:
        start = Path(path.steps[:last], "", "")
        here = here.next.setdefault(Whole(listed([start])), _Branch())
    for step in path.steps[last:]:
        here = here.next.setdefault(step, _Branch())
    return here


def _lines(branch: _Branch, name: str, depth: int) -> list[str]:
    """Source lines for what happens to the value called `name`."""
    pad = " " * depth
    lines: list[str] = []
    takes: dict[str, list[str]] = {}
    for take, code in branch.sinks:
        if code not in takes.setdefault(take, []):
            takes[take].append(code)
    for take, codes in takes.items():
        lines.append(f"{pad}for made in {take}({name}):")
        lines += [f"{pad} add(entry({code!r}, made))" for code in codes]
    for step, after in branch.next.items():
        lines += _step_lines(step, after, name, depth)
    return lines


def _step_lines(step: Step, after: _Branch, name: str, depth: int) -> list[str]:
    pad, inner = " " * depth, f"v{depth}"
    match step:
        case Whole(source):
            return [f"{pad}for {inner} in {source}:", *_lines(after, inner, depth + 1)]
        case Child(key, False):
            head = [f"{pad}{inner} = {name}.get({key!r})", f"{pad}if {inner} is not None:"]
            return head + _lines(after, inner, depth + 1)
        case Child(key, True):
            head = [f"{pad}for {inner} in {name}.get({key!r}) or ():", f"{pad} if {inner} is not None:"]
            return head + _lines(after, inner, depth + 2)
        case Where(test):
            return [f"{pad}if {test}({name}, root):", *_lines(after, name, depth + 1)]
        case Made(test):
            return [f"{pad}{inner} = {test}({name}, root)", *_lines(after, inner, depth)]
    raise AssertionError(step)


def points(reference: Any, kind: str, root: Any) -> bool:
    """Whether a Reference leads to a resource of type `kind`, as far as can be told without fetching it.

    One that has only an identifier and no type counts: a search by that identifier should find it.
    """
    if not isinstance(reference, dict):
        return False
    stated = reference.get("type")
    if stated is not None:
        return bool(stated == kind)
    to = reference.get("reference")
    if to is None:
        return "identifier" in reference
    if to.startswith("#"):
        inner = [each for each in root.get("contained") or () if each.get("id") == to[1:]]
        return any(each.get("resourceType") == kind for each in inner)
    found = _TYPE_IN_REFERENCE.search(to)
    return found is not None and found.group(1) == kind


def _one(items: Iterable[Any], key: str) -> list[Any]:
    return [found for item in items if (found := item.get(key)) is not None]


def _every(items: Iterable[Any], key: str) -> list[Any]:
    return [found for item in items for found in item.get(key) or () if found is not None]


def _same(left: Sequence[Any], right: Sequence[Any]) -> bool:
    """FHIRPath's `=`: two lists of equal values; nothing is equal to nothing known."""
    return bool(left) and _typed(left) == _typed(right)


def _differ(left: Sequence[Any], right: Sequence[Any]) -> bool:
    return bool(left) and bool(right) and _typed(left) != _typed(right)


def _typed(items: Sequence[Any]) -> list[tuple[bool, Any]]:
    """Values that keep `true` and 1 apart, which Python takes for equal."""
    return [(isinstance(item, bool), item) for item in items]
