"""The gateway itself: where mapping, identity, store, upstreams and security meet. It stays thin.

Gateway   everything the doors (HTTP and the command line) may do
tell      a feed's words become versions
link      records become children
decisions what persons decide about matches, and how it is taken back
lives     children merged, split, sealed, told apart
ask       one question, many sources, one page
load      a file comes in
shelf     the mappings and profiles that are there
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from gateway.config import Config
from gateway.fhir.parameters.context import Context
from gateway.fhir.validate import validate
from gateway.identity import cci
from gateway.identity.match import Reason
from gateway.identity.numbers import upn
from gateway.identity.person import NHS_NUMBER
from gateway.problems import Place, Refused, problem, refuse
from gateway.problems.http import HTTP_EXISTS, HTTP_ID_DIFFERS, HTTP_STALE, HTTP_TYPE_DIFFERS
from gateway.problems.service import CHILD_UNKNOWN, FEED_UNKNOWN
from gateway.service import decisions, notes
from gateway.service.ask import Asker
from gateway.service.clock import now
from gateway.service.events import Author
from gateway.service.keys import Keys
from gateway.service.link import PERSON, Feed, Linker
from gateway.service.lives import Lives
from gateway.service.load import Loader
from gateway.service.shelf import Shelf
from gateway.service.tell import Kept, Said, Teller, as_said
from gateway.store.base import Child, Held, Store, Trail
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

    @staticmethod
    def over(
        config: Config, keys: Keys, store: Store, trail: Trail, shelf: Shelf, upstreams: Upstreams
    ) -> "Gateway":
        """A gateway over parts that are open already."""
        feeds = {
            name: Feed(name, given["organisation"] or name, given["sector"], given["verified"], given["set"])
            for name, given in config.table("feeds").items()
        }
        linker = Linker(keys, config["base_uri"], feeds, config["official"])
        tellers = {name: Teller(name, keys) for name in feeds}
        return Gateway(
            config=config,
            keys=keys,
            store=store,
            trail=trail,
            feeds=feeds,
            shelf=shelf,
            upstreams=upstreams,
            asker=Asker(keys, upstreams, int(config["cursor_life"])),
            linker=linker,
            tellers=tellers,
            loader=Loader(store, keys, linker, tellers, config["base_uri"], int(config["load_batch"])),
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
        return Context(bases=bases, system_aliases=systems, value_forms=forms, terms=self.shelf.terms)

    def write(
        self,
        feed: Feed,
        type: str,
        id: str,
        resource: Resource,
        *,
        method: str = "PUT",
        if_match: Sequence[str] = (),
        only_new: bool = False,
    ) -> Kept:
        """Keep a resource that a feed's client sent, and link it if it is a Patient.

        Args:
            if_match: versions one of which must stand; empty for no condition.
            only_new: nothing of this id may stand.

        Raises:
            Refused: every problem of the resource; `http.id-differs`; `http.stale`; `http.exists`.
        """
        problems = validate(resource)
        if not problems and resource["resourceType"] != type:
            problems = [problem(HTTP_TYPE_DIFFERS, place=Place(path="resourceType"), type=type)]
        if not problems and method == "PUT" and resource.get("id") != id:
            problems = [problem(HTTP_ID_DIFFERS, place=Place(path=f"{type}.id"))]
        if problems:
            raise Refused(*problems)
        with self.store.write() as work:
            # not before it is its turn: who writes later has the later time
            at = now()
            held = work.held(feed.name, [(type, id)]).get((type, id))
            if only_new and held is not None and held.present:
                raise refuse(HTTP_EXISTS, field="If-None-Match")
            check_match(held, if_match)
            said = Said(type, id, as_said(resource, id), method=method)
            kept, refused = self.tellers[feed.name].tell(work, [[said]], at, another=self.linker.is_another)
            if refused:
                raise Refused(*refused.values())
            if type == "Patient" and kept[0].what != "unchanged":
                before = {id: kept[0].before} if kept[0].before is not None else {}
                self.linker.link(work, feed, {id: kept[0].resource}, at, before=before)
        return kept[0]

    def delete(self, feed: Feed, type: str, id: str, *, if_match: Sequence[str] = ()) -> int | None:
        """Delete a resource of a feed; the version that says so, or None where there was nothing.

        Raises:
            Refused: `http.stale`.
        """
        with self.store.write() as work:
            check_match(work.held(feed.name, [(type, id)]).get((type, id)), if_match)
            at = now()
            version = self.tellers[feed.name].retract(work, type, id, at)
            record = work.record(feed.name, id) if type == "Patient" and version else None
            if record is not None:
                self.linker.resettle(work, [record.rec], [], at)
        return version

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
        return Asker(self.keys, nobody, int(self.config["cursor_life"]))

    @property
    def lives(self) -> Lives:
        """What persons may do about children's lives: merge, split, seal, tell apart."""
        return Lives(self.store, self.linker)

    def decide(self, number: int, *, same: bool, reason: str, author: str) -> bool:
        """Write down what a person decided about a match; whether it is done, or waits for a second person.

        Raises:
            Refused: `service.unknown-review`, `service.review-decided`; as `Lives.merge`.
        """
        with self.store.write() as work:
            return decisions.decide(work, self.linker, number, same, Author(author, reason, now()))

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


def check_match(held: Held | None, if_match: Sequence[str]) -> None:
    """Refuse a write that was made for another version than the one that stands.

    Raises:
        Refused: `http.stale`.
    """
    if not if_match:
        return
    standing = str(held.version) if held and held.present else ""
    if standing not in if_match and not ("*" in if_match and standing):
        raise refuse(HTTP_STALE, field="If-Match")


def _digits(text: str) -> str:
    return text.replace(" ", "").replace("-", "")


def _listed(names: Mapping[str, Any]) -> str:
    return ", ".join(sorted(names)) or "none yet"
