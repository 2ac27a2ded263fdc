"""What an operation is given: parameters of the address, a Parameters resource, or the one resource itself.

Source: HL7 FHIR R4 operations, https://hl7.org/fhir/R4/operations.html#request
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gateway.fhir.trail import plain
from gateway.problems import Place, Problem, Refused, problem, refuse
from gateway.problems.http import HTTP_BODY_EMPTY, HTTP_IGNORED, HTTP_QUERY_TEXT
from gateway.problems.operation import (
    OPERATION_PARAMETERS,
    OPERATION_TWICE,
    OPERATION_UNKNOWN,
    OPERATION_VALUE,
)
from gateway.web.messages import Pair
from gateway.web.visit import Visit
from gateway.web.words import pairs

_EVERYWHERE = ("_format", "_pretty")
_FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class Given:
    """The parameters of one operation.

    Attributes:
        operation: with its dollar sign, for problems.
        values: by name, each in its order: texts, or JSON values of complex types and resources.
        ignored: what is to be said of parameters that were not known and left out.
    """

    operation: str
    values: Mapping[str, Sequence[Any]]
    ignored: tuple[Problem, ...] = ()

    def text(self, name: str) -> str:
        """The text of a parameter, "" where it is not given.

        Raises:
            Refused: `operation.twice`; `operation.value` where it is not a text.
        """
        found = self.one(name)
        if found is None or isinstance(found, str):
            return found or ""
        raise refuse(
            OPERATION_VALUE, field=name, name=name, operation=self.operation, expected="a primitive value"
        )

    def one(self, name: str) -> Any:
        """The value of a parameter that is given once, or None.

        Raises:
            Refused: `operation.twice`.
        """
        found = self.values.get(name, ())
        if len(found) > 1:
            raise refuse(OPERATION_TWICE, field=name, name=name)
        return found[0] if found else None

    def flag(self, name: str) -> bool:
        """Whether a parameter is given as true.

        Raises:
            Refused: `operation.twice`; `operation.value` where it is neither true nor false.
        """
        value = self.text(name)
        if value not in ("", "true", "false"):
            raise refuse(
                OPERATION_VALUE, field=name, name=name, operation=self.operation, expected="true or false"
            )
        return value == "true"

    def listed(self, name: str) -> list[str]:
        """The texts of a parameter that may be repeated or hold a list with commas."""
        texts = [each for each in self.values.get(name, ()) if isinstance(each, str)]
        return [part.strip() for text in texts for part in text.split(",") if part.strip()]


def given(visit: Visit, taken: Sequence[str], *, lenient: bool = False) -> Given:
    """Return what a request gives its operation.

    Args:
        taken: the names of the parameters that the operation has; `resource` may be the body itself.
        lenient: whether parameters that it does not have are left out and named, not refused.

    Raises:
        Refused: `operation.unknown-parameter`, `operation.parameters`; what is wrong with the body.
    """
    found: dict[str, list[Any]] = {}
    ignored: list[Problem] = []
    for name, value in asked(visit, body_is_resource="resource" in taken):
        if name in taken:
            found.setdefault(name, []).append(value)
        elif lenient:
            ignored.append(problem(HTTP_IGNORED, field=plain(name), name=plain(name)))
        else:
            raise refuse(
                OPERATION_UNKNOWN,
                field=plain(name),
                name=plain(name),
                operation=visit.found.interaction,
                supported=", ".join((*taken, *_EVERYWHERE)),
            )
    return Given(visit.found.interaction, found, tuple(ignored))


def asked(visit: Visit, *, body_is_resource: bool = False, form: bool = False) -> list[tuple[str, Any]]:
    """The parameters of a request one by one, those of its address first.

    Args:
        body_is_resource: the body may be the parameter `resource` itself.
        form: the body may be a form, as for a search.

    Raises:
        Refused: `operation.parameters`; what is wrong with the body.
    """
    found: list[tuple[str, Any]] = [
        pair for pair in pairs(visit.request.query) if pair[0] not in _EVERYWHERE and pair[1]
    ]
    if form and visit.request.headers.get("content-type", "").lower().startswith(_FORM):
        visit.words = visit.body()
        return found + [pair for pair in form_pairs(visit.words) if pair[1]]
    sent = _sent(visit) if visit.request.method == "POST" else None
    if isinstance(sent, dict) and sent.get("resourceType") == "Parameters":
        found += _parameters(sent)
    elif sent is not None and body_is_resource:
        found.append(("resource", sent))
    elif sent is not None:
        raise refuse(OPERATION_PARAMETERS)
    return found


def _sent(visit: Visit) -> Any:
    """The resource in the body, or None: an operation can do without."""
    try:
        return visit.resource()
    except Refused as refused:
        if refused.problems[0].kind is HTTP_BODY_EMPTY:
            return None
        raise


def form_pairs(body: bytes) -> list[Pair]:
    """The names and values of a form.

    Raises:
        Refused: `http.query-text`, `http.query-long`.
    """
    try:
        return pairs(body.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise refuse(HTTP_QUERY_TEXT) from None


def texts(parameters: Sequence[tuple[str, Any]]) -> list[Pair]:
    """The parameters as a query string has them.

    Raises:
        Refused: `operation.parameters` for one that is not a primitive value.
    """
    for name, value in parameters:
        if not isinstance(value, str):
            raise refuse(OPERATION_PARAMETERS, place=Place(path=f"Parameters.parameter ({plain(name)})"))
    return list(parameters)


def _parameters(sent: dict[str, Any]) -> list[tuple[str, Any]]:
    listed = sent.get("parameter", [])
    if not isinstance(listed, list):
        raise refuse(OPERATION_PARAMETERS, place=Place(path="Parameters.parameter"))
    found = []
    for at, each in enumerate(listed):
        name = each.get("name") if isinstance(each, dict) else None
        members = [key for key in each if key == "resource" or key.startswith("value")] if name else []
        if not isinstance(name, str) or len(members) != 1:
            raise refuse(OPERATION_PARAMETERS, place=Place(path=f"Parameters.parameter[{at}]"))
        found.append((name, _value(each[members[0]])))
    return found


def _value(value: Any) -> Any:
    """A primitive value as the text that an address would have."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, dict | list | str) else str(value)
