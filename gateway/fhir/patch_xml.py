"""XML Patch: operations over the XML of a resource, at the selectors that a small part of XPath makes.

A selector is a way down from the outermost element, with conditions on the way, as in
`f:Patient/f:identifier[f:system/@value='urn:x'][1]/f:value/@value`. Names without a prefix belong to the
patch's own default namespace, or to FHIR's if it has none.

Source: RFC 5261, https://www.rfc-editor.org/rfc/rfc5261
"""

import re
from collections.abc import Callable
from typing import Any

from lxml import etree

from gateway.fhir.xml_narrative import narratives
from gateway.fhir.xml_parser import parsed
from gateway.fhir.xml_read import read_tree
from gateway.fhir.xml_slots import FHIR, XHTML_DIV
from gateway.fhir.xml_write import write
from gateway.problems import Place, Refused, refuse
from gateway.problems.patch import PATCH_FORM, PATCH_MANY, PATCH_PATH

MOST_OPERATIONS = 1000
_LONGEST_SELECTOR = 1000

_DEFAULT = "default-namespace"
_NAME = r"(?:[A-Za-z_][\w.\-]*:)?(?:[A-Za-z_][\w.\-]*|\*)"
_WAY = rf"(?:{_NAME}(?:/{_NAME})*(?:/@[A-Za-z]+)?|@[A-Za-z]+)"
_CONDITION = rf"\[(?:\d{{1,6}}|last\(\)|{_WAY}\s*=\s*(?:'[^']*'|\"[^\"]*\"))\]"
_STEP = rf"{_NAME}(?:{_CONDITION})*"
_SELECTOR = re.compile(rf"/?({_STEP}(?:/{_STEP})*)(?:/@([A-Za-z]+))?", re.ASCII)
_TOKEN = re.compile(
    r"'[^']*'|\"[^\"]*\"|@?[A-Za-z_][\w.\-]*(?::(?:[A-Za-z_][\w.\-]*|\*))?(?![\w(:])", re.ASCII
)

_Divs = dict[etree._Element, str]


def xml_patch(resource: dict[str, Any], content: bytes) -> dict[str, Any]:
    """Return what an XML Patch makes of a resource; the resource stays as it is.

    Raises:
        Refused: `patch.form`, `patch.path`, `patch.many`; what is wrong with the XML of the patch, or with
            that of the patched resource (`xml.…`, `resource.…`).
    """
    operations = list(parsed(content)[0])
    if len(operations) > MOST_OPERATIONS:
        raise refuse(PATCH_MANY, most=MOST_OPERATIONS)
    root, text = parsed(write(resource))
    divs = narratives(root, text)
    for number, operation in enumerate(operations, 1):
        name = etree.QName(operation).localname
        if name not in _DO:
            raise _wrong(number, f"it must be one of {', '.join(_DO)}")
        element, attribute = _selected(root, operation, number)
        _touch(element, divs)
        _DO[name](operation, element, attribute, number)
    _prune(root)
    try:
        return read_tree(root, divs)
    except Refused as refused:
        raise Refused(*(each.at(Place(path=each.place.path)) for each in refused.problems)) from None


def _selected(root: etree._Element, operation: etree._Element, number: int) -> tuple[etree._Element, str]:
    """The element that a selector leads to, and the name of its attribute where it leads to one."""
    matched = _SELECTOR.fullmatch(str(operation.get("sel", ""))[:_LONGEST_SELECTOR].strip())
    if not matched:
        example = "f:Patient/f:name[1]/f:family/@value"
        raise _wrong(number, f"sel must be a way down the names of elements, such as {example}")
    way, attribute = matched.groups(default="")
    known = {prefix or _DEFAULT: uri for prefix, uri in operation.nsmap.items()}
    known.setdefault(_DEFAULT, FHIR)
    try:
        found = root.getroottree().xpath("/" + _TOKEN.sub(_qualified, way), namespaces=known)
    except etree.XPathError:
        raise _wrong(number, "sel has a prefix that no xmlns declares") from None
    if not isinstance(found, list) or len(found) != 1 or not isinstance(found[0], etree._Element):
        count = len(found) if isinstance(found, list) else 0
        raise _impossible(number, f"sel leads to {count or 'no'} elements, and it must be one")
    return found[0], attribute


def _qualified(token: re.Match[str]) -> str:
    """A name of a selector with its prefix; texts and attributes as they are."""
    text = token.group()
    return text if text[0] in "@'\"" or ":" in text else f"{_DEFAULT}:{text}"


def _touch(element: etree._Element, divs: _Divs) -> None:
    """Forget how a narrative was written, if the patch reaches into it."""
    for each in (element, *element.iterancestors(XHTML_DIV)):
        if each in divs:
            divs.pop(each)


def _add(operation: etree._Element, element: etree._Element, attribute: str, number: int) -> None:
    kind, where = str(operation.get("type", "")), str(operation.get("pos", ""))
    if attribute or (kind and where):
        raise _wrong(number, "add goes to an element, and has type or pos but not both")
    if kind:
        name = kind.removeprefix("@")
        if name == kind or name not in ("value", "id", "url"):
            raise _wrong(number, "type must be @value, @id or @url")
        if name in element.attrib:
            raise _impossible(number, "the attribute is there already")
        element.set(name, operation.text or "")
        return
    new = list(operation)
    if not new or _text_of(operation):
        raise _wrong(number, "it must hold the elements that are to be added, and nothing else")
    if where in ("before", "after"):
        parent = element.getparent()
        if parent is None:
            raise _impossible(number, "nothing can stand beside the outermost element")
        at = parent.index(element) + (where == "after")
        parent[at:at] = new
    elif where in ("", "prepend"):
        at = 0 if where else len(element)
        element[at:at] = new
    else:
        raise _wrong(number, "pos must be before, after or prepend")


def _replace(operation: etree._Element, element: etree._Element, attribute: str, number: int) -> None:
    if attribute:
        _there(element, attribute, number)
        element.set(attribute, operation.text or "")
        return
    parent = _parent(element, number)
    if len(operation) != 1 or _text_of(operation):
        raise _wrong(number, "it must hold the one element that takes the place of the other")
    new = operation[0]
    new.tail = None
    parent.replace(element, new)


def _remove(operation: etree._Element, element: etree._Element, attribute: str, number: int) -> None:
    if attribute:
        _there(element, attribute, number)
        del element.attrib[attribute]
    else:
        _parent(element, number).remove(element)


def _prune(root: etree._Element) -> None:
    """Take away the elements that nothing is left of, the inner before the outer."""
    for element in reversed(list(root.iter(f"{{{FHIR}}}*"))):
        says = len(element) or element.items() or (element.text or "").strip() or (element.tail or "").strip()
        parent = element.getparent()
        if not says and parent is not None:
            parent.remove(element)


def _there(element: etree._Element, attribute: str, number: int) -> None:
    if attribute not in element.attrib:
        raise _impossible(number, "the element has no such attribute")


def _parent(element: etree._Element, number: int) -> etree._Element:
    parent = element.getparent()
    if parent is None:
        raise _impossible(number, "the outermost element stays")
    return parent


def _text_of(operation: etree._Element) -> str:
    return "".join([operation.text or "", *(each.tail or "" for each in operation)]).strip(" \t\r\n")


def _wrong(number: int, reason: str) -> Refused:
    return refuse(PATCH_FORM, subject=f"Operation {number} of the patch", form="XML Patch", reason=reason)


def _impossible(number: int, reason: str) -> Refused:
    return refuse(PATCH_PATH, number=number, reason=reason)


_DO: dict[str, Callable[[etree._Element, etree._Element, str, int], None]] = {
    "add": _add,
    "replace": _replace,
    "remove": _remove,
}
