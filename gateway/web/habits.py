"""What clients of other makes send that R4 does not name, where it is plain what they mean."""

from gateway.fhir import facts
from gateway.web.messages import Pair

_PREFIXES = (("<=", "le"), (">=", "ge"), ("<", "lt"), (">", "gt"))
_ORDERED = ("date", "number", "quantity")


def in_r4_words(type: str, asked: list[Pair]) -> list[Pair]:
    """Return a question about a type ("" for several) in R4's words, where a client has others.

    fhirpy counts with Aidbox's `_totalMethod=count`, which is `_total=accurate`, and names `resourceType`
    among the `_elements`, which no answer is without. fhirclient writes `>2015` and `<=2015`, as drafts of
    FHIR did, where R4 has `gt2015` and `le2015`: of a date, a number or a quantity it can mean nothing else.
    """
    return [_in_r4_words(type, name, value) for name, value in asked]


def _in_r4_words(type: str, name: str, value: str) -> Pair:
    if name == "_totalMethod" and value == "count":
        return "_total", "accurate"
    if name == "_elements" and "resourceType" in value:
        kept = [each for each in value.split(",") if each.strip() != "resourceType"]
        return name, ",".join(kept) or "id"
    if type and value[:1] in ("<", ">") and _is_ordered(type, name):
        sign, prefix = next(each for each in _PREFIXES if value.startswith(each[0]))
        return name, prefix + value[len(sign) :]
    return name, value


def _is_ordered(type: str, name: str) -> bool:
    known = facts.parameters(type).get(name)
    return known is not None and known.type in _ORDERED
