"""The narratives of an XML text, character for character as they were sent.

libxml2 tells what a text means, not how it was written, so the narratives are looked up in the text itself.
That is safe because the text is known to be well-formed: "<" begins a tag, a comment or a marked section.
"""

import re
from copy import deepcopy

from lxml import etree

from gateway.fhir.xml_slots import XHTML, XHTML_DIV

_DIV = re.compile(
    r"""<!--.*?-->|<!\[CDATA\[.*?\]\]>|<\?.*?\?>
    |<(?P<end>/?)div(?=[\s/>])(?P<attributes>(?:[^"'>]|"[^"]*"|'[^']*')*+)>""",
    re.VERBOSE | re.DOTALL,
)
_NAMESPACE = re.compile(rf"""\sxmlns\s*=\s*["']{re.escape(XHTML)}["']""")


def narratives(root: etree._Element, text: str) -> dict[etree._Element, str]:
    """The outermost XHTML divs of a text with what was written for each.

    One that leans on a prefix or namespace declared around it is written anew, so that it stands alone.
    """
    divs = [div for div in root.iter(XHTML_DIV) if not _inside_xhtml(div)]
    written = _written(text)
    if len(written) != len(divs):
        return {div: _anew(div) for div in divs}
    return {
        div: piece if _NAMESPACE.search(piece, 0, piece.index(">")) else _anew(div)
        for div, piece in zip(divs, written, strict=True)
    }


def _written(text: str) -> list[str]:
    pieces: list[str] = []
    depth, start = 0, 0
    for found in _DIV.finditer(text):
        if found.group("attributes") is None:
            continue
        if depth == 0:
            start = found.start()
        depth += -1 if found.group("end") else 0 if found.group("attributes").endswith("/") else 1
        if depth == 0:
            pieces.append(text[start : found.end()])
    return pieces


def _inside_xhtml(div: etree._Element) -> bool:
    parent = div.getparent()
    return parent is not None and str(parent.tag).startswith(f"{{{XHTML}}}")


def _anew(div: etree._Element) -> str:
    alone = deepcopy(div)
    alone.tail = None
    etree.cleanup_namespaces(alone)
    return etree.tostring(alone, encoding="unicode")
