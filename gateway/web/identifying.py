"""Who is this child: `$ihe-pix` gives the other numbers of one, `$cci-explain` says why records are linked.

Source:
    IHE ITI Patient Identifier Cross-reference for Mobile (PIXm), Get Corresponding Identifiers [ITI-83],
    https://profiles.ihe.net/ITI/PIXm/ITI-83.html
"""

from functools import lru_cache
from pathlib import Path
from typing import Any

from gateway.fhir import json
from gateway.fhir.ask import parse
from gateway.fhir.parameters.context import escaped
from gateway.identity.person import NHS_NUMBER, objects, text
from gateway.problems import refuse
from gateway.problems.http import HTTP_NOT_FOUND
from gateway.problems.operation import (
    OPERATION_MISSING,
    OPERATION_VALUE,
    PIX_SOURCE_DOMAIN,
    PIX_TARGET_DOMAIN,
    PIX_UNKNOWN,
)
from gateway.security.policy import hides
from gateway.service.ask import shown
from gateway.service.clock import instant
from gateway.service.events import survivor
from gateway.service.shelf import resources
from gateway.store.base import ASK, Child, Row
from gateway.web.given import given
from gateway.web.messages import Response
from gateway.web.returned import parameters, part
from gateway.web.visit import Visit

_PIX = ("sourceIdentifier", "targetSystem")


def pix(visit: Visit) -> Response:
    """Answer with the numbers that the child with a given number has elsewhere, and its Patient here.

    Raises:
        Refused: `operation.missing`, `operation.value`; `pix.source-domain` (400), `pix.unknown` (404),
            `pix.target-domain` (403).
    """
    asked = given(visit, _PIX)
    source = asked.text("sourceIdentifier")
    if not source:
        raise refuse(
            OPERATION_MISSING, field="sourceIdentifier", operation="$ihe-pix", what="sourceIdentifier"
        )
    system, bar, value = source.partition("|")
    if not (system and bar and value):
        raise refuse(
            OPERATION_VALUE,
            field="sourceIdentifier",
            name="sourceIdentifier",
            operation="$ihe-pix",
            expected="system|value",
        )
    targets = asked.listed("targetSystem")
    for target in targets:
        if not _is_domain(visit, target):
            raise refuse(PIX_TARGET_DOMAIN, field="targetSystem")
    rows = named_by(visit, system, value)
    if not rows and not _is_domain(visit, system):
        raise refuse(PIX_SOURCE_DOMAIN, field="sourceIdentifier")
    if not rows:
        raise refuse(PIX_UNKNOWN, field="sourceIdentifier")
    parts = []
    for row in rows:
        visit.about(row.public)
        parts += _corresponding(visit, row, (system, value), targets)
    return parameters(parts)


def _corresponding(
    visit: Visit, row: Row, source: tuple[str, str], targets: list[str]
) -> list[dict[str, Any]]:
    """The identifiers of a child but the one asked by, and a reference where no other system is asked for."""
    patient = json.read_trusted(shown(row, visit.asking()).body)
    found = []
    for identifier in objects(patient.get("identifier")):
        system, value = text(identifier.get("system")), text(identifier.get("value"))
        if system and value and (system, value) != source and (not targets or system in targets):
            found.append(part("targetIdentifier", valueIdentifier=identifier))
    if not targets:
        reference = f"{visit.request.base}/Patient/{row.public}"
        found.append(part("targetId", valueReference={"reference": reference}))
    return found


def named_by(visit: Visit, system: str, value: str) -> list[Row]:
    """The Patients of the children that a number names; of one that was merged, the child that it became."""
    store = visit.gateway.store
    found: dict[str, Row] = {}
    for row in _found(visit, system, value):
        child = store.child(id=row.public)
        if child is not None and child.state == "merged":
            into = store.children([survivor(store, child.number)])
            row = next((now for one in into.values() if (now := store.read(ASK, "Patient", one.id))), row)
        found[row.public] = row
    return list(found.values())


def _found(visit: Visit, system: str, value: str, limit: int = 5) -> list[Row]:
    token = f"{escaped(system)}|{escaped(value)}"
    query = parse("Patient", [("identifier", token)], page_most=limit, context=visit.gateway.context())
    hidden = visit.asking().hidden
    return visit.gateway.store.search(ASK, query, limit=limit, total=False, hidden_systems=hidden).rows


def _is_domain(visit: Visit, system: str) -> bool:
    """Whether numbers of a system are given out here, as far as the caller may know."""
    if not system or hides(visit.asking().hidden, system):
        return False
    shelf = visit.gateway.shelf
    return system in _systems(shelf.profiles, shelf.base_uri) or bool(_found(visit, system, "", 1))


@lru_cache(4)
def _systems(profiles: tuple[Path, ...], base_uri: str) -> frozenset[str]:
    """The systems of numbers that are described here."""
    return frozenset(
        text(each.get("value"))
        for naming in resources(profiles, base_uri, ("NamingSystem",))
        for each in objects(naming.get("uniqueId"))
        if each.get("type") == "uri"
    ) | {NHS_NUMBER}


def explain(visit: Visit) -> Response:
    """Answer with every link of a child: which feed's record, since when, by whom, and why in one sentence.

    Raises:
        Refused: `http.not-found`.
    """
    given(visit, ())
    child = child_at(visit)
    store = visit.gateway.store
    events = [event for event in store.links(child=child.number) if event.stands]
    records = store.records(sorted({event.rec for event in events}))
    parts = [part("cci", valueString=child.cci), part("state", valueCode=child.state)]
    for event in events:
        if records[event.rec].sealed is not None:
            continue  # it tells of another life now, of which nobody may learn
        parts.append(
            part(
                "link",
                part=[
                    part("feed", valueString=records[event.rec].feed),
                    part("what", valueCode=event.what),
                    part("reason", valueCode=event.reason),
                    part("sentence", valueString=event.sentence),
                    part("author", valueString=event.author),
                    part("at", valueInstant=instant(event.at)),
                ],
            )
        )
    return parameters(parts)


def child_at(visit: Visit) -> Child:
    """The child of the address; a sealed one is as unknown as one that never was.

    Raises:
        Refused: `http.not-found`.
    """
    child = visit.gateway.store.child(id=visit.found.id)
    if child is None:
        raise refuse(HTTP_NOT_FOUND, type="Patient")
    visit.about(child.id)
    return child
