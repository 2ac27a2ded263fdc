"""Reading and searching the Tasks on `/fhir`: what waits for persons who decide about children.

They are composed one by one from the entries to review and held against the question; who may not decide is
answered as if there were none.
"""

from collections.abc import Iterable, Iterator
from itertools import islice

from gateway.fhir import index, json
from gateway.fhir.meets import holds
from gateway.fhir.parameters.dates import span
from gateway.fhir.query import ANY_REFERENCE, Criterion, Entry, Query, Target, Token
from gateway.problems import refuse
from gateway.problems.http import HTTP_NOT_FOUND
from gateway.problems.search import SEARCH_NOT_SUPPORTED
from gateway.service import tasks
from gateway.service.ask import Answer, Found, shown
from gateway.service.clock import instant
from gateway.store.base import ASK, Child, Review
from gateway.web import answers
from gateway.web.messages import Response
from gateway.web.routes import REVIEWS
from gateway.web.shape import asked_shape, reduced
from gateway.web.visit import Visit
from gateway.web.words import pairs

#: What leads from a Task to a child's Patient, and may be included.
REFERENCES = ("focus", "patient", "subject")
#: The parameters that a Task of ours has a value for.
_HELD = frozenset(
    (
        *("_id", "_lastUpdated", "authored-on", "business-status", "code", "intent", "modified", "status"),
        *REFERENCES,
    )
)
_BATCH = 200
#: Entries that are looked at for the sake of a total; with more of them a page comes without one.
_COUNTED = 500
_LAST = 2**62
_OPEN = frozenset({"requested", "on-hold"})


def is_review(visit: Visit) -> bool:
    """Whether a visit is about Tasks on `/fhir`."""
    return visit.found.type == REVIEWS and visit.base == ASK


def read(visit: Visit) -> Response:
    """Answer with one Task.

    Raises:
        Refused: `http.not-found`.
    """
    shape = asked_shape(REVIEWS, pairs(visit.request.query)) if visit.request.query else None
    named = _named(visit, visit.found.id) if _may(visit) else []
    if not named:
        raise refuse(HTTP_NOT_FOUND, type=REVIEWS)
    ((one, told),) = _told(visit, named)
    _note(visit, one)
    body = json.write(told)
    return answers.resource(
        reduced(body, shape) if shape else body, told["meta"]["versionId"], tasks.updated(one)
    )


def found(visit: Visit, query: Query, limit: int, words: str, sealed: str) -> Answer:
    """Answer with a page of Tasks, newest first.

    Args:
        limit: how many a page may have; 0 to count alone.
        words: the question as path and text.
        sealed: what a link to another page carried, "" for the first page.

    Raises:
        Refused: `search.not-supported` for what leads on from a Task, and for another order;
            `search.cursor`, `search.old-cursor`.
    """
    _check(query)
    places, asking = visit.gateway.asker.places, visit.asking()
    after = places.after(sealed, asking, words) if sealed else []
    if not _may(visit):
        return Answer([], None if query.total == "none" else 0, "")
    meeting = _meeting(visit, query, int(after[0]) if after else _LAST)
    page = list(islice(meeting, limit + 1))
    more = page[limit:]
    page = page[:limit]
    whole = not after and limit > 0 and not more
    for one, _ in page:
        _note(visit, one)
    return Answer(
        [Found(REVIEWS, told["id"], json.write(told), "") for _, told in page],
        None if query.total == "none" else len(page) if whole else _total(visit, query),
        places.sealed(asking, words, [page[-1][0].entry.number]) if more and page else "",
        along=_along(visit, query, [one for one, _ in page]),
        first=places.sealed(asking, words, []) if after else "",
    )


def _may(visit: Visit) -> bool:
    return visit.decision is not None and visit.decision.reviews


def _check(query: Query) -> None:
    """Refuse what a Task is not asked for: it is made when it is asked for, and indexed nowhere."""
    unknown = [each.text.partition("=")[0] for each in query.criteria if each.chained is not None]
    unknown += ["_sort" for each in query.sort if (each.param, each.descending) != ("authored-on", True)]
    unknown += [
        "_revinclude" if each.reverse else "_include"
        for each in query.includes
        if each.reverse or each.iterate or each.param not in (ANY_REFERENCE, *REFERENCES)
    ]
    if unknown:
        supported = "_sort=-authored-on, _include=Task:focus, _include=Task:patient"
        raise refuse(
            SEARCH_NOT_SUPPORTED, field=unknown[0], name=unknown[0], type=REVIEWS, supported=supported
        )


def _meeting(visit: Visit, query: Query, before: int) -> Iterator[tuple[tasks.Asked, tasks.Resource]]:
    """The Tasks below a number that meet the question, newest first."""
    for every in _batches(visit, query, before):
        for one, told in _told(visit, every):
            own = (
                Entry("_id", Token("", told["id"])),
                Entry("_lastUpdated", span(instant(tasks.updated(one)))),
            )
            held = [*index.entries(told, REVIEWS), *own]
            if all(holds(each, held) for each in query.criteria):
                yield one, told


def _batches(visit: Visit, query: Query, before: int) -> Iterator[Iterable[tasks.Asked]]:
    """What can meet the question at all, by what is quickly told of it: seals, then entries, newest first."""
    store = visit.gateway.store
    for each in query.criteria:
        if each.modifier not in ("", "Patient"):
            continue
        if each.param not in _HELD:
            return
        if each.param == "_id":
            ids = {code.code for value in each.values if isinstance(code := value.value, Token)}
            named = [one for id in ids for one in _named(visit, id) if one.entry.number < before]
            yield sorted(named, key=lambda one: -one.entry.number)
            return
        if each.param in REFERENCES:
            every = {
                one.number: one for child in _children(visit, each) for one in tasks.concerning(store, child)
            }
            yield _asked(visit, [every[number] for number in sorted(every, reverse=True) if number < before])
            return
    yield [one for one in tasks.of_seals(visit.gateway.lives.seals()) if one.entry.number < before]
    state = _state(query)
    while entries := store.reviews_before(before, _BATCH, state=state):
        before = entries[-1].number
        yield _asked(visit, entries)


def _asked(visit: Visit, entries: Iterable[Review]) -> Iterator[tasks.Asked]:
    """What is asked about entries, one by one as it is wanted."""
    for entry in entries:
        yield from tasks.asked(visit.gateway.store, [entry])


def _state(query: Query) -> str:
    """The one state of the entries that a question for a status can be met by, "" for any."""
    for each in query.criteria:
        if each.param == "status" and not each.modifier:
            wanted = {value.value.code for value in each.values if isinstance(value.value, Token)}
            if wanted <= _OPEN:
                return "open"
            if wanted == {"cancelled"}:
                return "withdrawn"
            if wanted == {"completed"}:
                return "decided"
    return ""


def _children(visit: Visit, criterion: Criterion) -> list[Child]:
    targets = {value.value.to for value in criterion.values if isinstance(value.value, Target)}
    ids = [to.removeprefix("Patient/") for to in sorted(targets) if to.startswith("Patient/")]
    children = [visit.gateway.store.child(id=id) for id in ids]
    for child in children:
        if child is not None:
            visit.about(child.id)
    return [child for child in children if child is not None]


def _named(visit: Visit, id: str) -> list[tasks.Asked]:
    """What the Task of an id asks, in a list; empty where there is none."""
    number = id.removeprefix(tasks.OF_SEAL)
    if not (number.isdecimal() and number.isascii() and len(number) < 16 and number == str(int(number))):
        return []
    if number == id:
        return tasks.asked(visit.gateway.store, visit.gateway.store.reviews(state="", number=int(number)))
    every = tasks.of_seals(visit.gateway.lives.seals())
    return [one for one in every if tasks.id_of(one.entry.number) == id]


def _told(visit: Visit, every: Iterable[tasks.Asked]) -> Iterator[tuple[tasks.Asked, tasks.Resource]]:
    names, secret = visit.asking().sees_upn, visit.gateway.keys.key("version")
    for one in every:
        yield one, tasks.task(one, visit.base_uri, secret, names_records=names)


def _total(visit: Visit, query: Query) -> int | None:
    """How many meet the question in all, where that is not too dear to count."""
    if query.summary != "count" and query.count != 0:
        looked_at = visit.gateway.store.reviews_before(_LAST, _COUNTED + 1, state=_state(query))
        if len(looked_at) > _COUNTED:
            return None
    return sum(1 for _ in _meeting(visit, query, _LAST))


def _note(visit: Visit, one: tasks.Asked) -> None:
    for child in (one.own, one.other):
        if child is not None:
            visit.about(child.id)


def _along(visit: Visit, query: Query, page: Iterable[tasks.Asked]) -> list[Found]:
    """The Patients that come along, each once."""
    wanted = {each.param for each in query.includes}
    every = ANY_REFERENCE in wanted
    ids = dict.fromkeys(
        child.id
        for one in page
        for child, names in ((one.own, {"focus"}), (one.other, {"patient", "subject"}))
        if child is not None and (every or wanted & names)
    )
    rows = [visit.gateway.store.read(ASK, "Patient", id) for id in ids]
    return [shown(row, visit.asking()) for row in rows if row is not None and not row.deleted]
