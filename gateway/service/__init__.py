"""The gateway itself: where mapping, identity, store, upstreams and security meet. It stays thin.

Gateway   everything the doors (HTTP and the command line) may do
tell      a feed's words become versions
changes   what clients write: one change, or many that belong together
link      records become children
decisions what persons decide about matches, and how it is taken back
lives     children merged, split, sealed, told apart
ask       one question, many sources, one page
load      a file comes in
shelf     the mappings and profiles that are there
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from gateway.config import Config
from gateway.fhir.parameters.context import Context
from gateway.identity import cci
from gateway.identity.match import Reason
from gateway.identity.numbers import upn
from gateway.identity.person import NHS_NUMBER
from gateway.problems import Problem, Refused, refuse
from gateway.problems.service import CHILD_UNKNOWN, FEED_UNKNOWN
from gateway.service import decisions, notes
from gateway.service.ask import Asker
from gateway.service.changes import Change, Changes, Done, ready, sound
from gateway.service.clock import now
from gateway.service.composer import Official
from gateway.service.events import Author
from gateway.service.feed import Feed
from gateway.service.indexing import Indexing
from gateway.service.keys import Keys
from gateway.service.link import PERSON, Linker
from gateway.service.lives import Lives
from gateway.service.load import Loader
from gateway.service.profiles import definitions
from gateway.service.shelf import Shelf
from gateway.service.tell import Teller
from gateway.service.weights import weights
from gateway.store.base import Child, Store
from gateway.store.trail import Trail
from gateway.upstream.asking import Upstreams

__all__ = ["Gateway"]

Resource = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Gateway:
    """An open gateway.

    Attributes:
        config: the settings in force.
        feeds: who tells, by name.
        shelf: the mappings and profiles.
        asker: answers searches; linker: links records; tellers: write each feed's words.
        indexing: which search parameters the index serves.
    """

    config: Config
    keys: Keys
    store: Store
    trail: Trail
    feeds: Mapping[str, Feed]
    shelf: Shelf
    upstreams: Upstreams
    asker: Asker
    linker: Linker
    tellers: Mapping[str, Teller]
    loader: Loader
    indexing: Indexing

    @staticmethod
    def over(
        config: Config, keys: Keys, store: Store, trail: Trail, shelf: Shelf, upstreams: Upstreams
    ) -> "Gateway":
        """A gateway over parts that are open already."""
        feeds = {
            name: Feed(name, given["organisation"] or name, given["sector"], given["verified"], given["set"])
            for name, given in config.table("feeds").items()
        }
        official = Official(config["official"], config["official_next"], config["official_from"])
        linker = Linker(keys, config["base_uri"], feeds, official, weights(config["model"]))
        tellers = {name: Teller(name, keys) for name in feeds}
        indexing = Indexing.over(store, shelf.own_parameters())
        return Gateway(
            config=config,
            keys=keys,
            store=store,
            trail=trail,
            feeds=feeds,
            shelf=shelf,
            upstreams=upstreams,
            asker=Asker(
                keys, upstreams, store.shown, int(config["cursor_life"]), int(config["include_most"])
            ),
            linker=linker,
            tellers=tellers,
            loader=Loader(store, keys, linker, tellers, config["base_uri"], int(config["load_batch"])),
            indexing=indexing,
        )

    def feed(self, name: str) -> Feed:
        """The feed of that name.

        Raises:
            Refused: `service.unknown-feed`.
        """
        if name not in self.feeds:
            raise refuse(FEED_UNKNOWN, name=name if name.isidentifier() else "…", known=_listed(self.feeds))
        return self.feeds[name]

    def context(self, *bases: str) -> Context:
        """What a question may take for granted: our own addresses, short names and forms of identifiers."""
        base = self.config["base_uri"]
        systems = {"CCI": f"{base}/Id/cci", "NHS": NHS_NUMBER, "UPN": f"{base}/Id/upn"}
        forms = {systems["CCI"]: cci.read, NHS_NUMBER: _digits, systems["UPN"]: upn}
        return Context(
            bases=bases,
            system_aliases=systems,
            value_forms=forms,
            terms=self.shelf.terms,
            unready=self.indexing.unready,
        )

    @contextmanager
    def changing(self, feed: Feed) -> Iterator[Changes]:
        """A unit of work for changes of a feed: all are kept when its block ends, none if it raises."""
        with self.store.write() as work:
            teller, base_uri = self.tellers[feed.name], self.config["base_uri"]
            yield Changes(work, feed, teller, self.linker, base_uri, self._unlike_its_claims)

    def _unlike_its_claims(self, resource: Resource) -> Sequence[Problem]:
        """What keeps a resource from following the profiles it claims, where the settings ask for that."""
        if not self.config["check_profiles"] or "profile" not in resource.get("meta", {}):
            return ()
        found = definitions(self.shelf.profiles, self.shelf.base_uri).judged(resource)
        return [each for each in found if each.kind.severity == "error"]

    def change(self, feed: Feed, change: Change) -> Done:
        """Make one change of a feed.

        Raises:
            Refused: as `Changes.make`.
        """
        prepared = ready(change)
        with self.changing(feed) as changes:
            return changes.make([prepared])[0]

    def write(self, feed: Feed, type: str, id: str, resource: Resource) -> Done:
        """Keep a resource under its id, and link it if it is a Patient.

        Raises:
            Refused: every problem of the resource; `http.id-differs`; `record.other-person`.
        """
        return self.change(feed, Change("PUT", type, id, resource=sound(resource, type, id)))

    def delete(self, feed: Feed, type: str, id: str) -> Done:
        """Delete a resource of a feed, if it is there."""
        return self.change(feed, Change("DELETE", type, id))

    def child(self, text: str) -> Child:
        """The child with this CCI, as people write it.

        Raises:
            Refused: `cci.*` where it is not one; `service.unknown-child`.
        """
        found = self.store.child(cci=cci.read(text))
        if found is None:
            raise refuse(CHILD_UNKNOWN)
        return found

    @property
    def asker_here(self) -> Asker:
        """Answers searches from the gateway's own records alone."""
        nobody = Upstreams([], base_uri=self.config["base_uri"], public_id=lambda *_: "")
        most = int(self.config["include_most"])
        return Asker(self.keys, nobody, self.store.shown, int(self.config["cursor_life"]), most)

    @property
    def _by_name(self) -> bool:
        return bool(self.config["one_operator"])

    @property
    def lives(self) -> Lives:
        """What persons may do about children's lives: merge, split, seal, tell apart."""
        return Lives(self.store, self.linker, self._by_name)

    def decide(self, number: int, *, same: bool, reason: str, author: str) -> bool:
        """Write down what a person decided about a match; whether it is done, or waits for a second person.

        Raises:
            Refused: `service.unknown-review`, `service.review-decided`; as `Lives.merge`.
        """
        with self.store.write() as work:
            by = Author(author, reason, now(), self._by_name)
            return decisions.decide(work, self.linker, number, same, by)

    def not_sure(self, number: int, *, reason: str, author: str) -> None:
        """Write down that a person looked at a match and could not tell; it stays open.

        Raises:
            Refused: `service.unknown-review`, `service.review-decided`.
        """
        with self.store.write() as work:
            decisions.not_sure(work, number, Author(author, reason, now()))

    def take_apart(self, feed: Feed, local: str, *, reason: str, author: str) -> Child:
        """A person takes a record out of the child it is linked to; the child it has from now on.

        Raises:
            Refused: `service.unknown-record`.
        """
        with self.store.write() as work:
            rec = decisions.linked(work, feed.name, local).rec
            number = self.linker.move(work, rec, None, Reason(PERSON, reason), author, now())
            return work.children([number])[number]

    def take_back(self, number: int, *, author: str) -> None:
        """Take back what a person decided about a match: links and entry are as they were before.

        Raises:
            Refused: `service.unknown-review`, `service.review-open`.
        """
        with self.store.write() as work:
            decisions.take_back(work, self.linker, number, Author(author, "Taken back.", now()))

    def put_back(self, feed: Feed, local: str, *, author: str) -> Child:
        """Take back what a person last did to a record's link; the child it is linked to then.

        Raises:
            Refused: `service.unknown-record`, `service.not-by-a-person`.
        """
        with self.store.write() as work:
            record = decisions.linked(work, feed.name, local)
            return decisions.put_back(work, self.linker, record, Author(author, "Put back.", now()))

    def note_audit(self) -> None:
        """Note in the store how far the audit goes, if the store can be written now."""
        with suppress(Refused):
            notes.note_audit(self.store, self.trail)

    def close(self) -> None:
        """Close the store and the audit."""
        self.note_audit()
        self.store.close()
        self.trail.close()


def _digits(text: str) -> str:
    return text.replace(" ", "").replace("-", "")


def _listed(names: Mapping[str, Any]) -> str:
    return ", ".join(sorted(names)) or "none yet"
