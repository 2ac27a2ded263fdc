"""The one XML parser for what strangers send: no document types, entities, network or inclusions.

libxml2's own limits stay in force: on the length of one text, on nesting, on how much entities may add.
"""

import re
from html import escape
from html.entities import html5

from lxml import etree

from gateway.fhir.xml_slots import XHTML_DIV
from gateway.problems import Place, refuse
from gateway.problems.xml import XML_DOCTYPE, XML_ENCODING, XML_SYNTAX

_DECLARED = re.compile(r"""\A\s*<\?xml[^>]*?\sencoding\s*=\s*["']([A-Za-z0-9._\-]+)["']""")
_ENTITY = re.compile(r"&([A-Za-z][A-Za-z0-9]*;)")
_XML_ENTITIES = ("amp;", "lt;", "gt;", "quot;", "apos;")

#: libxml2's own texts may repeat what was sent, so they are not passed on.
_REASONS = {
    etree.ErrorTypes.ERR_DOCUMENT_EMPTY: "there is no element in it",
    etree.ErrorTypes.ERR_DOCUMENT_END: "something follows the outermost element",
    etree.ErrorTypes.ERR_INVALID_CHAR: "a character that XML does not allow",
    etree.ErrorTypes.ERR_INVALID_CHARREF: "a number of a character that XML does not allow",
    etree.ErrorTypes.ERR_UNDECLARED_ENTITY: "an entity that XML does not know",
    etree.ErrorTypes.ERR_ATTRIBUTE_REDEFINED: "the same attribute twice in one element",
    etree.ErrorTypes.ERR_LT_IN_ATTRIBUTE: "the sign < inside an attribute, where it is written &lt;",
    etree.ErrorTypes.ERR_NAME_REQUIRED: "the sign & or < that begins nothing; write &amp; or &lt;",
    etree.ErrorTypes.ERR_TAG_NAME_MISMATCH: "an end tag that does not fit its start tag",
    etree.ErrorTypes.ERR_TAG_NOT_FINISHED: "the text ends before its elements do",
    etree.ErrorTypes.NS_ERR_UNDEFINED_NAMESPACE: "a prefix that no xmlns declares",
}


def parsed(content: bytes) -> tuple[etree._Element, str]:
    """Return the root of an XML text without comments and processing instructions, and the text itself.

    A byte order mark is tolerated; anything but UTF-8 is not.

    Raises:
        Refused: `xml.encoding`, `xml.syntax` with line and column, `xml.doctype`.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise refuse(XML_ENCODING) from None
    declared = _DECLARED.match(text[:200])
    if declared and declared.group(1).lower() not in ("utf-8", "utf8", "us-ascii"):
        raise refuse(XML_ENCODING, place=Place(line=1))
    try:
        root = etree.fromstring(text.encode(), parser())
    except etree.XMLSyntaxError as error:
        line, column = error.position
        reason = _REASONS.get(getattr(error, "code", 0), "it is not well-formed")
        raise refuse(XML_SYNTAX, place=Place(line=line or 1, column=column), reason=reason) from None
    if root.getroottree().docinfo.internalDTD is not None:
        raise refuse(XML_DOCTYPE)
    return root, text


def parser(*, whole: bool = False) -> etree.XMLParser:
    """A new parser with everything switched off that reaches out of the text or makes it grow.

    Args:
        whole: keep comments and processing instructions, for whoever must look at them.
    """
    return etree.XMLParser(
        encoding="utf-8",
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=False,
        remove_comments=not whole,
        remove_pis=not whole,
        collect_ids=False,
    )


def characters(text: str) -> str:
    """A text of XHTML in which names that only HTML knows (`&nbsp;`) have become the characters they mean."""
    return _ENTITY.sub(_character, text) if "&" in text else text


def narrative_xml(div: str) -> str | None:
    """The text of a narrative as it can stand inside XML; None if it is not one well-formed XHTML div."""
    text = characters(div).strip()
    try:
        root = etree.fromstring(text.encode(), parser())
    except (etree.XMLSyntaxError, UnicodeEncodeError):
        return None
    return text if root.tag == XHTML_DIV and text[1] not in "?!" else None


def _character(found: re.Match[str]) -> str:
    """The character of an entity that HTML knows and XML does not."""
    name = found.group(1)
    return found.group(0) if name in _XML_ENTITIES or name not in html5 else escape(html5[name])
