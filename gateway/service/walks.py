"""Walks over the pages of an answer whose order others may change: what they have shown so far.

What a page showed goes along in the link to the next one, and is kept once a page further on is linked to: so
an answer of one page, or of two, keeps nothing, and whoever asks for a page again gets it again.
"""

import re
import secrets
import threading
import time
from typing import NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from gateway.fhir import index
from gateway.fhir.query import Query
from gateway.store.base import Mark, Page, Walking
from gateway.store.shown import Shown, new_number

#: Characters of a public id that stand for it: 60 bits of the hash, or of the chance, that it is.
_ENOUGH = 12
_EACH = re.compile(f".{{{_ENOUGH}}}")
_KEY = 32
#: With more rows than this a page's own are kept as well, or its link would be too long for some. What the
#: server's own thread answers has fewer, so that it never waits for that.
_ALONG = 100
_LATER = 60.0


class Walk(NamedTuple):
    """What the link to another page holds of a walk.

    Attributes:
        number: under which what it showed is kept.
        key: what is kept is sealed with it, so that nobody can read it without the link.
        mark: when it began.
        pages: how many there are before the one that the link leads to.
        last: the ids on the last of these, cut short; empty where they are kept already.
        tail: see `Page.tail`.
    """

    number: int
    key: bytes
    mark: Mark
    pages: int
    last: str
    tail: tuple[int, ...] = ()


class Seen:
    """The ids on the pages before, as far as they are known; read when they are first asked for."""

    def __init__(self, shown: Shown, walk: Walk) -> None:
        self._shown = shown
        self._walk = walk
        self._ids: frozenset[str] | None = None
        self.lost = False

    def __call__(self) -> "Seen":
        """Itself: it is read by `in`."""
        return self

    def __contains__(self, public: object) -> bool:
        if self._ids is None:
            self._ids = self._read()
        return str(public)[:_ENOUGH] in self._ids

    def _read(self) -> frozenset[str]:
        walk = self._walk
        pages = walk.pages - 1 if walk.last else walk.pages
        kept = self._shown.kept(walk.number, pages) if pages else []
        try:
            ids = "".join([walk.last, *(_unsealed(walk.key, rows) for rows in kept or ())])
        except InvalidTag:
            kept, ids = None, walk.last
        self.lost = kept is None
        return frozenset(_EACH.findall(ids))


class Walks:
    """Begins walks and goes on with them.

    Args:
        shown: keeps what they have shown.
        life: seconds that a link can be followed for.
    """

    def __init__(self, shown: Shown, life: float) -> None:
        self._shown = shown
        self._life = life
        self._swept = 0.0
        self._sweeping = threading.Lock()

    def begun(self, page: Page) -> Walk | None:
        """The walk that a first page begins; None where its order cannot change."""
        if page.mark is None:
            return None
        return self._behind(Walk(new_number(), secrets.token_bytes(_KEY), page.mark, 0, ""), page)

    def going_on(self, walk: Walk, page: Page) -> Walk:
        """The walk behind one of its later pages, which has more behind it."""
        if walk.last:
            walk = walk._replace(number=self._keep(walk, walk.pages - 1, walk.last))
        return self._behind(walk, page)

    def walking(self, walk: Walk) -> tuple[Walking, Seen]:
        """A walk as the store needs it, and what it has shown."""
        seen = Seen(self._shown, walk)
        return Walking(walk.mark, seen, walk.tail), seen

    def _behind(self, walk: Walk, page: Page) -> Walk:
        last, number = "".join([row.public[:_ENOUGH] for row in page.rows]), walk.number
        if len(page.rows) > _ALONG:
            number, last = self._keep(walk, walk.pages, last), ""
        return Walk(number, walk.key, walk.mark, walk.pages + 1, last, page.tail)

    def _keep(self, walk: Walk, page: int, ids: str) -> int:
        number = self._shown.keep(walk.number, page, _sealed(walk.key, ids))
        now = time.monotonic()
        if now > self._swept + _LATER and self._sweeping.acquire(blocking=False):
            self._swept = now
            self._shown.expire(self._life + _LATER)
            self._sweeping.release()
        return number


def can_move(query: Query) -> bool:
    """Whether what a question finds may come to lie elsewhere in its order while somebody walks over it."""
    if query.sort:
        return query.sort[0].param != "_id"
    return any(
        each.type != "Patient" and bool(index.clinical_elements(each.type)) for each in query.each or (query,)
    )


def _sealed(key: bytes, ids: str) -> bytes:
    """Ids as they are kept: the same ones always alike, so that a page that was asked for twice is known."""
    return AESSIV(key).encrypt(ids.encode(), None)


def _unsealed(key: bytes, rows: bytes) -> str:
    return AESSIV(key).decrypt(rows, None).decode()
