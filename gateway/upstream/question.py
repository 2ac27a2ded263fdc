"""A question about one child, as upstreams are asked it, and what each of them told."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from gateway.problems import Kind, Problem, problem
from gateway.upstream.guard import NHS_NUMBER
from gateway.upstream.merge import Key, Row, order
from gateway.upstream.values import Request, Upstream

ALL = "*"
"""The place of a server that does not keep to the order: everything is read again for each page."""

PAGE_LEAST = 50
PAGE_MOST = 500
PAGES_MOST = 10
RESOURCES_MOST = 1000

Accept = Callable[[bytes], bool]
"""Whether a resource (as JSON text, under our names) is what the question's filters ask for."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of every upstream: one page of one type about one child, newest first.

    Attributes:
        type: the resource type.
        child: the id of the child's Patient on `/fhir`.
        person: the child's composed Patient, for the wrong-child guard.
        nhs_number: ten digits, from a verified link only; "" asks nobody.
        filters: the other parameters, as name and value.
        limit: rows on the page.
        after: the last row of the page before.
        about: the search parameter that names the Patient.
        ours: parameters of the filters that are not sent, because their values mean something here alone;
            `accept` applies them.
        accept: applies the filters to what a server answers that does not confirm them; without it,
            nothing of such a server is shown.
    """

    type: str
    child: str
    person: Mapping[str, Any] = field(repr=False)
    nhs_number: str = field(repr=False)
    filters: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    limit: int = 20
    after: Key | None = None
    about: str = "patient"
    ours: frozenset[str] = frozenset()
    accept: Accept | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """The parameters of the filters, without modifiers and chains."""
        return tuple(dict.fromkeys(bare(name) for name, _ in self.filters))

    def behind(self, key: Key) -> bool:
        """Whether a row comes after the page before."""
        return self.after is None or order(key) > order(self.after)


@dataclass(frozen=True, slots=True)
class Told:
    """What one upstream told: rows in order, all behind `Question.after`.

    Attributes:
        asked: False where it was not asked at all.
        answered: False where something is missing because of it.
        more: it has rows beyond these.
        total: how many it has in all, by its own count; None where it does not say.
        problems: what went wrong or is worth saying, the first one the most important.
        pages: the pages of its own that were read: where each begins, and its last row in order (see `ALL`).
        rest: where to go on beyond them ("" its first page), None where there is nothing beyond.
    """

    upstream: Upstream
    rows: tuple[Row, ...] = ()
    asked: bool = True
    answered: bool = True
    more: bool = False
    total: int | None = None
    elapsed_ms: int = 0
    problems: tuple[Problem, ...] = ()
    pages: tuple[tuple[str, Key], ...] = ()
    rest: str | None = None

    def place(self, after: Key) -> str | None:
        """Where to go on when `after` was the last row shown; None when nothing is left."""
        for start, last in self.pages:
            if order(last) > order(after):
                return start
        return self.rest


def lookup(question: Question, upstream: Upstream, *, post: bool) -> Request:
    """The request for the child's Patient."""
    token = quote(f"{NHS_NUMBER}|{question.nhs_number}", safe="")
    if post:
        return Request(upstream, "Patient/_search", f"identifier={token}")
    return Request(upstream, f"Patient?identifier={token}")


def first_page(question: Question, patient: str, *, sort: bool, count: int, leave: frozenset[str]) -> str:
    """Path and query of the first page; the reference is relative.

    HAPI finds nothing by the absolute URL of its own Patient, and remembers that answer for the relative one.
    """
    asked = [(question.about, f"Patient/{patient}")]
    asked += [(name, text) for name, text in question.filters if bare(name) not in leave]
    asked += [("_sort", "-date")] if sort else []
    asked.append(("_count", str(count)))
    return f"{question.type}?" + "&".join(
        f"{quote(name, safe=':._-')}={quote(text, safe='/,')}" for name, text in asked
    )


def count_asked(question: Question) -> int:
    """How many results a page of a server's is asked to have."""
    return min(max(2 * question.limit, PAGE_LEAST), PAGE_MOST)


def bare(name: str) -> str:
    """A parameter without its modifier and chain: `code` of `code:text`."""
    return name.partition(":")[0].partition(".")[0]


def note(upstream: Upstream, kind: Kind, **details: Any) -> Problem:
    """A problem of this upstream, by the name people know."""
    return problem(kind, name=upstream.called, **details)
