"""The values that go into a store and come out of it.

Times are integer milliseconds since 1970-01-01T00:00Z. A base is `ASK` (`/fhir`) or the name of a feed.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from gateway.fhir.query import Entry

ASK = ""
"""The base of those who ask: composed Patients, and what is about a child, from all feeds."""

Key = tuple[int | float | str, ...]
"""A row's place in the order of its search; can be written as JSON and given back as `after`.

It may hold a child's data (a name that was sorted by): it leaves the gateway only sealed.
"""


class Row(NamedTuple):
    """One resource as it stands.

    Attributes:
        local: the id its feed gave it.
        public: the id that `/fhir` shows (for a composed Patient: the child's id).
        body: the marked text (`faces.Stored.body`); of a composed Patient: the full text.
        told: `faces.Stored.told`; of a composed Patient: the text for callers without sight of UPNs.
        child: the id of the child its record is linked to, "" where there is none.
        version: the versionId.
        time: the clinical time it is ordered by; None where it has none.
        deleted: its last version is a tombstone (body and told are then empty).
        rec: the number of its record; of a composed Patient: the number of the child.
        key: its place in the order of the search that found it.
        rid: the store's own number of it.
    """

    type: str
    feed: str
    local: str
    public: str
    body: bytes
    told: bytes
    child: str
    version: str
    updated: int
    time: int | None = None
    deleted: bool = False
    rec: int = 0
    key: Key = ()
    rid: int = 0


class Version(NamedTuple):
    """One version of a resource, and where it came from; `created` where nothing stood before it."""

    row: Row
    method: str
    load: int | None
    place: str
    rule: str
    created: bool = False


@dataclass(frozen=True, slots=True)
class Era:
    """Which versions a history has, by the time they were made, and in which order.

    Attributes:
        since: made then or later.
        before: made earlier.
        outlasts: not followed by another version until after this moment; None where that does not matter.
        oldest_first: the order; newest first otherwise.
    """

    since: int = -(2**62)
    before: int = 2**62
    outlasts: int | None = None
    oldest_first: bool = False


ALWAYS = Era()
"""Every version, newest first."""


class Past(NamedTuple):
    """Some versions of a history, whether there are more, and how many in all (None where not asked)."""

    versions: list[Version]
    more: bool
    total: int | None


class Mark(NamedTuple):
    """How far what was there had changed at some moment: numbers that only grow, in the order of commits.

    Attributes:
        versions: of the last version that another one replaced.
        moves: of the last change of a child's Patient.
        children: of the last child that was made.
    """

    versions: int
    moves: int
    children: int


class Page(NamedTuple):
    """Some rows of a search, whether there are more, and how many match in all (None where not asked).

    Attributes:
        mark: when it was asked, where that was wanted and there are more.
        tail: where a walk goes on once it has come to the end of the order; empty before that.
    """

    rows: list[Row]
    more: bool
    total: int | None
    mark: Mark | None = None
    tail: tuple[int, ...] = ()


class Held(NamedTuple):
    """What is kept of one resource: the next version is `highest + 1`.

    Attributes:
        version: the number of the version that stands; 0 where none does.
        digest: its content hash.
        present: False where the resource is deleted or all its versions were taken back.
        about: the local id of its record's Patient, or None.
        load: the load that told the version that stands, or None.
    """

    version: int
    highest: int
    digest: bytes
    present: bool
    about: str | None
    load: int | None = None


@dataclass(frozen=True, slots=True)
class Put:
    """A new version of a resource.

    Attributes:
        version: the number that `body` carries as versionId; must be `Held.highest + 1`.
        about: the local id of the Patient it is about (its own id for a Patient), or None.
        digest: hash of the content without versionId, lastUpdated and source; the store only gives it back.
        entries: its indexed values.
        place: where its feed said it (`episodes:12`); rule: the mapping rule that made it.
    """

    feed: str
    type: str
    local: str
    public: str
    about: str | None
    body: bytes
    told: bytes
    version: int
    updated: int
    digest: bytes
    entries: tuple[Entry, ...] = ()
    time: int | None = None
    method: str = "PUT"
    load: int | None = None
    place: str = ""
    rule: str = ""


@dataclass(frozen=True, slots=True)
class Delete:
    """A tombstone: a version that says the resource is no longer there."""

    feed: str
    type: str
    local: str
    version: int
    updated: int
    load: int | None = None
    place: str = ""


class Record(NamedTuple):
    """One Patient of one feed, there or only named yet.

    Attributes:
        child: the number of its child or None.
        sealed: the number of the child it told of when that child was sealed; then `child` is None.
    """

    rec: int
    feed: str
    local: str
    child: int | None
    sealed: int | None = None


class Child(NamedTuple):
    """A child.

    Attributes:
        id: the Patient.id on `/fhir`.
        state: "active"; "merged" into another one; "sealed", and then nobody may learn of it.
        founder: the record it was made for.
        composed: whether it has a Patient now.
    """

    number: int
    id: str
    cci: str
    state: str
    founder: int
    load: int | None
    composed: bool


@dataclass(frozen=True, slots=True)
class Composed:
    """A child's Patient: the full text, the text without UPNs, its version (a hash of it) and its index."""

    full: bytes
    reduced: bytes
    version: str
    updated: int
    entries: tuple[Entry, ...] = ()


@dataclass(frozen=True, slots=True)
class Link:
    """An event: record `rec` was "linked" to `child` or "unlinked" from it, by whom and why, in words."""

    rec: int
    child: int
    what: str
    reason: str
    sentence: str
    author: str
    at: int
    load: int | None = None
    number: int = 0
    stands: bool = True


@dataclass(frozen=True, slots=True)
class LifeEvent:
    """What became of a child beside its links: an event, by whom and why, in words.

    Attributes:
        what: "merged" (into `other`), "unmerged", "split" (`other` is the part that left), "sealed",
            "unsealed", "distinct" (from `other`), ...
        second: the other person, where it takes two.
    """

    what: str
    child: int
    other: int | None
    reason: str
    author: str
    at: int
    second: str = ""
    load: int | None = None
    number: int = 0
    stands: bool = True


@dataclass(frozen=True, slots=True)
class Review:
    """A question to a person: is record `rec` about `child` (or the same as record `other`)?

    `evidence` is JSON text; `state` is "open", "withdrawn" or what was decided.
    """

    rec: int
    reason: str
    sentence: str
    at: int
    child: int | None = None
    other: int | None = None
    evidence: str = "{}"
    load: int | None = None
    state: str = "open"
    number: int = 0


class Candidates(NamedTuple):
    """Records by person key; `overfull` keys have more records than the cap and give none."""

    found: dict[bytes, tuple[int, ...]]
    overfull: frozenset[bytes]


@dataclass(frozen=True, slots=True)
class LoadStart:
    """What a load is of: the same feed, content and mapping are the same load while it is unfinished."""

    feed: str
    mapping: str
    mapping_sha: str
    files: tuple[str, ...]
    content: str
    given: Mapping[str, str] = field(default_factory=dict)
    at: int = 0


@dataclass(frozen=True, slots=True)
class Load:
    """One load: `state` is "running", "stopped" (its process ended before it did), "finished" or "undone"."""

    number: int
    start: LoadStart
    state: str
    counts: Mapping[str, int]
    finished: int | None = None
    undone: int | None = None
    continued: bool = False


class Aside(NamedTuple):
    """A record that was set aside: its bytes in the source's own form, and its problems as JSON text."""

    line: int
    raw: bytes
    problems: str
    file: str = ""


class Undone(NamedTuple):
    """What a load's undoing touched: these records need their keys, these children their Patient again.

    Attributes:
        asked: about how many links a person is asked, since what they rest on went with the load.
    """

    recs: tuple[int, ...]
    children: tuple[int, ...]
    resources: int
    asked: int = 0
