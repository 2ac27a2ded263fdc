"""Keeping an XML tree small while it grows: what may be freed, and what must be kept to write it again."""

from collections.abc import Set
from copy import deepcopy

from lxml import etree

from gateway.sources.xml_shape import Element, local_name

# A header beyond this is not carried into a file of records set aside.
_LARGEST_HEADER = 1 << 18
_HERE = "records"


def free_before(element: Element) -> None:
    """Remove every element before `element` in its parent: the parser has left them for good.

    The element itself must stay: libxml2 may still be adding text behind it.
    """
    parent = element.getparent()
    if parent is None:
        return
    while parent[0] is not element:
        del parent[0]


def prune(root: Element, kept: Set[str]) -> None:
    """Remove all that the parser has left, from the root down to where it stands now, but `kept` names."""
    node = root
    while len(node):
        for child in list(node)[:-1]:
            if node is not root or local_name(child) not in kept:
                node.remove(child)
        node = node[-1]


def envelope(record: Element) -> bytes:
    """The file around its records: root, header, and the elements that the records lie in.

    Returns:
        UTF-8 XML with one zero byte where the records go.
    """
    inner: Element = etree.Comment(_HERE)
    inside = record
    for above in record.iterancestors():
        copy = etree.Element(above.tag, above.attrib, nsmap=above.nsmap)
        copy.text = "\n"
        for before in reversed(list(inside.itersiblings(preceding=True))):
            if len(etree.tostring(before)) <= _LARGEST_HEADER:
                copy.append(deepcopy(before))
        copy.append(inner)
        inner, inside = copy, above
    text = etree.tostring(inner, encoding="unicode")
    return text.replace(f"<!--{_HERE}-->", "\0").encode()
