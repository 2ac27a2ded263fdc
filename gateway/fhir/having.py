"""`_has`: a resource is found by what others, which refer to it, are like.

Source: https://hl7.org/fhir/R4/search.html#has
"""

from typing import NamedTuple

from gateway.fhir import facts
from gateway.fhir.leads import leading_to
from gateway.problems import refuse
from gateway.problems.search import SEARCH_HAS, SEARCH_HAS_ELSEWHERE

HAS = "_has"


class Having(NamedTuple):
    """The first step of a `_has`: resources of type `source` that refer by `param`, and meet `rest`."""

    source: str
    param: str
    rest: str


def is_having(name: str) -> bool:
    """Whether a parameter, or what is left of a chain, is a `_has`."""
    return name.partition(":")[0] == HAS


def read_having(resource_type: str, name: str) -> Having:
    """The first step of a `_has` on a type; its `rest` is a parameter of the type `source`, or a `_has`.

    Raises:
        Refused: `search.has`, `search.has-elsewhere`.
    """
    parts = name.split(":", 3)
    if len(parts) < 4 or not all(parts) or not facts.is_resource(parts[1]):
        raise refuse(SEARCH_HAS, field=HAS, type=resource_type)
    _, source, param, rest = parts
    able = leading_to(source, resource_type)
    if param not in able:
        listed = ", ".join(f"_has:{source}:{code}" for code in able) or "none"
        raise refuse(SEARCH_HAS_ELSEWHERE, field=HAS, source=source, type=resource_type, supported=listed)
    return Having(source, param, rest)
