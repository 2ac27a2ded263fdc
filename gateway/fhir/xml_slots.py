"""How each element of R4 stands in XML: as a child or an attribute, and what its value is."""

from collections.abc import Mapping
from enum import Enum
from functools import cache
from types import MappingProxyType
from typing import NamedTuple

from gateway.fhir import facts

FHIR = "http://hl7.org/fhir"
XHTML = "http://www.w3.org/1999/xhtml"
XHTML_DIV = f"{{{XHTML}}}div"


class Form(Enum):
    """What an element's value is in XML."""

    ATTRIBUTE = 0
    PRIMITIVE = 1
    OBJECT = 2
    RESOURCE = 3
    NARRATIVE = 4


class Slot(NamedTuple):
    """One element of a structure.

    `order` is its place among its neighbours; `type` is that of a primitive; `inside` is the structure that
    holds its own elements; `beside` marks `_name`, which has the id and extensions of the primitive `name`.
    """

    order: int
    name: str
    form: Form
    many: bool
    type: str = ""
    inside: str = ""
    beside: bool = False


@cache
def slots(path: str) -> Mapping[str, Slot]:
    """The elements of a structure by the names of JSON, `_name` of the primitives included."""
    found: dict[str, Slot] = {}
    for order, element in enumerate(facts.members(path).values()):
        slot = _slot(2 * order, path, element)
        found[slot.name] = slot
        if slot.form is Form.PRIMITIVE:
            found[f"_{slot.name}"] = slot._replace(order=slot.order + 1, beside=True)
    return MappingProxyType(found)


@cache
def tags(path: str) -> Mapping[str, Slot]:
    """The child elements of a structure by their names in XML, namespace included."""
    return MappingProxyType(
        {
            XHTML_DIV if slot.form is Form.NARRATIVE else f"{{{FHIR}}}{slot.name}": slot
            for slot in slots(path).values()
            if slot.form is not Form.ATTRIBUTE and not slot.beside
        }
    )


def _slot(order: int, path: str, element: facts.Element) -> Slot:
    type_ = element.types[0] if element.types else ""
    name, many = element.name, element.many
    if (name == "id" and not facts.is_a(path, "Resource")) or (name == "url" and path == "Extension"):
        return Slot(order, name, Form.ATTRIBUTE, many, type_)
    if type_ == "xhtml":
        return Slot(order, name, Form.NARRATIVE, many)
    if type_ in facts.primitive_types():
        return Slot(order, name, Form.PRIMITIVE, many, type_)
    if type_ == "Resource":
        return Slot(order, name, Form.RESOURCE, many)
    return Slot(order, name, Form.OBJECT, many, "", element.inside)
