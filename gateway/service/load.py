"""A file comes in: read, translated, told, linked, in batches; what cannot be taken is set aside.

A load that was interrupted is run again and goes on as the same load: what it told already stays as it is,
and what it set aside is set aside anew. A load that is undone takes back exactly what it told.
"""

import hashlib
import time
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from dataclasses import field as attribute
from typing import BinaryIO, Protocol

from gateway.identity.match import GONE
from gateway.mapping.file import Mapping as MappingFile
from gateway.mapping.ids import Ids
from gateway.mapping.translate import Translator, settle
from gateway.problems import Place, Problem
from gateway.problems.source import UNKNOWN_FILE
from gateway.records import Broken, Reading
from gateway.service import decisions, life
from gateway.service.calm import calm
from gateway.service.clock import instant, now
from gateway.service.events import Author
from gateway.service.feed import Feed
from gateway.service.fhir_file import FhirFile, as_they_are
from gateway.service.keys import Keys
from gateway.service.link import MACHINE, Linker
from gateway.service.read import Read
from gateway.service.report import Report, add, kept_problems
from gateway.service.shelf import FHIR
from gateway.service.tell import Said, Teller
from gateway.sources import open_source
from gateway.sources.files import Given, gather, single
from gateway.store.base import Aside, LoadStart, Store, Undone
from gateway.store.told import ToldSoFar

#: The line of the set-aside entry that holds what surrounds the records of the file.
ENVELOPE_LINE = 0
#: Seconds after which a batch keeps other writers waiting too long, and the fewest records worth one.
_LONG, _FEW = 1.0, 50


class Progress(Protocol):
    """Is told now and then how far a load is: bytes done, bytes in all (0: not known), records."""

    def __call__(self, done: int, size: int, records: int) -> None:
        """Hear of it."""


@dataclass(frozen=True, slots=True)
class Loader:
    """Loads files into the store; made once."""

    store: Store
    keys: Keys
    linker: Linker
    tellers: Mapping[str, Teller]
    base_uri: str
    batch: int

    def load(
        self,
        given: Given,
        feed: Feed,
        mapping: MappingFile | None,
        *,
        values: Mapping[str, str] | None = None,
        dry_run: bool = False,
        progress: Progress | None = None,
        elsewhere: Container[str] = (),
    ) -> Report:
        """Load a file or a set of files into a feed.

        Args:
            given: paths, or open files by name.
            mapping: how to read and translate them; None for a file of FHIR itself.
            values: what the mapping asks for beside the feed's own settings.
            dry_run: translate everything and keep nothing.
            elsewhere: the names of files of the set that another mapping reads.

        Raises:
            Refused: what keeps the file from being read at all; a setting the mapping needs.
        """
        settings = {**feed.given, **(values or {})} if mapping else {}
        if mapping is not None:
            known = {each.name for each in mapping.given}
            settings = {
                name: value for name, value in settings.items() if name in known or name in (values or {})
            }
            settings = settle(mapping, settings)
        report = Report(feed=feed.name, mapping=mapping.id if mapping else FHIR, dry=dry_run)
        at = now()
        with calm(), _opened(given, mapping) as reading:
            report.files = tuple(reading.names.values())
            reading.warnings[:] = [each for each in reading.warnings if not _read(each, elsewhere)]
            records = self._records(reading, feed, mapping, settings, at)
            if dry_run:
                for read in records:
                    self._note(report, read)
                    _tell_progress(progress, reading, report)
                add(report.warnings, reading.warnings)
                return report
            self._keep(given, reading, records, feed, mapping, settings, at, report, progress)
        return report

    def undo(self, number: int) -> Undone:
        """Take a load back.

        Raises:
            Refused: `store.load-unknown`, `store.load-undone`, `store.load-running`.
        """
        with self.store.write() as work:
            at = now()
            undone_by = Author(MACHINE, "The load was undone.", at)
            decisions.fall_with(work, self.linker, number, undone_by)
            sealed = life.sealed_by(work, number)
            raised = work.reviews(state="", load=number)
            undone = work.undo(number, at)
            self.linker.resettle(work, undone.recs, undone.children, at)
            life.fall_with(work, self.linker, number, undone_by)
            # what it had asked, and what was told since asks still
            asked = {entry.rec for entry in raised if entry.reason != GONE} - set(undone.recs)
            self.linker.again(work, sorted(asked), at)
            gone = {entry.rec for entry in raised if entry.reason == GONE}
            new = self.linker.grounds.after_undo(work, number, undone.children, gone, at)
            self.linker.compose(work, self.linker.beside(work, sealed))
            # what the load had withdrawn is open again
            self.linker.look_again(work, work.reviews(), at)
        return undone._replace(asked=new)

    def _keep(
        self,
        given: Given,
        reading: Reading | FhirFile,
        records: Iterator[Read],
        feed: Feed,
        mapping: MappingFile | None,
        settings: Mapping[str, str],
        at: int,
        report: Report,
        progress: Progress | None,
    ) -> None:
        start = LoadStart(
            feed=feed.name,
            mapping=report.mapping,
            mapping_sha=mapping.sha256 if mapping else FHIR,
            files=report.files,
            content=_content(given, mapping),
            given=dict(settings),
            at=at,
        )
        load = self.store.start_load(start)
        report.number = load.number
        if load.continued:
            report.carry_on(load.counts)
        so_far = ToldSoFar()
        try:
            writing = _Writing(self, feed, report, reading, at, so_far)
            pace = _Pace(self.batch, self.batch)
            for batch in _batches(records, pace):
                began = time.monotonic()
                writing.batch(batch)
                pace.took(time.monotonic() - began)
                _tell_progress(progress, reading, report)
            with self.store.write() as work:
                work.count_load(load.number, report.counts())
                work.finish_load(load.number, now())
            add(report.warnings, reading.warnings)
        finally:
            so_far.close()
            self.store.leave_load(load.number)

    def _records(
        self,
        reading: Reading | FhirFile,
        feed: Feed,
        mapping: MappingFile | None,
        settings: Mapping[str, str],
        at: int,
    ) -> Iterator[Read]:
        if isinstance(reading, FhirFile):
            return as_they_are(reading)
        assert mapping is not None
        translator = Translator(
            mapping,
            Ids(self.keys.key("ids"), feed.name),
            given=settings,
            context=reading.context,
            received=instant(at),
            files=reading.names,
        )
        return _translated(reading, translator, mapping)

    def _note(self, report: Report, read: Read) -> None:
        report.records += 1
        add(report.dropped, read.dropped)
        add(report.warnings, read.warnings)
        if read.problems:
            report.set_aside += 1
            add(report.aside, read.problems)
        else:
            report.kept += 1


@dataclass(slots=True)
class _Writing:
    """The batches of one load on their way into the store."""

    loader: Loader
    feed: Feed
    report: Report
    reading: Reading | FhirFile
    at: int
    so_far: ToldSoFar
    _surrounded: bool = False
    _asides: list[Aside] = attribute(default_factory=list)

    def batch(self, batch: Sequence[Read]) -> None:
        """Keep some records in one unit of work."""
        loader, report = self.loader, self.report
        good = [read for read in batch if not read.problems]
        with loader.store.write() as work:
            kept, refused = loader.tellers[self.feed.name].tell(
                work,
                [_stamped(read, loader.base_uri, report.number) for read in good],
                self.at,
                report.number,
                so_far=self.so_far,
                unlike=loader.linker.unlike,
            )
            for number, problem in refused.items():
                good[number].problems = (problem.at(good[number].place),)
            patients = {
                each.id: each.resource
                for each in kept
                if each.type == "Patient" and each.what in ("created", "updated")
            }
            before = {
                each.id: each.before for each in kept if each.type == "Patient" and each.before is not None
            }
            linked = loader.linker.link(work, self.feed, patients, self.at, report.number, before)
            report.known += linked.known
            report.new += linked.new
            report.review += linked.to_review
            report.created += sum(each.what == "created" for each in kept)
            report.updated += sum(each.what == "updated" for each in kept)
            told = {"created", "updated", "again"} if report.continued else {"created", "updated"}
            changed = {(each.type, each.id) for each in kept if each.what in told}
            for read in batch:
                loader._note(report, read)
                if read.problems:
                    self._aside(read)
                elif not any((one.type, one.id) in changed for one in read.said):
                    report.unchanged += 1
            work.set_aside(report.number, self._asides)
            work.count_load(report.number, report.counts())
        self._asides = []

    def _aside(self, read: Read) -> None:
        if not self._surrounded:
            # what surrounds the records is known once the first of them was read
            self._asides.append(Aside(ENVELOPE_LINE, self.reading.envelope, "[]"))
            self._surrounded = True
        problems = kept_problems(read.problems)
        self._asides.append(Aside(read.place.line, read.raw, problems, read.place.file))


def _read(warning: Problem, elsewhere: Container[str]) -> bool:
    """Whether a warning is of a file that is read, by another mapping."""
    return warning.kind is UNKNOWN_FILE and warning.place.file in elsewhere


def _opened(given: Given, mapping: MappingFile | None) -> Reading | FhirFile:
    return open_source(given, mapping.source) if mapping else FhirFile(single(gather(given, "json"), "json"))


def _translated(reading: Reading, translator: Translator, mapping: MappingFile) -> Iterator[Read]:
    """Each record of a source, translated."""
    top = mapping.source.top
    key = top.file
    name = reading.names.get(key, "")
    names = [rule.name for rule in mapping.rules]
    for row in reading.rows:
        if isinstance(row, Broken):
            yield Read([], (row.problem,), row.raw, row.problem.place)
            continue
        place = f"{key or 'line'}:{row[-1]}"
        made = translator.translate(row)
        said = [
            Said(type, id, text.encode(), place, names[number]) for number, type, id, text in made.resources
        ]
        yield Read(
            said, made.problems, reading.raw(), Place(file=name, line=row[-1]), made.dropped, made.warnings
        )


def _stamped(read: Read, base_uri: str, load: int) -> list[Said]:
    source = f"{base_uri}/load/{load}"
    return [one if one.source is None else replace(one, source=f"{source}#{one.place}") for one in read.said]


@dataclass(slots=True)
class _Pace:
    """How many records are committed together: fewer where as many keep other writers waiting.

    Whoever writes over HTTP waits as long as one batch takes; on a busy machine that can be seconds.
    """

    most: int
    size: int

    def took(self, seconds: float) -> None:
        """The last batch took so long: the next one is half or twice as large."""
        if seconds > _LONG:
            self.size = max(self.size // 2, min(_FEW, self.most))
        elif seconds < _LONG / 4:
            self.size = min(self.size * 2, self.most)


def _batches(records: Iterable[Read], pace: _Pace) -> Iterator[list[Read]]:
    batch: list[Read] = []
    for read in records:
        batch.append(read)
        if len(batch) >= pace.size:
            yield batch
            batch = []
    if batch:
        yield batch


def _content(given: Given, mapping: MappingFile | None) -> str:
    """What tells whether a file is the same as one that was begun before: a hash of names and bytes."""
    whole = hashlib.sha256()
    for file in sorted(
        gather(given, mapping.source.format if mapping else "json"), key=lambda file: file.name
    ):
        whole.update(file.name.encode() + b"\0")
        with file.open() as stream:
            _digest(stream, whole.update)
    return whole.hexdigest()


def _digest(stream: BinaryIO, update: Callable[[bytes], object]) -> None:
    while piece := stream.read(1 << 20):
        update(piece)


def _tell_progress(progress: Progress | None, reading: Reading | FhirFile, report: Report) -> None:
    if progress is not None:
        progress(reading.done, reading.size, report.records)
