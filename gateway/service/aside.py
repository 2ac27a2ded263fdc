"""Records that a load set aside, written in their source's own format to be corrected and loaded again."""

import tempfile
from pathlib import Path
from typing import NamedTuple

from gateway.problems import Place, refuse
from gateway.problems.service import INTO_NEEDED, LOAD_UNKNOWN, MAPPING_UNKNOWN
from gateway.problems.source import ALREADY_THERE
from gateway.service.load import ENVELOPE_LINE
from gateway.service.shelf import FHIR, Shelf
from gateway.sources import set_aside
from gateway.sources.files import unreadable
from gateway.store.base import Aside, Reads


class Written(NamedTuple):
    """What was written.

    How many records, the text where no file was named, and each record's problems as JSON text.
    """

    records: int
    content: bytes
    reasons: tuple[str, ...]


def write_aside(store: Reads, shelf: Shelf, number: int, into: Path | None) -> Written:
    """Write the records that a load set aside.

    Args:
        into: the file to write, for a CSV set a folder; None to have the text given back.

    Raises:
        Refused: `service.unknown-load`; `service.into-needed` for a CSV set without a folder;
            `source.already-there`; `service.unknown-mapping` if the mapping is not there any more.
    """
    load = store.load(number)
    if load is None:
        raise refuse(LOAD_UNKNOWN, number=number)
    asides = list(store.asides(number))
    envelope = next((aside.raw for aside in asides if aside.line == ENVELOPE_LINE), b"")
    records = [aside for aside in asides if aside.line != ENVELOPE_LINE]
    reasons = tuple(aside.problems for aside in records)
    if not records:
        return Written(0, b"", ())
    if load.start.mapping == FHIR:
        return Written(len(records), _lines(records, into), reasons)
    with tempfile.TemporaryDirectory() as folder:
        path = into or Path(folder) / "set-aside"
        source = next(
            (one for name in shelf.folders if (one := shelf.mapping(name)).id == load.start.mapping), None
        )
        if source is None:
            raise refuse(MAPPING_UNKNOWN, name=load.start.mapping, known=", ".join(sorted(shelf.folders)))
        writer = set_aside(source.source, path, envelope)
        for aside in records:
            writer.add(aside.raw)
        writer.close()
        if into is None and path.is_dir():
            raise refuse(INTO_NEEDED, number=number)
        content = path.read_bytes() if into is None and path.exists() else b""
    return Written(len(records), content, reasons)


def _lines(records: list[Aside], into: Path | None) -> bytes:
    content = b"".join(aside.raw.rstrip(b"\n") + b"\n" for aside in records if aside.raw)
    if into is None:
        return content
    with unreadable(into.name):
        try:
            into.touch(mode=0o600, exist_ok=False)
        except FileExistsError:
            raise refuse(ALREADY_THERE, place=Place(file=into.name)) from None
        into.write_bytes(content)
    return b""
