"""Which search parameters the index serves, and how it is made anew for others while everything goes on.

A store says in which form its index is. What older resources are not indexed for is not searched for until
`fhirgate reindex` has gone through all of them: half an answer would look like a whole one.
"""

import hashlib
import json
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from gateway.fhir import facts, index
from gateway.fhir.faces import told
from gateway.fhir.json import read_trusted
from gateway.fhir.own_parameters import Own
from gateway.fhir.query import Entry
from gateway.problems import refuse
from gateway.problems.search import SEARCH_RESTART
from gateway.service.composer import found_by
from gateway.store.base import Store, Work
from gateway.store.reindexing import PLACE, Stale

SERVED = "served-with"
"""The note of what the last server that was started serves."""

_BATCH = 200
_SOON = 1.0

Progress = Callable[[int, int], None]


@dataclass(slots=True)
class Indexing:
    """The search parameters in force beside R4's own, and how far the store's index has them.

    Attributes:
        store: the store; own: the parameters.
    """

    store: Store
    own: Own
    _unready: frozenset[str] = frozenset()
    _until: float = field(default=0.0)

    @staticmethod
    def over(store: Store, own: Own) -> "Indexing":
        """Begin to use the parameters; an empty store has nothing that is not indexed."""
        facts.use(own.parameters)
        found = Indexing(store, own)
        known = store.indexed()
        gone = {url: None for url in known if url not in ("", PLACE) and url not in own.forms}
        missing = {url: form for url, form in own.forms.items() if known.get(url) != form}
        if gone or missing:
            with store.write() as work:
                new = missing if not work.counts()["versions"] and not work.counts()["resources"] else {}
                work.note_indexed({**gone, **new})
        return found

    @property
    def form(self) -> str:
        """A mark of all that is indexed now."""
        said = json.dumps([index.EDITION, sorted(self.own.forms.items())])
        return hashlib.sha256(said.encode()).hexdigest()[:16]

    @property
    def unready(self) -> frozenset[str]:
        """What cannot be searched for yet, as `Context.unready`; looked up again now and then."""
        if self._until <= time.monotonic():
            self._unready = _unready(self.store.indexed(), self.own)
            # once everything is indexed it stays so, for whatever is written is indexed at once
            self._until = time.monotonic() + _SOON if self._unready else float("inf")
        return self._unready

    def note_served(self) -> None:
        """Note what a server that starts now serves."""
        if self.store.notes().get(SERVED) != self.form:
            with self.store.write() as work:
                work.note({SERVED: self.form})

    def renew(self, *, alone: bool = False, tell: Progress = lambda done, all: None) -> int:
        """Index every resource anew; one that was stopped goes on where it was.

        Args:
            alone: no server is running; one that was started before would write what is not indexed.
            tell: hears how many texts are done, and of how many.

        Returns:
            How many texts were looked at, of resources and of their older versions.

        Raises:
            Refused: `search.restart`.
        """
        if not alone and self.store.notes().get(SERVED, self.form) != self.form:
            raise refuse(SEARCH_RESTART)
        counts = self.store.counts()
        every = counts["resources"] + counts["versions"]
        done = 0
        while True:
            with self.store.write() as work:
                looked_at = self._batch(work)
            if looked_at is None:
                break
            done += looked_at
            tell(done, max(every, done))
            # whoever else wants to write has a turn
            time.sleep(0.002)
        self._until = 0.0
        return done

    def _batch(self, work: Work) -> int | None:
        """Index some more and note the place; None when all is done, and noted."""
        form, step, after, first = _place(work.indexed().get(PLACE, ""))
        if form != self.form:
            form, step, after, first = self.form, 0, 0, 0
        found = work.stale(after, _BATCH, versions=step != 1)
        if found:
            work.renew([(each, tuple(_entries(each))) for each in found])
            work.note_indexed({PLACE: f"{form} {step} {found[-1].key} {first}"})
        elif step == 0:
            work.note_indexed({PLACE: f"{form} 1 0 {after}"})
        elif step == 1:
            # the versions that came since the first step follow on those that were there
            work.note_indexed({PLACE: f"{form} 2 {first} {first}"})
        else:
            work.note_indexed({"": None, PLACE: None, **self.own.forms})
            return None
        return len(found)


def _place(how: str) -> tuple[str, int, int, int]:
    """The form that it is made in, the step, the last key of it, and the last version of the first step."""
    form, *numbers = how.split() if how.count(" ") == 3 else ("", "0", "0", "0")
    step, after, first = map(int, numbers)
    return form, step, after, first


def _entries(each: Stale) -> Iterator[Entry]:
    if each.composed:
        yield from found_by(read_trusted(each.body))
    else:
        yield from index.entries(read_trusted(told(each.body, each.told)), each.type)


def _unready(known: Mapping[str, str], own: Own) -> frozenset[str]:
    found = set(index.OLDER.get(known.get("", index.EDITION), frozenset()))
    late = {url for url, form in own.forms.items() if known.get(url) != form}
    for type, parameters in own.parameters.items():
        found.update(f"{type}.{each.code}" for each in parameters if each.definition in late)
    return frozenset(found)
