"""What an operation is given: parameters of the address, a Parameters resource, or the one resource itself.

Source: HL7 FHIR R4 operations, https://hl7.org/fhir/R4/operations.html#request
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gateway.fhir.trail import plain
from gateway.problems import Place, Refused, refuse
from gateway.problems.http import HTTP_BODY_EMPTY
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


@dataclass(frozen=True, slots=True)
class Given:
    """The parameters of one operation.

    Attributes:
        operation: with its dollar sign, for problems.
        values: by name, each in its order: texts, or JSON values of complex types and resources.
    """

    operation: str
    values: Mapping[str, Sequence[Any]]

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

    def listed(self, name: str) -> list[str]:
        """The texts of a parameter that may be repeated or hold a list with commas."""
        texts = [each for each in self.values.get(name, ()) if isinstance(each, str)]
        return [part.strip() for text in texts for part in text.split(",") if part.strip()]


def given(visit: Visit, taken: Sequence[str]) -> Given:
    """Return what a request gives its operation.

    Args:
        taken: the names of the parameters that the operation has; `resource` may be the body itself.

    Raises:
        Refused: `operation.unknown-parameter`, `operation.parameters`; what is wrong with the body.
    """
    found: dict[str, list[Any]] = {}
    for name, value in asked(visit, taken):
        found.setdefault(name, []).append(value)
    return Given(visit.found.interaction, found)


def asked(visit: Visit, taken: Sequence[str]) -> list[tuple[str, Any]]:
    """The parameters of a request one by one, those of its address first."""
    found: list[tuple[str, Any]] = [
        pair for pair in pairs(visit.request.query) if pair[0] not in _EVERYWHERE and pair[1]
    ]
    sent = _sent(visit) if visit.request.method == "POST" else None
    if sent is not None:
        if isinstance(sent, dict) and sent.get("resourceType") == "Parameters":
            found += _parameters(sent)
        elif "resource" in taken:
            found.append(("resource", sent))
        else:
            raise refuse(OPERATION_PARAMETERS)
    for name, _ in found:
        if name not in taken:
            raise refuse(
                OPERATION_UNKNOWN,
                field=plain(name),
                name=plain(name),
                operation=visit.found.interaction,
                supported=", ".join((*taken, *_EVERYWHERE)),
            )
    return found


def _sent(visit: Visit) -> Any:
    """The resource in the body, or None: an operation can do without."""
    try:
        return visit.resource()
    except Refused as refused:
        if refused.problems[0].kind is HTTP_BODY_EMPTY:
            return None
        raise


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
