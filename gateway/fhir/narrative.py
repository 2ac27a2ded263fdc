"""The narrative of a resource: XHTML that can be shown to a person without running anything.

What R4 does not allow is refused and named, not cleaned: what a clinician signed is not changed behind their
back (14 of docs/decisions). Pages show a narrative as HTML, so what XML and HTML read differently is refused
as well: a section that XML takes for text, and a comment that HTML ends sooner.

Source: HL7 FHIR R4 narrative, https://hl7.org/fhir/R4/narrative.html (txt-1, txt-2).
"""

import re

from lxml import etree

from gateway.fhir.xml_parser import characters, parser

_XHTML = "{http://www.w3.org/1999/xhtml}"
_ELEMENT = re.compile(
    r"""a|abbr|acronym|b|big|blockquote|br|caption|cite|code|col|colgroup|dd|dfn|div|dl|dt|em|h[1-6]|hr|i|img|li
    |ol|p|pre|q|samp|small|span|strong|sub|sup|table|tbody|td|tfoot|th|thead|tr|tt|ul|var""",
    re.VERBOSE,
)
_ATTRIBUTE = re.compile(
    r"""abbr|accesskey|align|alt|axis|bgcolor|border|cellhalign|cellpadding|cellspacing|cellvalign|char|charoff
    |charset|cite|class|colspan|compact|coords|dir|frame|headers|height|href|hreflang|hspace|id|lang|longdesc
    |name|nowrap|rel|rev|rowspan|rules|scope|shape|span|src|start|style|summary|tabindex|title|type|valign|value
    |vspace|width|\{http://www\.w3\.org/XML/1998/namespace\}(?:lang|space)""",
    re.VERBOSE,
)
_LINKS = ("href", "src", "cite", "longdesc")
_READ_TWO_WAYS = re.compile(r"<!\[|<!--(?:>|->)")
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.\-]*):")
_SAFE_SCHEMES = ("http", "https", "ftp", "mailto", "tel", "urn")
_UNSEEN = re.compile(r"[\x00-\x20\x7f-\xa0\u200b-\u200f\ufeff]+")
_ACTIVE_STYLE = re.compile(
    r"""expression\s*\(|@import|behavior|-moz-binding|\\|url\s*\(\s*['"]?\s*(?!data:image/)(?:[a-z][a-z0-9+.\-]*:|//)""",
    re.IGNORECASE,
)


def narrative_fault(div: str) -> str:
    """What a narrative holds that R4 does not allow, in words ("the element script"); "" for nothing."""
    try:
        root = etree.fromstring(characters(div).encode(), parser(whole=True))
    except (etree.XMLSyntaxError, ValueError):
        return "a text that is not well-formed XHTML"
    if _READ_TWO_WAYS.search(div):
        return "a comment or section that HTML reads in another way than XML"
    if root.tag != _XHTML + "div" or "<!DOCTYPE" in div:
        return "something else than one div of the XHTML namespace"
    for element in root.iter():
        if fault := _element_fault(element):
            return fault
    return "" if _says_something(root) else "no text and no picture"


def _element_fault(element: etree._Element) -> str:
    if isinstance(element, etree._Comment):
        return ""
    if isinstance(element, etree._ProcessingInstruction | etree._Entity):
        return "a processing instruction or an entity"
    name = str(element.tag).removeprefix(_XHTML)
    if not _ELEMENT.fullmatch(name):
        return f"the element {name}" if name.isalnum() else "an element of another namespace"
    for attribute, value in element.attrib.items():
        if fault := _attribute_fault(str(attribute), str(value)):
            return fault
    return ""


def _attribute_fault(name: str, value: str) -> str:
    if not _ATTRIBUTE.fullmatch(name):
        return f"the attribute {name}" if name.isalnum() else "an attribute of another namespace"
    if name in _LINKS:
        scheme = _SCHEME.match(_UNSEEN.sub("", value))
        picture = name == "src" and _UNSEEN.sub("", value).lower().startswith("data:image/")
        if scheme and scheme.group(1).lower() not in _SAFE_SCHEMES and not picture:
            return "a link that could run something"
    if name == "style" and _ACTIVE_STYLE.search(value):
        return "a style that could load or run something"
    return ""


def _says_something(root: etree._Element) -> bool:
    return any(str(text).strip() for text in root.itertext()) or root.find(f".//{_XHTML}img") is not None
