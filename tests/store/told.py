"""Invented resources for the store's tests."""

from gateway.fhir.query import Criterion, Entry, Query, Sort, Span, Target, Text, Token, Value
from gateway.store.base import ASK, Composed, Key, Link, Page, Put, Store, Version, Work

NHS = "https://fhir.nhs.uk/Id/nhs-number"
UPN = "https://fhirgate.example/Id/upn"


def version(
    local: str,
    type: str = "Observation",
    *,
    about: str | None = "p1",
    feed: str = "school",
    number: int = 1,
    load: int | None = None,
    time: int | None = None,
    entries: tuple[Entry, ...] = (),
    text: str = "",
) -> Put:
    """A version of a resource; a resource about a Patient points at it with `patient`."""
    own = (Entry("patient", Target(f"Patient/{about}", "", "")),) if about and type != "Patient" else ()
    return Put(
        feed=feed,
        type=type,
        local=local,
        public=f"{feed}-{type}-{local}",
        about=local if type == "Patient" else about,
        body=f"{type}/{local}/{number}/{text}".encode(),
        told=f"told {local} {number}".encode(),
        version=number,
        updated=1000 + number,
        digest=f"{number}{text}".encode(),
        entries=own + entries,
        time=time,
        load=load,
        place=f"file:{number}",
        rule=type,
    )


def patient(
    local: str, *, feed: str = "school", number: int = 1, load: int | None = None, name: str = "Ada"
) -> Put:
    """A Patient with a name."""
    named = (Entry("name", Text(name.lower(), name)),)
    return version(local, "Patient", feed=feed, number=number, load=load, entries=named, text=name)


def linked(rec: int, child: int, load: int | None = None, what: str = "linked") -> Link:
    """A link event."""
    return Link(rec, child, what, "test", "They are one child.", "a person", 1, load)


def composed(text: str, *entries: Entry, updated: int = 5) -> Composed:
    """A child's Patient."""
    return Composed(f"full {text}".encode(), f"reduced {text}".encode(), f"h-{text}", updated, entries)


def child_of(work: Work, feed: str, local: str, name: str, *entries: Entry) -> int:
    """A child with one record and a Patient."""
    rec = work.recs(feed, [local])[local]
    child = work.found(f"id-{name}", f"CCI-{name}", rec, None)
    work.link([linked(rec, child)])
    work.compose({child: composed(name, *entries)})
    return child


def token(param: str, code: str, system: str = "*", modifier: str = "") -> Criterion:
    """`param=system|code`."""
    return Criterion(param, "token", modifier, (Value(Token(system, code)),))


def date(param: str, low: int, high: int, prefix: str = "eq") -> Criterion:
    """`param=prefix…` for the time [low, high)."""
    return Criterion(param, "date", "", (Value(Span(low, high), prefix),))


def to(param: str, target: str) -> Criterion:
    """`param=Type/id`."""
    return Criterion(param, "reference", "", (Value(Target(target, "", "")),))


def missing(param: str, kind: str, yes: bool = True) -> Criterion:
    """`param:missing=true`."""
    return Criterion(param, kind, "missing", (Value(Token("", "true" if yes else "false")),))


def ids(
    store: Store | Work,
    type: str,
    *criteria: Criterion,
    base: str = ASK,
    sort: tuple[Sort, ...] = (),
    hidden: str = "",
) -> list[str]:
    """The local ids that a search gives, in its order; its total must agree."""
    hidden_systems = frozenset({hidden} if hidden else ())
    page = store.search(base, Query(type, criteria, sort), limit=1000, hidden_systems=hidden_systems)
    counted = store.search(base, Query(type, criteria, sort), limit=0, hidden_systems=hidden_systems)
    assert page.total == counted.total == len(page.rows)
    return [row.local for row in page.rows]


def versions_of(store: Store | Work, base: str, type: str, id: str) -> list[Version]:
    """Every version of a resource that stands, newest first."""
    past = store.history(base, [type], id, limit=1000)
    return past.versions if past else []


def walk(store: Store, base: str, query: Query, limit: int) -> list[Page]:
    """All pages of a search."""
    pages, after = list[Page](), None
    while True:
        page = store.search(base, query, limit=limit, after=after)
        pages.append(page)
        if not page.more:
            return pages
        after = key(page)


def key(page: Page) -> Key:
    """Where the next page begins."""
    return page.rows[-1].key
