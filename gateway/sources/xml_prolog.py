"""What stands before the root of an XML file: encoding, DOCTYPE, and the root's name, without parsing it."""

import re
from typing import NamedTuple

from gateway.problems import Place, refuse
from gateway.problems.source import DOCTYPE, WRONG_FORMAT
from gateway.sources.encoding import Encoding, check_utf8, find_encoding, known, sniffed
from gateway.sources.files import File

# Comments before the root may be long, but not without end.
_LONGEST = 1 << 20
_DECLARED = re.compile(r"""<\?xml[^>]*?\sencoding\s*=\s*["']([\w.:-]+)["']""")
_SKIPPED = re.compile(r"\s+|<!--.*?-->|<\?.*?\?>", re.DOTALL)
_ROOT = re.compile(r"<([^\s<>/!?&]+)")


class Prolog(NamedTuple):
    """The encoding of an XML file, the local name of its root ("" for none), whether it has a DOCTYPE."""

    encoding: Encoding
    root: str
    doctype: bool


def look(file: File, declared: str = "") -> Prolog:
    """Return the prolog of `file`; `declared` overrides the encoding that the file itself declares.

    Raises:
        Refused: `source.encoding-unknown`, `source.unreadable`.
    """
    head = file.head()
    marked = sniffed(head)
    encoding = marked or Encoding("utf-8")
    text = _text(head, encoding)
    if marked is None:
        said = declared or _first(_DECLARED, text)
        encoding = Encoding(known(said, file.name) if said else "utf-8")
    root, doctype = _scan(text)
    if not root and not doctype and len(head) < file.size:
        root, doctype = _scan(_text(file.head(_LONGEST), encoding))
    return Prolog(encoding, root, doctype)


def checked(file: File, root: str, declared: str = "") -> Prolog:
    """Return the prolog of a file that may be parsed: no DOCTYPE, the wanted root, the encoding it claims.

    Raises:
        Refused: `source.wrong-format`, `source.doctype`, `source.encoding`, `source.encoding-unknown`.
    """
    prolog = look(file, declared)
    place = Place(file=file.name, line=1)
    if prolog.doctype:
        raise refuse(DOCTYPE, place=place)
    if not prolog.root or (root and prolog.root != root):
        found = f"<{prolog.root[:40]}>" if prolog.root else "text without an XML root"
        raise refuse(WRONG_FORMAT, place=place, found=found, wanted=f"<{root}>" if root else "XML")
    return prolog._replace(encoding=_sure(file, prolog.encoding, declared))


def _sure(file: File, encoding: Encoding, declared: str) -> Encoding:
    """The encoding, after a look at every byte where the file claims UTF-8 or claims nothing."""
    if encoding.codec != "utf-8" or declared:
        return encoding
    if encoding.mark or _first(_DECLARED, _text(file.head(), encoding)):
        check_utf8(file)
        return encoding
    found = find_encoding(file)
    if found.codec == "utf-8":
        check_utf8(file)
    return found


def _scan(text: str) -> tuple[str, bool]:
    at = 0
    while skipped := _SKIPPED.match(text, at):
        at = skipped.end()
    if text.startswith("<!DOCTYPE", at):
        return "", True
    root = _ROOT.match(text, at)
    return (root[1].rpartition(":")[2] if root else ""), False


def _text(head: bytes, encoding: Encoding) -> str:
    return head[encoding.mark :].decode(encoding.codec, "replace")


def _first(pattern: re.Pattern[str], text: str) -> str:
    found = pattern.match(text.lstrip())
    return found[1] if found else ""
