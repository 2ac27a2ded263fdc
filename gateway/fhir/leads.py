"""Where the reference parameters of a type lead: to which types, and which of them lead to a given one."""

import re
from collections.abc import Mapping
from types import MappingProxyType

from gateway.fhir import facts

_CHOSEN = re.compile(r"resolve\(\) is (\w+)")


def types_led_to(parameter: facts.Parameter) -> tuple[str, ...]:
    """The types a reference may lead to; empty for any.

    R4 gives `patient` of Observation the targets of `subject`, Group among them, and lets the expression
    choose.
    """
    chosen = set(_CHOSEN.findall(parameter.expression))
    if parameter.code == "patient" or len(chosen) == 1:
        return tuple(chosen) or ("Patient",)
    return parameter.targets


@facts.remembered
def references(resource_type: str) -> Mapping[str, tuple[str, ...]]:
    """The reference parameters of a type, each with the types it may lead to; empty for any."""
    own = facts.parameters(resource_type).values()
    return MappingProxyType(
        {each.code: types_led_to(each) for each in own if each.type == "reference" and each.expression}
    )


@facts.remembered
def leading_to(resource_type: str, target: str) -> tuple[str, ...]:
    """The reference parameters of a type that may lead to another one."""
    own = references(resource_type).items()
    return tuple(code for code, types in own if not types or target in types)
