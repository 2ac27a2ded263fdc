"""Which of several mappings a file is for, and whether it is FHIR itself: told by content, not by name."""

import re
from collections.abc import Iterator, Mapping

from gateway.fhir import json
from gateway.problems import Refused
from gateway.records import Shape, Source
from gateway.sources.columns import best_rule, read_header
from gateway.sources.encoding import decoded, find_encoding
from gateway.sources.files import ENDINGS, File, Given
from gateway.sources.json_items import Text, TooLarge, Wrapper, items
from gateway.sources.plain import gather_text
from gateway.sources.xml_prolog import look
from gateway.sources.xml_shape import paths_of


def recognise(given: Given, sources: Mapping[str, Source]) -> list[str]:
    """Return the names of the sources that `given` fits, the best first; none if it fits none.

    Args:
        given: a file, a folder, several files, or open streams by their names.
        sources: the formats to choose from, by the name of their mapping.

    Raises:
        Refused: `source.not-found`, `source.unreadable`, `source.empty`, `source.not-text`.
    """
    fits = {name: _fit(given, source) for name, source in sources.items()}
    return sorted((name for name in fits if fits[name] > 0), key=lambda name: (-fits[name], name))


def is_fhir(given: Given) -> bool:
    """Whether the first record of a JSON file is a FHIR resource or a Bundle of them.

    Raises:
        Refused: `source.not-found`, `source.unreadable`, `source.empty`, `source.not-text`.
    """
    files = _files(given, "json")
    return len(files) == 1 and "resourceType" in _keys(files[0], Wrapper(()))


def read_by(given: Given, source: Source) -> dict[str, str]:
    """The files of a CSV set that a source reads: their keys in it, by their names.

    Raises:
        Refused: `source.not-found`, `source.unreadable`, `source.empty`, `source.not-text`.
    """
    files = [file for file in _files(given, "csv") if _text(file)] if source.format == "csv" else []
    rules = {file.name: best_rule(read_header(file, source.encoding), source) for file in files}
    return {name: rule.key for name, rule in rules.items() if rule is not None}


def _fit(given: Given, source: Source) -> float:
    files = _files(given, source.format)
    try:
        if not files or (source.format != "csv" and len(files) > 1):
            return 0.0
        return _FITS[source.format](files, source)
    except Refused:
        return 0.0


def _files(given: Given, kind: str) -> list[File]:
    """The files that could be of this kind: those of a folder by their endings, all that are named."""
    try:
        return gather_text(given, kind)
    except Refused as refused:
        if refused.problems[0].kind.code == "source.no-file":
            return []
        raise


def _fits_csv(files: list[File], source: Source) -> float:
    """How many of the files have the columns of a table of the set."""
    known = [best_rule(read_header(file, source.encoding), source) for file in files if _text(file)]
    keys = {rule.key for rule in known if rule is not None}
    if source.top.file not in keys:
        return 0.0
    return len(keys) / len(files) if len(keys) <= len(files) else 0.0


def _fits_xml(files: list[File], source: Source) -> float:
    """Whether the root is the one; of several with that root, the one whose records are met first of all."""
    prolog = look(files[0], source.encoding)
    if prolog.root and prolog.root == source.root:
        head = files[0].head().decode(prolog.encoding.codec, "replace")
        names = "|".join(re.escape(path[-1]) for path in paths_of(source.top.each, source.root))
        return 1.0 if re.search(rf"<(?:[^\s<>/!?:]+:)?(?:{names})[\s/>]", head) else 0.8
    return 0.1 if prolog.root and not source.root else 0.0


def _fits_json(files: list[File], source: Source) -> float:
    """How many of the first record's keys the mapping knows."""
    path = [step for step in source.top.each.split("/") if step not in ("", ".")]
    keys = _keys(files[0], Wrapper(path))
    if not keys or "resourceType" in keys:
        return 0.0
    known = set(_steps(source.top)) | {path.partition("/")[0] for path in source.ignored}
    return len(keys & known) / len(keys)


_FITS = {"csv": _fits_csv, "xml": _fits_xml, "json": _fits_json}


def _steps(shape: Shape) -> Iterator[str]:
    for field in shape.fields:
        for path in field.paths:
            yield path.partition("/")[0]
    for kid in shape.kids:
        yield kid.each.partition("/")[0]


def _keys(file: File, wrapper: Wrapper) -> set[str]:
    """The keys of the first record of a JSON file."""
    with file.open() as stream:
        text = Text(decoded(stream, find_encoding(file)))
        if text.peek() not in ("{", "["):
            return set()
        try:
            first = next(items(text, wrapper), None)
            value = json.read(first.text) if first else None
        except (Refused, TooLarge):
            return set()
    return set(value) if isinstance(value, dict) else set()


def _text(file: File) -> bool:
    """Whether a file could be CSV at all."""
    return file.head(1) not in (b"<", b"{", b"[")


__all__ = ["ENDINGS", "is_fhir", "read_by", "recognise"]
