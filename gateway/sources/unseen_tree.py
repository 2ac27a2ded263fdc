"""What XML and JSON files that nobody has described have in common: records made of leaves with a path."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from gateway.problems import Problem
from gateway.records import Broken
from gateway.sources.encoding import Encoding

#: The values of one record, each with the path a mapping would use; a path may come more than once.
Leaves = list[tuple[str, str]]


@dataclass(slots=True)
class Found:
    """Where the records of a file are, and the records themselves."""

    encoding: Encoding
    each: str
    rows: Iterator[Leaves | Broken]
    root: str = ""
    warnings: list[Problem] = field(default_factory=list)


@dataclass(slots=True)
class Branch:
    """An element or key, of which it is counted how often it stands, repeats and how much is below it."""

    name: str = ""
    repeats: bool = False
    leaves: int = 0
    weight: int = 1
    below: dict[str, "Branch"] = field(default_factory=dict)

    def at(self, name: str) -> "Branch":
        """The branch below of that name, made where it is not there."""
        return self.below.setdefault(name, Branch(name))


def record_path(root: Branch) -> tuple[list[str], bool]:
    """Where the records are, from the root down (the root not named), and whether they repeat.

    Records are what repeats, nearest to the root, and holds at least half of the file. Where nothing does,
    the record is the first branch on the heaviest way down that has values of its own.
    """
    level: list[tuple[list[str], Branch]] = [([], root)]
    while level:
        repeating = [(path, each) for path, each in level if each.repeats and each.weight * 2 >= root.weight]
        if repeating:
            return max(repeating, key=lambda found: found[1].weight)[0], True
        level = [([*path, name], below) for path, each in level for name, below in each.below.items()]
    path, branch = [], root
    while branch.leaves < 2 and branch.below:
        branch = max(branch.below.values(), key=lambda below: below.weight)
        if not branch.below:
            break
        path.append(branch.name)
    return path, False
