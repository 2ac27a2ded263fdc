"""Sealing a child's life: what it takes away, and the records that announce it.

A record announces that the life it tells of has ended by a tag on its Patient (`ENDED`): the return of looked
after children does for a child that was adopted, and a clinical system may for a number that was withdrawn
because of a new identity. The label of a record that was invalidated (`INVALIDATED`) says the same. The seal
holds from that moment; two persons confirm it, or lift it.
"""

from collections.abc import Mapping
from typing import Any

from gateway.identity.person import objects, text
from gateway.service.events import SEALED, Author, merged_into
from gateway.store.base import LifeEvent, Link, Work

#: The code system of the tag and its code, below the gateway's own base_uri.
TAGS, ENDED = "CodeSystem/life", "ended"
#: The label of a record that the Personal Demographics Service has marked as one not to be returned at all.
INVALIDATED = ("http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "REDACTED")
ANNOUNCED = "A record says that the life it tells of has ended."


def announces(patient: Mapping[str, Any], base_uri: str) -> bool:
    """Whether a Patient says that the life it tells of has ended."""
    given = patient.get("meta")
    meta = given if isinstance(given, dict) else {}
    wanted = {"tag": (f"{base_uri}/{TAGS}", ENDED), "security": INVALIDATED}
    return any(
        (text(each.get("system")), text(each.get("code"))) == wanted[place]
        for place in wanted
        for each in objects(meta.get(place))
    )


def shut(work: Work, child: int, author: Author, load: int | None = None) -> tuple[int, set[int]]:
    """Seal a child with all that was merged into it; the number of the seal, and whose Patients go.

    Args:
        load: the load that announced it; it takes the seal along when it is undone.
    """
    also = merged_into(work, child)
    words = (author.reason, author.name, author.at)
    number = work.live(LifeEvent(SEALED, child, None, *words, load=load))
    for one in also:
        work.live(LifeEvent(SEALED, one, child, *words, load=load))
    records = work.records_of([child]).get(child, ())
    entries = {entry.number for one in (child, *also) for entry in work.reviews(child=one)}
    entries |= {entry.number for record in records for entry in work.reviews(rec=record.rec)}
    work.close_reviews(sorted(entries), f"{SEALED}-{number}", load)
    work.link([Link(record.rec, child, "unlinked", f"{SEALED}-{number}", *words, load) for record in records])
    recs = [*(record.rec for record in records), *_left(work, {child, *also})]
    work.seal(dict.fromkeys(recs, child))
    work.keys(dict.fromkeys(recs, ()))
    return number, {child, *also}


def _left(work: Work, children: set[int]) -> list[int]:
    """The records that told of a life last, and have no Patient now: what they may tell again is of it."""
    recs = {link.rec for one in children for link in work.links(child=one)}
    lone = [
        rec for rec, record in work.records(sorted(recs)).items() if record.child is record.sealed is None
    ]
    return [rec for rec in lone if _last(work, rec) in children]


def _last(work: Work, rec: int) -> int:
    """The child that a record was last linked to, though that was taken back."""
    return [link.child for link in work.links(rec=rec) if link.what == "linked"][-1]
