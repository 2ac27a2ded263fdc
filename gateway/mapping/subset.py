"""Whether some resource has all that is expected, and if not, where the nearest one differs."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from gateway.fhir.json import Decimal, write
from gateway.problems import NOWHERE, Place


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference: the path, what was expected, what came instead, and the line of the mapping if it is
    known.
    """

    path: str
    expected: str
    got: str
    rule: Place = NOWHERE


def lacking(wanted: Any, resources: list[Any], base: str) -> Iterator[Difference]:
    """What of `wanted` the nearest of `resources` lacks; nothing if one has it all.

    Objects need only have what is expected of them; each expected item of a list is found in some item. Texts
    are compared with how JSON writes a value, so `17` and `true` need no quotes; `{base}` is filled in.
    """
    kind = str(wanted.get("resourceType", "")) if isinstance(wanted, dict) else ""
    same = [each for each in resources if not kind or each.get("resourceType") == kind]
    if not same:
        yield Difference(
            kind or "resource", "a resource", "none of this type" if resources else "none at all"
        )
        return
    found = [list(_compare(wanted, each, kind or each.get("resourceType", ""), base)) for each in same]
    yield from min(found, key=len)


def _compare(wanted: Any, got: Any, path: str, base: str) -> Iterator[Difference]:
    if isinstance(wanted, dict):
        if not isinstance(got, dict):
            yield Difference(path, _shown(wanted), _shown(got))
            return
        for key, value in wanted.items():
            if value == "~":
                if key in got:
                    yield Difference(f"{path}.{key}", "nothing", _shown(got[key]))
            elif key not in got:
                yield Difference(f"{path}.{key}", _shown(value), "nothing")
            else:
                yield from _compare(value, got[key], f"{path}.{key}", base)
    elif isinstance(wanted, list):
        yield from _compare_list(wanted, got, path, base)
    elif str(wanted).replace("{base}", base) != _plain(got):
        yield Difference(path, str(wanted), _shown(got))


def _compare_list(wanted: list[Any], got: Any, path: str, base: str) -> Iterator[Difference]:
    """Each expected item in some item of the list, no item used twice."""
    rest = list(got) if isinstance(got, list) else []
    for index, item in enumerate(wanted):
        found = [list(_compare(item, other, f"{path}[{index}]", base)) for other in rest]
        if not found:
            yield Difference(f"{path}[{index}]", _shown(item), "nothing")
            continue
        best = min(range(len(found)), key=lambda position: len(found[position]))
        yield from found[best]
        rest.pop(best)


def _plain(value: Any) -> str:
    """A scalar as text: as JSON writes it, digits kept."""
    if isinstance(value, Decimal):
        return value.text
    return value if isinstance(value, str) else write(value).decode()


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else write(value).decode()
