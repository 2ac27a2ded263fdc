"""A query as the query string that asks it: for self links, and for questions to other servers."""

from collections.abc import Iterator
from urllib.parse import quote

from gateway.fhir.includes import include_text
from gateway.fhir.parameters.context import escaped
from gateway.fhir.parameters.tokens import ANY
from gateway.fhir.query import Criterion, Query, Target, Text, Token, Uri, Value

_SAFE = "/:,@$-._~*"


def to_text(query: Query) -> str:
    """The query string of `query`, percent-encoded; only what was used is in it.

    A criterion that was made here and not read (`text` is "") is written from its values.
    """
    pairs = [("_type", ",".join(query.types))] if query.types else []
    pairs += [_criterion(each) for each in query.criteria]
    pairs += [include_text(each) for each in query.includes]
    pairs += _results(query)
    return "&".join(f"{quote(name, safe=_SAFE)}={quote(value, safe=_SAFE)}" for name, value in pairs)


def _criterion(criterion: Criterion) -> tuple[str, str]:
    if criterion.text:
        name, _, value = criterion.text.partition("=")
        return name, value
    if criterion.kind == "has" and criterion.chained is not None:
        rest, value = _criterion(criterion.chained)
        return f"{criterion.param}:{criterion.modifier}:{criterion.names[0]}:{rest}", value
    name = f"{criterion.param}:{criterion.modifier}" if criterion.modifier else criterion.param
    if criterion.chained is not None:
        rest, value = _criterion(criterion.chained)
        return f"{name}.{rest}", value
    return name, ",".join(dict.fromkeys(_value(each) for each in criterion.values))


def _value(value: Value) -> str:
    return value.text or value.prefix.replace("eq", "") + _written(value.value)


def _written(value: object) -> str:
    match value:
        case Token(system, code) | Target("", system, code):
            return _token(system, code)
        case Target(text, _, _) | Uri(text) | Text(_, text):
            return escaped(text)
    raise ValueError("a date, number or quantity is only written as it was read")


def _token(system: str, code: str) -> str:
    code = "" if code == ANY else escaped(code)
    return code if system == ANY else f"{escaped(system)}|{code}"


def _results(query: Query) -> Iterator[tuple[str, str]]:
    if query.sort:
        yield "_sort", ",".join("-" * key.descending + key.param for key in query.sort)
    if query.count is not None:
        yield "_count", str(query.count)
    if query.total != "accurate":
        yield "_total", query.total
    if query.elements:
        yield "_elements", ",".join(query.elements)
    if query.summary:
        yield "_summary", query.summary
    if query.pretty:
        yield "_pretty", "true"
