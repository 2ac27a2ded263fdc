"""Deciding about children: `$merge`, `$cci-unmerge`, `-split`, `-distinct`, `-seal`, `-unseal`, `-confirm`.

A client must be registered as one that decides, and says who does, and why. Of two persons it is one,
whatever names it gives; where its token names the person, it is that one.

Source:
    HL7 FHIR R5, https://hl7.org/fhir/R5/patient-operation-merge.html (the shape of `$merge`; nothing here is
    deleted, and every merge can be taken back)
"""

from typing import Any

from gateway.fhir import json
from gateway.fhir.outcome import outcome
from gateway.identity.person import text
from gateway.problems import problem, refuse
from gateway.problems.http import HTTP_DONE
from gateway.problems.life import LIFE_WAITS
from gateway.problems.operation import OPERATION_MISSING, OPERATION_ONE_CHILD, OPERATION_VALUE
from gateway.service.ask import shown
from gateway.service.events import signed
from gateway.store.base import ASK, Child, Row
from gateway.web.given import Given, given
from gateway.web.identifying import child_at, named_by
from gateway.web.messages import Response
from gateway.web.returned import Part, parameters, part
from gateway.web.visit import Visit

_BY = ("author", "reason")
_MERGE = (
    *("source-patient", "source-patient-identifier", "target-patient", "target-patient-identifier"),
    *("preview", *_BY),
)


def merge(visit: Visit) -> Response:
    """Make one child of two; with `preview` only say what would come of it.

    It is 202 while a second person is waited for.

    Raises:
        Refused: `operation.missing`, `operation.one-child`; `life.…`.
    """
    asked = given(visit, _MERGE)
    child, into = _side(visit, asked, "source"), _side(visit, asked, "target")
    lives = visit.gateway.lives
    if asked.flag("preview"):
        return parameters([_outcome(visit, "would be merged"), _shown(visit, lives.merged(child, into))])
    author, reason = _author(visit, asked)
    if not lives.merge(child, into, reason=reason, author=author):
        return parameters([_waits(visit)], 202)
    return parameters([_outcome(visit, "is merged"), _result(visit, into)])


def unmerge(visit: Visit) -> Response:
    """Make two children of one again.

    Raises:
        Refused: `operation.missing`, `http.not-found`; `life.…`.
    """
    author, reason = _author(visit, given(visit, _BY))
    child = child_at(visit)
    visit.gateway.lives.unmerge(child, reason=reason, author=author)
    return parameters([_outcome(visit, "is a child of its own again"), _result(visit, child)])


def split(visit: Visit) -> Response:
    """Give some records of a child a child of their own; a record is named as FEED/id of its Patient.

    Raises:
        Refused: `operation.missing`, `http.not-found`, `service.unknown-feed`, `service.unknown-record`;
            `life.…`.
    """
    asked = given(visit, ("record", *_BY))
    author, reason = _author(visit, asked)
    named = [each.partition("/") for each in asked.listed("record")]
    records = [(visit.gateway.feed(feed).name, local) for feed, _, local in named]
    if not records:
        raise refuse(OPERATION_MISSING, field="record", operation="$cci-split", what="record")
    child = child_at(visit)
    part_ = visit.gateway.lives.split(child, records, reason=reason, author=author)
    visit.about(part_.id)
    return parameters([_outcome(visit, "is split"), _result(visit, part_)])


def distinct(visit: Visit) -> Response:
    """Say once and for good that two children are two.

    Raises:
        Refused: `operation.missing`, `operation.one-child`, `http.not-found`; `life.…`.
    """
    asked = given(visit, ("other", *_BY))
    author, reason = _author(visit, asked)
    child, other = child_at(visit), _referred(visit, asked, "other")
    visit.gateway.lives.tell_apart(child, other, reason=reason, author=author)
    return parameters([_outcome(visit, "is another child for good")])


def seal(visit: Visit) -> Response:
    """End a life that nobody may find again; the number of the seal is what lifts it.

    Raises:
        Refused: `operation.missing`, `http.not-found`; `life.…`.
    """
    author, reason = _author(visit, given(visit, _BY))
    child = child_at(visit)
    number = visit.gateway.lives.seal(child, reason=reason, author=author)
    return parameters([_outcome(visit, "is sealed"), part("seal", valueInteger=number)])


def unseal(visit: Visit) -> Response:
    """Lift a seal by its number, as one of two persons.

    Raises:
        Refused: `operation.missing`, `operation.value`; `life.not-sealed`.
    """
    asked = given(visit, ("seal", *_BY))
    author, reason = _author(visit, asked)
    child = visit.gateway.lives.unseal(_seal(visit, asked), reason=reason, author=author)
    if child is None:
        return parameters([_waits(visit)], 202)
    visit.about(child.id)
    return parameters([_outcome(visit, "is there again"), _result(visit, child)])


def confirm(visit: Visit) -> Response:
    """Say that a seal is right, by its number, as one of two persons; nothing is told of whose it is.

    Raises:
        Refused: `operation.missing`, `operation.value`; `life.not-sealed`, `life.known`.
    """
    asked = given(visit, ("seal", *_BY))
    author, reason = _author(visit, asked)
    number = _seal(visit, asked)
    if visit.gateway.lives.confirm(number, reason=reason, author=author) < 2:
        return parameters([_waits(visit)], 202)
    done = problem(HTTP_DONE, what=f"Seal {number} is confirmed by two persons")
    return parameters([part("outcome", resource=outcome([done], visit.base_uri))])


def _seal(visit: Visit, asked: Given) -> int:
    """The number of the seal that is meant."""
    number, operation = asked.text("seal"), visit.found.interaction
    if not number.isdecimal() or len(number) > 15:
        raise refuse(OPERATION_VALUE, field="seal", name="seal", operation=operation, expected="a number")
    return int(number)


def _author(visit: Visit, asked: Given) -> tuple[str, str]:
    """Who decides, with whose word it counts as, and why."""
    principal = visit.principal
    for name in ("reason",) if principal and principal.person else ("author", "reason"):
        if not asked.text(name).strip():
            raise refuse(OPERATION_MISSING, field=name, operation=visit.found.interaction, what=name)
    by = principal.voice if principal else ""
    return signed(asked.text("author").strip(), by), asked.text("reason").strip()


def _side(visit: Visit, asked: Given, side: str) -> Child:
    """The one child that a reference or identifiers of a merge name."""
    if asked.one(f"{side}-patient") is not None:
        return _referred(visit, asked, f"{side}-patient")
    name = f"{side}-patient-identifier"
    given_ = asked.values.get(name, ())
    if not given_:
        raise refuse(
            OPERATION_MISSING, field=f"{side}-patient", operation="$merge", what=f"{side}-patient or {name}"
        )
    found = {row.public for each in given_ for row in named_by(visit, *_token(each))}
    if len(found) != 1:
        raise refuse(OPERATION_ONE_CHILD, field=name)
    return _child(visit, found.pop(), name)


def _token(identifier: Any) -> tuple[str, str]:
    known = identifier if isinstance(identifier, dict) else {}
    return text(known.get("system")), text(known.get("value"))


def _referred(visit: Visit, asked: Given, name: str) -> Child:
    given_ = asked.one(name)
    if given_ is None:
        raise refuse(OPERATION_MISSING, field=name, operation=visit.found.interaction, what=name)
    reference = text(given_.get("reference")) if isinstance(given_, dict) else str(given_)
    id = reference.removeprefix(f"{visit.request.base}/").removeprefix("Patient/")
    return _child(visit, id, name)


def _child(visit: Visit, id: str, field: str) -> Child:
    child = visit.gateway.store.child(id=id)
    if child is None:
        raise refuse(OPERATION_ONE_CHILD, field=field)
    visit.about(child.id)
    return child


def _outcome(visit: Visit, what: str) -> Part:
    done = problem(HTTP_DONE, what=f"The Patient {what}")
    return part("outcome", resource=outcome([done], visit.base_uri))


def _waits(visit: Visit) -> Part:
    return part("outcome", resource=outcome([problem(LIFE_WAITS)], visit.base_uri))


def _result(visit: Visit, child: Child) -> Part:
    return _shown(visit, visit.gateway.store.read(ASK, "Patient", child.id))


def _shown(visit: Visit, row: Row | None) -> Part:
    """A Patient as the caller may see it."""
    assert row is not None
    return part("result", resource=json.read_trusted(shown(row, visit.asking()).body))
