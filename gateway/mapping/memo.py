"""What every converter shares: a bounded memory, and the two ways in which a cell can disappoint.

A converter takes one cell and gives the text that goes into FHIR. The checks are full checks; they are
affordable because most columns repeat themselves and a value met before costs one dict look-up.
"""

from collections.abc import Callable
from typing import Any

from gateway.problems import Kind

BOUND = 65_536
Convert = Callable[[Any], Any]


class Unfit(Exception):
    """A cell that cannot become what the mapping asks for: `kind`, and details that name no child."""

    def __init__(self, kind: Kind, /, **details: Any) -> None:
        super().__init__(kind.code)
        self.kind = kind
        self.details = details


class Doubtful(str):
    """A value that is kept although something about it is wrong; `kind` is the warning it earns."""

    __slots__ = ("kind",)
    kind: Kind

    def __new__(cls, text: str, kind: Kind) -> "Doubtful":
        """Keep `kind` beside the text."""
        made = super().__new__(cls, text)
        made.kind = kind
        return made


class Memo(dict[Any, Any]):
    """Results of a converter by what it was given; full at `BOUND` entries, after which it only converts."""

    __slots__ = ("convert",)

    def __init__(self, convert: Convert) -> None:
        super().__init__()
        self.convert = convert

    def __missing__(self, given: Any) -> Any:
        made = self.convert(given)
        if len(self) < BOUND:
            self[given] = made
        return made
