"""What a feed says becomes versions: marked, stamped, indexed; the same words make no new version."""

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from gateway.fhir import index, json
from gateway.fhir.faces import marked, told
from gateway.fhir.query import Entry, Uri
from gateway.problems import Kind, Problem, problem
from gateway.problems.service import REPEATED_RECORD
from gateway.service.clock import instant
from gateway.service.keys import Keys
from gateway.store.base import Delete, Held, Put, Row, Work
from gateway.store.told import ToldSoFar

Resource = dict[str, Any]
Unlike = Callable[[Resource, Resource], Kind | None]
"""Why a Patient as it is told is not of the person it was of before, if it is not."""

_HEAD = re.compile(rb'\{"resourceType":"[A-Za-z]+","id":"[A-Za-z0-9\-.]{1,64}"')
_META = b',"meta":{'
_STAMPS = ("versionId", "lastUpdated")


@dataclass(frozen=True, slots=True)
class Said:
    """One resource as its feed says it.

    Attributes:
        text: compact JSON that begins with resourceType and id, without versionId and lastUpdated.
        place: where it was said (`episodes:12`), "" for a write over HTTP.
        rule: the mapping rule that made it.
        source: `meta.source`, if the gateway gives it one; None where the resource has its own.
        read: what `text` says, where that is at hand.
        indexed: what it is found by, where that is known.
    """

    type: str
    id: str
    text: bytes
    place: str = ""
    rule: str = ""
    source: str | None = ""
    method: str = "PUT"
    read: Resource | None = None
    indexed: Sequence[Entry] | None = None

    @property
    def resource(self) -> Resource:
        """What is said."""
        return self.read if self.read is not None else json.read_trusted(self.text)


class Kept(NamedTuple):
    """What became of something said.

    `what` is "created", "updated", "unchanged", or "again" where the same load said it before. `before` is
    the Patient that stood there, where one was updated.
    """

    type: str
    id: str
    version: int
    updated: int
    what: str
    resource: Resource
    before: Resource | None = None


class Teller:
    """Writes one feed's words; made once for each feed."""

    def __init__(self, feed: str, keys: Keys) -> None:
        self.feed = feed
        self.public_id = keys.public_id(feed)

    def tell(
        self,
        work: Work,
        groups: Sequence[Sequence[Said]],
        at: int,
        load: int | None = None,
        *,
        so_far: ToldSoFar | None = None,
        unlike: Unlike | None = None,
    ) -> tuple[list[Kept], dict[int, Problem]]:
        """Keep what is new.

        Args:
            groups: what is said, in groups (the resources of one record) that are kept or refused whole.
            at: now, in milliseconds.
            load: the load it belongs to, if any.
            so_far: what the load has told before, and will have told when this returns; None for one
                group alone, which has nothing before it.
            unlike: says of a Patient as it stands and as it is told now why these are not of one person.

        Returns:
            What became of each resource, and by its number each group that was refused: one that
            contradicts an earlier one of the same load (two records with one key must not become one), or
            that makes a record that of another person.
        """
        held = work.held(self.feed, [(one.type, one.id) for group in groups for one in group])
        kept: list[Kept] = []
        refused: dict[int, Problem] = {}
        puts: dict[tuple[str, str], Put] = {}
        for number, group in enumerate(groups):
            words = [(one, content_digest(one.text)) for one in group]
            keys = [_key(one) for one in group]
            if so_far is not None and any(
                so_far.digest(key) not in (None, digest) for key, (_, digest) in zip(keys, words, strict=True)
            ):
                refused[number] = problem(REPEATED_RECORD)
                continue
            stood = self._patients_before(work, words, held)
            why = [kind for pair in stood.values() if (kind := unlike(*pair))] if unlike else []
            if why:
                refused[number] = problem(why[0])
                continue
            if so_far is not None:
                so_far.add(zip(keys, (digest for _, digest in words), strict=True))
            for one, digest in words:
                was = stood[one.id][0] if one.type == "Patient" and one.id in stood else None
                kept.append(self._keep(one, digest, held, puts, at, load)._replace(before=was))
        work.put(list(puts.values()))
        return kept, refused

    def _patients_before(
        self, work: Work, words: Sequence[tuple[Said, bytes]], held: Mapping[tuple[str, str], Held]
    ) -> dict[str, tuple[Resource, Resource]]:
        """The Patients of a group that are told differently now, by id: as they stand, and as told."""
        found = {}
        for one, digest in words:
            before = held.get((one.type, one.id)) if one.type == "Patient" else None
            if before is None or not before.present or before.digest == digest:
                continue
            row = work.read(self.feed, one.type, one.id)
            if row is not None:
                found[one.id] = (as_told(row), one.resource)
        return found

    def _keep(
        self,
        one: Said,
        digest: bytes,
        held: Mapping[tuple[str, str], Held],
        puts: dict[tuple[str, str], Put],
        at: int,
        load: int | None,
    ) -> Kept:
        key = (one.type, one.id)
        before = held.get(key)
        resource = one.resource
        if key in puts or (before and before.present and before.digest == digest):
            version = puts[key].version if key in puts else before.version if before else 0
            again = load is not None and before is not None and before.load == load
            return Kept(one.type, one.id, version, at, "again" if again else "unchanged", resource)
        puts[key] = put = self._put(one, resource, before, digest, at, load)
        what = "updated" if before and before.present else "created"
        return Kept(one.type, one.id, put.version, at, what, resource)

    def retract(self, work: Work, type: str, id: str, at: int) -> int | None:
        """Delete a resource; the number of the tombstone, or None where there was nothing to delete."""
        before = work.held(self.feed, [(type, id)]).get((type, id))
        if before is None or not before.present:
            return None
        work.delete([Delete(self.feed, type, id, before.highest + 1, at)])
        return before.highest + 1

    def _put(
        self, one: Said, resource: Resource, before: Held | None, digest: bytes, at: int, load: int | None
    ) -> Put:
        version = before.highest + 1 if before else 1
        reference = index.compartment_reference(resource, one.type)
        about = reference.removeprefix("Patient/") if reference else None
        stored = marked(stamped(one.text, version, at, one.source), about, self.public_id)
        return Put(
            feed=self.feed,
            type=one.type,
            local=one.id,
            public=self.public_id(one.type, one.id),
            about=about,
            body=stored.body,
            told=stored.told,
            version=version,
            updated=at,
            digest=digest,
            entries=(
                *(index.entries(resource, one.type) if one.indexed is None else one.indexed),
                *_source(one.source),
            ),
            time=index.moment(resource, one.type),
            method=one.method,
            load=load,
            place=one.place,
            rule=one.rule,
        )


def as_told(row: Row) -> Resource:
    """The resource of a row as its feed told it."""
    resource: Resource = json.read_trusted(told(row.body, row.told))
    return resource


def _key(one: Said) -> bytes:
    return hashlib.blake2b(f"{one.type}/{one.id}".encode(), digest_size=12).digest()


def _source(source: str | None) -> tuple[Entry, ...]:
    """What a resource is found by that the gateway adds to its meta."""
    return (Entry("_source", Uri(source)),) if source else ()


def content_digest(text: bytes) -> bytes:
    """What tells whether two texts say the same: a hash of them, stamps and source not being in them."""
    return hashlib.blake2b(text, digest_size=16).digest()


def stamped(text: bytes, version: int, at: int, source: str | None = "") -> bytes:
    """`text` with versionId, lastUpdated and, if given, source at the start of its meta."""
    head = _HEAD.match(text)
    if head is None:
        raise ValueError("a resource to be stored begins with its resourceType and id")
    stamps = b'"versionId":"%d","lastUpdated":"%s"' % (version, instant(at).encode())
    if source:
        stamps += b',"source":' + json.write(source)
    rest = text[head.end() :]
    joined = b"," + rest[len(_META) :] if rest.startswith(_META) else b"}" + rest
    return text[: head.end()] + _META + stamps + joined


def as_said(resource: Mapping[str, Any], id: str) -> bytes:
    """A resource a client sent, as compact JSON in the form that is stored, without the client's stamps."""
    return json.write(in_form(resource, id))


def in_form(resource: Mapping[str, Any], id: str) -> Resource:
    """A resource a client sent, in the form that is stored: type and id come first, without its stamps."""
    meta = {key: value for key, value in resource.get("meta", {}).items() if key not in _STAMPS}
    start: dict[str, Any] = {"resourceType": resource["resourceType"], "id": id}
    if meta:
        start["meta"] = meta
    rest = {key: value for key, value in resource.items() if key not in start and key != "meta"}
    return {**start, **rest}
