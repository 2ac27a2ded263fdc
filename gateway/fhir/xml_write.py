"""Resources as FHIR XML: one walk over the value, which the facts put into the order that XML asks for."""

import re
from math import isfinite
from typing import Any

from gateway.fhir import facts
from gateway.fhir.json import Decimal
from gateway.fhir.trail import plain
from gateway.fhir.xml_parser import narrative_xml
from gateway.fhir.xml_slots import FHIR, Form, Slot, slots
from gateway.problems import Place, Refused, refuse
from gateway.problems.xml import XML_UNWRITABLE

_SPECIAL = re.compile('[&<>"\x00-\x1f\ud800-\udfff\ufffe\uffff]')
_ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\t": "&#9;", "\n": "&#10;", "\r": "&#13;"}
DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>'
_REPLACEMENT = "\ufffd"


def write(resource: dict[str, Any], *, pretty: bool = False) -> bytes:
    """Return UTF-8 XML of a resource; decimals are written as they were read.

    Args:
        resource: of R4's shape; what XML 1.0 cannot carry in a text becomes U+FFFD.
        pretty: put each element on a line of its own. Narratives are left as they are.

    Raises:
        Refused: `xml.unwritable` (406): the value is not of R4's shape, or a narrative is not XHTML.
    """
    out = [DECLARATION]
    _resource(out, resource, "\n" if pretty else "", f' xmlns="{FHIR}"')
    return "".join(out).encode()


def _resource(out: list[str], value: Any, gap: str, namespace: str = "") -> None:
    """Write a resource; `gap` is what stands before an element: nothing, or a line end with its indent."""
    name = value.get("resourceType") if isinstance(value, dict) else None
    if not isinstance(name, str) or not facts.is_resource(name):
        raise _unwritable("resourceType", "R4 does not know its type")
    _element(out, name, namespace, value, name, gap)


def _element(out: list[str], name: str, attributes: str, value: dict[str, Any], path: str, gap: str) -> None:
    """Write one element with the children that the structure `path` gives it."""
    out.append(f"{gap}<{name}{attributes}>")
    before = len(out)
    _children(out, value, path, f"{gap}  " if gap else "")
    if len(out) == before:
        out[-1] = f"{gap}<{name}{attributes}/>"
    else:
        out.append(f"{gap}</{name}>")


def _children(out: list[str], value: dict[str, Any], path: str, gap: str) -> None:
    known = slots(path)
    found: list[Slot] = []
    for name in value:
        slot = known.get(name)
        if slot is not None:
            found.append(slot)
        elif name != "resourceType" or not facts.is_resource(path):
            raise _unwritable(f"{path}.{plain(name)}", "R4 has no such element")
    found.sort()
    for slot in found:
        _member(out, slot, value, path, gap)


def _member(out: list[str], slot: Slot, owner: dict[str, Any], path: str, gap: str) -> None:
    """Write the value or values of one element."""
    form, name = slot.form, slot.name
    if form is Form.PRIMITIVE:
        if not (slot.beside and name in owner):
            _primitives(out, name, owner.get(name), owner.get(f"_{name}"), gap)
        return
    item = owner[name]
    for each in item if type(item) is list else (item,):
        if form is Form.OBJECT:
            _object(out, name, each, slot.inside, gap)
        elif form is Form.RESOURCE:
            out.append(f"{gap}<{name}>")
            _resource(out, each, f"{gap}  " if gap else "")
            out.append(f"{gap}</{name}>")
        elif form is Form.NARRATIVE:
            out.append(gap + _narrative(each, path))


def _object(out: list[str], name: str, value: Any, inside: str, gap: str) -> None:
    if not isinstance(value, dict):
        raise _unwritable(name, "it is not an object")
    attributes = f' id="{_text(value["id"], name)}"' if "id" in value else ""
    if inside == "Extension" and "url" in value:
        attributes += f' url="{_text(value["url"], name)}"'
    _element(out, name, attributes, value, inside, gap)


def _primitives(out: list[str], name: str, value: Any, beside: Any, gap: str) -> None:
    """Write a primitive, or a list of them, each with what stands beside it."""
    if type(value) is not list and type(beside) is not list:
        _primitive(out, name, value, beside, gap)
        return
    values = value if type(value) is list else []
    extras = beside if type(beside) is list else []
    for at in range(max(len(values), len(extras))):
        own = values[at] if at < len(values) else None
        _primitive(out, name, own, extras[at] if at < len(extras) else None, gap)


def _primitive(out: list[str], name: str, value: Any, beside: Any, gap: str) -> None:
    attribute = "" if value is None else f' value="{_text(value, name)}"'
    if beside is None:
        out.append(f"{gap}<{name}{attribute}/>")
        return
    if not isinstance(beside, dict):
        raise _unwritable(name, "what stands beside it is not an object")
    own = f' id="{_text(beside["id"], name)}"' if "id" in beside else ""
    _element(out, name, own + attribute, beside, "Element", gap)


def _text(value: Any, name: str) -> str:
    """The text of a primitive, ready to stand between double quotes."""
    if isinstance(value, str):
        return _SPECIAL.sub(_escaped, value) if _SPECIAL.search(value) else value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return value.text
    if isinstance(value, int) or (isinstance(value, float) and isfinite(value)):
        return repr(value)
    raise _unwritable(name, "it is not a text, a number, true or false")


def _escaped(found: re.Match[str]) -> str:
    return _ESCAPES.get(found.group(), _REPLACEMENT)


def _narrative(value: Any, path: str) -> str:
    text = narrative_xml(value) if isinstance(value, str) else None
    if text is None:
        raise _unwritable(f"{path}.div", "it is not one div of well-formed XHTML")
    return text


def _unwritable(where: str, reason: str) -> Refused:
    return refuse(XML_UNWRITABLE, place=Place(path=where), name=where.rpartition(".")[2], reason=reason)
