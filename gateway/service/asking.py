"""Who asks and how, what a base shows of a row, and what a question is answered with."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from dataclasses import field as attribute
from typing import NamedTuple

from gateway.fhir.faces import asked, told
from gateway.fhir.json import read_trusted, write
from gateway.identity.compose import is_restricted
from gateway.problems import Problem
from gateway.security.places import placeless, tells_place
from gateway.security.redact import names_hidden, redacted
from gateway.store.base import ASK, Reads, Row


class Found(NamedTuple):
    """One resource on a page: the id and the text its base shows, its version, and the child it is about."""

    type: str
    id: str
    body: bytes
    child: str


@dataclass(frozen=True, slots=True)
class Answer:
    """One page of a search.

    Attributes:
        found: the matches.
        total: how many there are in all; None where a source that was asked did not say or did not answer.
        next: what the next-page link carries, sealed; "" on the last page.
        account: what each source did, for the outcome entry; empty where only the own store was asked.
        along: what comes along with the matches.
        first: what a link to the first page carries, sealed; "" on the first page.
    """

    found: list[Found]
    total: int | None
    next: str
    account: Sequence[Problem] = ()
    along: Sequence[Found] = ()
    first: str = ""


@dataclass(slots=True)
class Noted:
    """What becomes known of a question while it is answered, however that ends; the audit is written from it.

    Attributes:
        children: ids of the children it is about, or that its page shows something of.
        sources: the connected servers that were asked.
        account: what each source did.
    """

    children: set[str] = attribute(default_factory=set)
    sources: tuple[str, ...] = ()
    account: Sequence[Problem] = ()


def _of_nobody(_: str) -> bool:
    return False


@dataclass(frozen=True, slots=True)
class Asking:
    """Who asks and how: what a question needs to know beside its words.

    Attributes:
        base: `ASK` or a feed's name.
        hidden: identifier systems the caller must not search by, nor see in what is about a child.
        types: the types that may come along with what is asked for; None for all.
        sees_upn: whether the caller is shown UPNs and case numbers.
        strict: a gap is an error (`Prefer: handling=strict`).
        seconds: the time the answer may take.
        client: seals of next-page links hold for this client only.
        noted: is written while the question is answered.
        is_closed: whether it must not be told where a child is, by the id of its Patient.
    """

    base: str
    hidden: frozenset[str] = frozenset()
    types: frozenset[str] | None = frozenset()
    sees_upn: bool = False
    strict: bool = False
    seconds: float = 3.0
    client: str = ""
    request_id: str = ""
    noted: Noted = attribute(default_factory=Noted)
    is_closed: Callable[[str], bool] = _of_nobody


_LABELS = b"v3-Confidentiality"
#: What stands in no JSON text, and is no mark of `faces`.
_BETWEEN = b"\x02"
_MOST = 100_000

Looked = tuple[frozenset[str], str, str]
"""Systems that are hidden, and the public id and version of a resource that was looked through for them."""


def is_closed(store: Reads, child: str) -> bool:
    """Whether it must not be told where a child is, by the id of its Patient."""
    row = store.read(ASK, "Patient", child)
    # a Patient without any label need not be read
    return row is not None and _LABELS in row.body and is_restricted(read_trusted(row.body))


def seen(body: bytes, child: str, asking: Asking) -> bytes:
    """What is about a child, on `ASK`, short of what this caller, or nobody, may see of it."""
    if names_hidden(body, asking.hidden):
        body = write(redacted(read_trusted(body), asking.hidden))
    if tells_place(body) and asking.is_closed(child):
        body = write(placeless(read_trusted(body)))
    return body


def shown(row: Row, asking: Asking) -> Found:
    """A row as its base shows it to this caller."""
    if asking.base != ASK:
        return Found(row.type, row.local, told(row.body, row.told), row.child)
    if row.type == "Patient":
        return Found(row.type, row.public, row.body if asking.sees_upn else row.told, row.public)
    body = seen(asked(row.body, row.child.encode()), row.child, asking)
    return Found(row.type, row.public, body, row.child)


def shown_all(rows: Sequence[Row], asking: Asking, harmless: set[Looked]) -> list[Found]:
    """Rows as their base shows them to this caller.

    Args:
        harmless: versions that were found to name nothing of the systems hidden from a caller. What a version
            says never changes, so that each is looked through once.
    """
    if asking.base != ASK or "Patient" in {row.type for row in rows}:
        return [shown(row, asking) for row in rows]
    children = {row.child for row in rows}
    # asked for each child, not for each row: of most nothing must be left out, wherever it stands
    if any(asking.is_closed(child) for child in children):
        return [shown(row, asking) for row in rows]
    bodies = _asked(rows, children)
    if asking.hidden:
        _look_through(rows, bodies, asking, harmless)
    return [Found(row.type, row.public, body, row.child) for row, body in zip(rows, bodies, strict=True)]


def _look_through(rows: Sequence[Row], bodies: list[bytes], asking: Asking, harmless: set[Looked]) -> None:
    """Leave out of texts what the caller must not see; those known to be harmless are not looked at."""
    keys = [(asking.hidden, row.public, row.version) for row in rows]
    new = [at for at, key in enumerate(keys) if key not in harmless]
    some = names_hidden(b"".join([bodies[at] for at in new]), asking.hidden)
    if len(harmless) > _MOST:
        harmless.clear()
    for at in new:
        if some and names_hidden(bodies[at], asking.hidden):
            bodies[at] = write(redacted(read_trusted(bodies[at]), asking.hidden))
        else:
            harmless.add(keys[at])


def _asked(rows: Sequence[Row], children: set[str]) -> list[bytes]:
    """The texts of rows as `ASK` answers them; in one go where all are about one child."""
    if len(children) != 1:
        return [asked(row.body, row.child.encode()) for row in rows]
    (child,) = children
    return asked(_BETWEEN.join([row.body for row in rows]), child.encode()).split(_BETWEEN)
