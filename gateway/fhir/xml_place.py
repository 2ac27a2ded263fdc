"""Where in an XML text an element stands: its line, and its path in the names of JSON."""

from typing import cast

from lxml import etree

from gateway.fhir.trail import Trail, plain
from gateway.fhir.xml_slots import Form, Slot, tags
from gateway.problems import Place


def local(element: etree._Element | str) -> str:
    """The name of an element or attribute without its namespace; an ellipsis if it looks like no name."""
    tag = element if isinstance(element, str) else str(element.tag)
    return plain(tag.rpartition("}")[2])


def place_of(element: etree._Element) -> Place:
    """The line of an element, and its path (`Patient.name[0].given[1]`)."""
    chain = [element, *element.iterancestors()]
    root = chain.pop()
    trail, path = Trail(None, local(root)), local(root)
    holds_resource = False
    for each in reversed(chain):
        if holds_resource:
            path, holds_resource = local(each), False
            continue
        slot = _slot(path, str(each.tag))
        trail = Trail(trail, local(each), _position(each) if slot is not None and slot.many else -1)
        holds_resource = slot is not None and slot.form is Form.RESOURCE
        path = "" if slot is None else "Element" if slot.form is Form.PRIMITIVE else slot.inside
    return Place(line=cast(int, element.sourceline), path=trail.path())


def _slot(path: str, tag: str) -> Slot | None:
    try:
        return tags(path).get(tag)
    except KeyError:
        return None


def _position(element: etree._Element) -> int:
    """How many elements of the same name stand before it."""
    return sum(1 for _ in element.itersiblings(element.tag, preceding=True))
