"""What XML and JSON files that nobody has described have in common: records made of leaves with a path."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from gateway.problems import Problem
from gateway.records import Broken
from gateway.sources.encoding import Encoding

# Half of a pair, or a character that no mapping file and no terminal can show.
_UNSHOWN = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")

#: The values of one record, each with the path a mapping would use; a path may come more than once.
Leaves = list[tuple[str, str]]


def shown(text: str) -> str:
    """`text` with a mark for each character that cannot be shown."""
    return text if text.isprintable() else _UNSHOWN.sub("\ufffd", text)


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
    """An element or key and all that stands below it.

    Attributes:
        repeats: it stands twice or more in one parent.
        count: how often it stands.
        leaf: it has a text.
        attributes: how many attributes it has at most.
        weight: how much there is of it, all below it counted.
    """

    name: str = ""
    repeats: bool = False
    count: int = 0
    leaf: bool = False
    attributes: int = 0
    weight: int = 0
    below: dict[str, "Branch"] = field(default_factory=dict)

    def at(self, name: str) -> "Branch":
        """The branch below of that name, made where it is not there."""
        return self.below.setdefault(name, Branch(name))

    @property
    def values(self) -> int:
        """How many values of its own it has: attributes, and leaves that stand once."""
        return self.attributes + sum(each.leaf and not each.repeats for each in self.below.values())


# What has values of its own is a record itself, unless so many repeat below it, or they are nearly all of it.
_VALUES, _MANY, _NEARLY_ALL = 2, 10, 0.75


def record_path(root: Branch) -> tuple[list[str], bool]:
    """Where the records are, from the root down (the root not named), and whether they repeat.

    Records are what repeats, nearest to the root, and holds at least half of the file. Where nothing does,
    the record is the first branch on the heaviest way down that has values of its own.
    """
    level: list[tuple[list[str], Branch, bool]] = [([], root, False)]
    while level:
        repeating = [(path, each) for path, each, within in level if _is_record(each, root, within)]
        if repeating:
            return max(repeating, key=lambda found: found[1].weight)[0], True
        level = [
            ([*path, name], below, within or each.values >= _VALUES)
            for path, each, within in level
            for name, below in each.below.items()
        ]
    path, branch = [], root
    while branch.values < _VALUES and branch.below:
        branch = max(branch.below.values(), key=lambda below: below.weight)
        if not branch.below:
            break
        path.append(branch.name)
    return path, False


def _is_record(branch: Branch, root: Branch, within: bool) -> bool:
    """Whether what repeats is a record; `within` something that has values of its own."""
    share = branch.weight / max(1, root.weight)
    sure = not within or branch.count >= _MANY or share >= _NEARLY_ALL
    return branch.repeats and share >= 0.5 and sure
