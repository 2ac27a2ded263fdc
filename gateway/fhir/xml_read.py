"""FHIR XML as resources: every fault is found, not only the first, and has its line and its path.

Elements may stand in any order, as long as nothing is lost; comments and processing instructions are passed
over. Whether the resource is a good one is for `gateway.fhir.validate` to say.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from lxml import etree

from gateway.fhir import facts
from gateway.fhir.bindings import meant
from gateway.fhir.json import Decimal
from gateway.fhir.xml_narrative import narratives
from gateway.fhir.xml_parser import parsed
from gateway.fhir.xml_place import local, place_of
from gateway.fhir.xml_slots import FHIR, XHTML, Form, Slot, slots, tags
from gateway.problems import Kind, Problem, Refused, problem
from gateway.problems.resource import (
    RESOURCE_DEEP,
    RESOURCE_EMPTY,
    RESOURCE_MORE,
    RESOURCE_UNKNOWN_ELEMENT,
    RESOURCE_UNKNOWN_TYPE,
)
from gateway.problems.xml import (
    XML_ATTRIBUTE,
    XML_NAMESPACE,
    XML_ONE_RESOURCE,
    XML_REPEATED,
    XML_TEXT,
    XML_VALUE,
)

DEEPEST = 100
MOST = 100
_RESOURCE = f"{{{FHIR}}}"
_SCHEMA_LOCATION = "{http://www.w3.org/2001/XMLSchema-instance}schemaLocation"
_SPACE = " \t\r\n"
_INTEGER = re.compile(r"[+-]?(?:0|[1-9][0-9]{0,30})", re.ASCII)
_DECIMAL = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?", re.ASCII)
_LONGEST_NUMBER = 64
#: What lies outside keeps its text as a decimal: the writer of JSON knows whole numbers of 64 bits.
_WHOLE_NUMBERS = range(-(2**63), 2**64)


def read(content: bytes) -> dict[str, Any]:
    """Return the resource that an XML text holds, as `gateway.fhir.json.read` would give it.

    Raises:
        Refused: `xml.encoding`, `xml.syntax`, `xml.doctype`; or every one that was met of `xml.namespace`,
            `xml.unknown-attribute`, `xml.text`, `xml.repeated`, `xml.value`, `xml.one-resource`,
            `resource.unknown-type`, `resource.unknown-element`, `resource.empty`, `resource.too-deep`.
    """
    root, text = parsed(content)
    return _resource(root, lambda: narratives(root, text))


def read_tree(root: etree._Element, written: Mapping[etree._Element, str]) -> dict[str, Any]:
    """Return the resource that the elements of a tree make.

    Args:
        root: the outermost element, without comments.
        written: the narratives whose text is known; others are written anew.

    Raises:
        Refused: as `read` does.
    """
    return _resource(root, lambda: {**narratives(root, ""), **written})


def _resource(root: etree._Element, written: Callable[[], Mapping[etree._Element, str]]) -> dict[str, Any]:
    walk = _Walk(written)
    made = walk.resource(root, 0)
    if walk.problems or made is None:
        raise Refused(*walk.problems)
    return made


class _Walk:
    """One way through the elements of a text, with the problems met on it."""

    __slots__ = ("_narratives", "_written", "problems")

    def __init__(self, written: Callable[[], Mapping[etree._Element, str]]) -> None:
        self._written = written
        self._narratives: Mapping[etree._Element, str] | None = None
        self.problems: list[Problem] = []

    def add(self, kind: Kind, element: etree._Element, value: str = "", **details: Any) -> None:
        """Note one problem with an element; enough of them end the walk."""
        details.setdefault("name", local(element))
        self.problems.append(problem(kind, place=place_of(element), value=value[:200], **details))
        if len(self.problems) == MOST:
            raise Refused(*self.problems, problem(RESOURCE_MORE, most=MOST))

    def resource(self, element: etree._Element, depth: int) -> dict[str, Any] | None:
        """The resource that an element is; None if it is none."""
        tag = str(element.tag)
        name = tag.removeprefix(_RESOURCE)
        if name == tag:
            self.add(XML_NAMESPACE, element, wanted=FHIR)
            return None
        if not facts.is_resource(name):
            self.add(RESOURCE_UNKNOWN_TYPE, element, name, meant=meant(name, facts.resource_types()))
            return None
        for attribute, _ in element.items():
            if attribute != _SCHEMA_LOCATION:
                self.attribute(element, str(attribute), "a resource has none")
        made: dict[str, Any] = {"resourceType": name}
        self.children(element, name, made, depth)
        return made

    def children(self, element: etree._Element, path: str, made: dict[str, Any], depth: int) -> None:
        """Put what the child elements say into `made`."""
        if depth > DEEPEST:
            self.add(RESOURCE_DEEP, element, most=DEEPEST)
            return
        if _is_text(element.text):
            self.add(XML_TEXT, element)
        known = tags(path)
        for child in element:
            slot = known.get(child.tag)
            if _is_text(child.tail):
                self.add(XML_TEXT, element)
            if slot is None:
                self.unknown(child, path)
            elif slot.form is Form.PRIMITIVE:
                self.primitive(child, slot, made, depth)
            else:
                self.put(child, slot, made, self.value(child, slot, depth))

    def unknown(self, child: etree._Element, path: str) -> None:
        """Note an element that R4 does not have here."""
        name = local(child)
        slot = slots(path).get(name)
        if slot is None or slot.form is Form.ATTRIBUTE or slot.beside:
            suggestion = meant(name, facts.members(path))
            self.add(RESOURCE_UNKNOWN_ELEMENT, child, path=path, meant=suggestion)
        else:
            self.add(XML_NAMESPACE, child, wanted=XHTML if slot.form is Form.NARRATIVE else FHIR)

    def put(self, child: etree._Element, slot: Slot, made: dict[str, Any], value: Any) -> None:
        """Enter the value of an element that is not a primitive."""
        if slot.many:
            made.setdefault(slot.name, []).append(value)
        elif slot.name in made:
            self.add(XML_REPEATED, child)
        else:
            made[slot.name] = value

    def value(self, child: etree._Element, slot: Slot, depth: int) -> Any:
        """The value of an element that is not a primitive."""
        if slot.form is Form.OBJECT:
            return self.object(child, slot.inside, depth + 1)
        if slot.form is Form.NARRATIVE:
            if self._narratives is None:
                self._narratives = self._written()
            return self._narratives[child]
        if child.items():
            self.attribute(child, str(child.items()[0][0]), "it holds a resource and has none")
        if len(child) != 1 or _is_text(child.text) or _is_text(child[0].tail):
            self.add(XML_ONE_RESOURCE, child, count=len(child))
            return None
        return self.resource(child[0], depth + 1)

    def object(self, element: etree._Element, path: str, depth: int) -> dict[str, Any]:
        """The value of a complex type."""
        made: dict[str, Any] = {}
        for attribute, text in element.items():
            if attribute == "id" or (attribute == "url" and path == "Extension"):
                made[str(attribute)] = text
            else:
                allowed = (
                    "an extension has id and url" if path == "Extension" else "a complex type has only id"
                )
                self.attribute(element, str(attribute), allowed)
        self.children(element, path, made, depth)
        if not made and _is_bare(element):
            self.add(RESOURCE_EMPTY, element)
        return made

    def primitive(self, element: etree._Element, slot: Slot, made: dict[str, Any], depth: int) -> None:
        """Enter a primitive, and beside it its id and extensions."""
        value, beside = None, None
        for attribute, text in element.items():
            if attribute == "value":
                value = self.converted(element, slot, str(text))
            elif attribute == "id":
                beside = {"id": text}
            else:
                self.attribute(element, str(attribute), "a primitive has only value and id")
        if len(element) or element.text:
            extensions: dict[str, Any] = beside or {}
            self.children(element, "Element", extensions, depth + 1)
            beside = extensions or None
        if value is None and beside is None:
            if _is_bare(element):
                self.add(RESOURCE_EMPTY, element)
        elif slot.many:
            _align(made, slot.name, value, beside)
        elif slot.name in made or f"_{slot.name}" in made:
            self.add(XML_REPEATED, element)
        else:
            if value is not None:
                made[slot.name] = value
            if beside is not None:
                made[f"_{slot.name}"] = beside

    def converted(self, element: etree._Element, slot: Slot, text: str) -> Any:
        """The JSON value of a primitive's text; the text itself where JSON has a text."""
        form = _FORMS.get(slot.type)
        if form is None:
            return text
        asked, convert = form
        value = convert(text)
        if value is None:
            self.add(XML_VALUE, element, text, type=slot.type, asked=asked)
            return text
        return value

    def attribute(self, element: etree._Element, attribute: str, allowed: str) -> None:
        """Note an attribute that should not be there."""
        self.add(XML_ATTRIBUTE, element, attribute=local(attribute), allowed=allowed)


def _align(made: dict[str, Any], name: str, value: Any, beside: dict[str, Any] | None) -> None:
    """Add one item to a list of primitives; the two lists of JSON are there only if they say something."""
    values, extras = made.get(name), made.get(f"_{name}")
    count = len(values if values is not None else extras or ())
    if values is None and value is not None:
        values = made[name] = [None] * count
    if extras is None and beside is not None:
        extras = made[f"_{name}"] = [None] * count
    if values is not None:
        values.append(value)
    if extras is not None:
        extras.append(beside)


def _is_bare(element: etree._Element) -> bool:
    """Whether an element says nothing at all; where something else is wrong with it, that is said instead."""
    return not (len(element) or element.items() or _is_text(element.text))


def _is_text(text: str | None) -> bool:
    return text is not None and bool(text.strip(_SPACE))


def _boolean(text: str) -> bool | None:
    return {"true": True, "false": False}.get(text)


def _integer(text: str) -> int | None:
    return int(text) if _INTEGER.fullmatch(text) else None


def _decimal(text: str) -> int | Decimal | None:
    if len(text) > _LONGEST_NUMBER or not _DECIMAL.fullmatch(text):
        return None
    if text.lstrip("-").isdigit() and text != "-0" and int(text) in _WHOLE_NUMBERS:
        return int(text)
    made = Decimal(text)
    return None if made in (float("inf"), float("-inf")) else made


_WHOLE: tuple[str, Callable[[str], Any]] = ("Write a whole number.", _integer)
_FORMS: dict[str, tuple[str, Callable[[str], Any]]] = {
    "boolean": ("Write true or false.", _boolean),
    "integer": _WHOLE,
    "positiveInt": _WHOLE,
    "unsignedInt": _WHOLE,
    "decimal": ("Write a number of at most 64 signs, such as 1.50 or 1e-9.", _decimal),
}
