"""References inside a resource, led elsewhere: what a transaction does once its resources have their ids.

Source: HL7 FHIR R4, https://hl7.org/fhir/R4/http.html#trules and https://hl7.org/fhir/R4/bundle.html#references
"""

import html
import re
from collections.abc import Callable
from functools import cache
from typing import Any

from gateway.fhir import facts

#: What a text that refers to something becomes, or None where it stays. The second argument is the name of
#: the member that holds it: `reference`, `div` for a link of a narrative, or one that holds an address.
Lead = Callable[[str, str], str | None]

_LINKS = re.compile(r"""(?<=[\s"'])(href|src)(\s*=\s*)(?:"([^"]*)"|'([^']*)')""")
_ADDRESSES = frozenset(("uri", "url", "canonical", "oid", "uuid"))
_CRITERIA = re.compile(r"([A-Z][A-Za-z]+)\?(\S+)")


def led(value: Any, lead: Lead, name: str = "") -> Any:
    """Return a resource with its references led elsewhere; itself where none is.

    Looked at are `Reference.reference`, the elements that hold a uri, url, canonical, oid or uuid, and the
    links of narratives, at any depth: in contained resources and in Bundles too.

    Args:
        value: the resource, or a part of one.
        name: of the member that holds the part.
    """
    if isinstance(value, dict):
        changed = {}
        for key, old in value.items():
            # most of what a resource holds are texts that refer to nothing
            if not isinstance(old, str) or key in _names():
                new = led(old, lead, key)
                if new is not old:
                    changed[key] = new
        return {**value, **changed} if changed else value
    if isinstance(value, list):
        items = [led(each, lead, name) for each in value]
        return value if all(new is old for new, old in zip(items, value, strict=True)) else items
    if isinstance(value, str) and name in _names():
        return _narrative(value, lead) if name == "div" else _kept(value, lead(value, name))
    return value


def criteria_of(reference: str) -> tuple[str, str] | None:
    """The type and the criteria of a conditional reference (`Patient?identifier=…`); None for any other."""
    found = _CRITERIA.fullmatch(reference)
    return (found[1], found[2]) if found else None


def by_criteria(value: Any, path: str) -> str | None:
    """The path of the first reference by criteria in a resource, or None.

    Args:
        value: the resource, or a part of one.
        path: that leads to it.
    """
    if isinstance(value, dict):
        reference = value.get("reference")
        if isinstance(reference, str) and criteria_of(reference):
            return path
        parts = ((f"{path}.{name}", each) for name, each in value.items())
    elif isinstance(value, list):
        parts = ((f"{path}[{at}]", each) for at, each in enumerate(value))
    else:
        return None
    found = (by_criteria(each, where) for where, each in parts if isinstance(each, dict | list))
    return next((where for where in found if where), None)


def _kept(old: str, new: str | None) -> str:
    return old if new is None or new == old else new


def _narrative(div: str, lead: Lead) -> str:
    def link(found: re.Match[str]) -> str:
        written = found[3] if found[3] is not None else found[4]
        new = lead(html.unescape(written), "div")
        return found[0] if new is None else f'{found[1]}{found[2]}"{html.escape(new)}"'

    return _kept(div, _LINKS.sub(link, div)) if "href" in div or "src" in div else div


@cache
def _names() -> frozenset[str]:
    """The names of members that may refer to something."""
    return facts.names_of(_ADDRESSES) | {"reference", "div"}
