"""Our reading of profiles and HL7's validator find the same resources wrong."""

import copy
import json
from collections.abc import Iterator
from typing import Any

import emitted
import pytest
from validator import BASE, UKCORE, Validator

from gateway.fhir import json as fhir_json
from gateway.fhir.validate import validate
from gateway.resources import shipped
from gateway.service.profiles import definitions

pytestmark = [
    pytest.mark.xdist_group("validator"),
    pytest.mark.skipif(not UKCORE.is_dir(), reason="the UK Core files are not beside the project"),
]

_KEPT = ("resourceType", "id", "meta")
#: Fewer ways to be wrong, for a format that tells little.
FEW = {"oneroster": (25, 1)}
#: What nothing asks for, and a coding's own code, which only terminology asks for.
_FREE = ("display", "text", "code", "start", "end")


def shapes(mapping: str) -> Iterator[dict[str, Any]]:
    """One resource of each set of elements that a mapping makes of its sample."""
    met = set()
    for _, text in emitted.of_sample(mapping):
        resource = json.loads(text)
        shape = (resource["resourceType"], *sorted(resource), *_urls(resource))
        if shape not in met:
            met.add(shape)
            yield resource


def _urls(value: Any) -> list[str]:
    if isinstance(value, list):
        return [url for each in value for url in _urls(each)]
    if isinstance(value, dict):
        own = [value["url"]] if "url" in value else []
        return own + [url for each in value.values() for url in _urls(each)]
    return []


def spoiled(resource: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The resource with one element less, one item twice, or one value of another type."""
    for path in _paths(resource):
        for how in ("without", "twice", "another type in"):
            made = copy.deepcopy(resource)
            if _spoil(made, path, how):
                yield f"{how} {'.'.join(map(str, path))}", made


def _paths(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    members = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    for name, each in members:
        if not path and name in _KEPT:
            continue
        if not (path and name in _FREE):
            yield (*path, name)
        yield from _paths(each, (*path, name))


def _spoil(resource: Any, path: tuple[Any, ...], how: str) -> bool:
    *steps, last = path
    holder = resource
    for step in steps:
        holder = holder[step]
    if how == "without":
        if len(holder) == 1:
            return False
        del holder[last]
        return True
    if how == "twice" and isinstance(last, int):
        holder.append(copy.deepcopy(holder[last]))
        return True
    if how == "another type in" and isinstance(last, str) and last.startswith("value") and len(last) > 5:
        kind = "valueString" if last != "valueString" else "valueBoolean"
        holder[kind] = "x" if kind == "valueString" else True
        del holder[last]
        return True
    return False


@pytest.mark.parametrize("mapping", emitted.mappings())
def test_what_is_spoiled_is_wrong_to_both(validator: Validator, mapping: str) -> None:
    known = definitions((shipped("profiles"), UKCORE), BASE)
    made = {
        f"{number} {resource['resourceType']} {how}": json.dumps(each)
        for number, resource in enumerate(shapes(mapping))
        for how, each in spoiled(resource)
    }

    wrong, not_judged = set(), set()
    for name, text in made.items():
        resource = fhir_json.read(text)
        for each in validate(resource) or known.judged(resource):
            (wrong if each.kind.severity == "error" else not_judged).add(name)
    theirs = {each.about: each.says for each in validator.errors(made.items())}

    least, least_wrong = FEW.get(mapping, (200, 20))
    assert len(made) > least and len(wrong) > least_wrong
    assert wrong <= theirs.keys()
    unseen = theirs.keys() - wrong - not_judged
    assert unseen == set(), [(name, theirs[name]) for name in unseen]
