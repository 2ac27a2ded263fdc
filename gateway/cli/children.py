"""Commands about children: child shows one, matches is what a person decides about two. Looks are audited."""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from gateway.cli import say
from gateway.cli.seen import audited, entered, person, with_as
from gateway.cli.shared import named_record, opened, with_config, with_json
from gateway.identity import cci
from gateway.problems import refuse
from gateway.problems.service import RECORD_UNKNOWN, REVIEW_UNKNOWN
from gateway.security import audit
from gateway.service import Gateway
from gateway.service.clock import instant
from gateway.service.decisions import NOT_SURE, said_of
from gateway.store.base import Child, LifeEvent, Link, Record


@click.command(short_help="Show a child, or who looked; take a record out of it.")
@click.argument("number", metavar="CCI")
@click.option("--looks", is_flag=True, help="List who looked at the child, instead of what is known.")
@click.option("--take-out", "out", metavar="FEED/RECORD", help="Give that record a child of its own.")
@click.option("--put-back", "back", metavar="FEED/RECORD", help="Undo --take-out of a record now here.")
@click.option("--reason", help="Why; needed for --take-out.")
@with_as
@with_json
@with_config
def child(
    number: str,
    looks: bool,
    out: str | None,
    back: str | None,
    reason: str | None,
    as_json: bool,
    config_path: Path | None,
) -> int:
    """Show a child: who tells of it, why its records are linked, what is waiting; or who looked.

    \b
    Examples:
      fhirgate child B7K2M-9QX93
      fhirgate child B7K2M-9QX93 --looks
    """
    if sum((looks, bool(out), bool(back))) > 1 or bool(out) != bool(reason):
        raise click.UsageError("Use one of --looks, --put-back, and --take-out with a --reason.")
    with opened(config_path) as gateway:
        found = gateway.child(number)
        if out or back:
            return _move(gateway, found, str(out or back), reason, as_json)
        if looks:
            seen = [audit.read(body) for body in gateway.trail.looks(found.id)]
            audited(gateway, "$looks", [found.id])
            _tell_looks(seen, as_json)
            return 0
        audited(gateway, "$child", [found.id])
        events = [event for event in gateway.store.links(child=found.number) if event.stands]
        records = gateway.store.records([event.rec for event in events])
        known = _Known(
            found,
            [event for event in events if records[event.rec].sealed is None],
            records,
            [review.number for review in gateway.store.reviews(child=found.number)],
            _lives(gateway, found, instant if as_json else say.local),
        )
    if as_json:
        say.as_json(known.as_json())
    else:
        _tell_child(known)
    return 0


@click.command(short_help="List, show or decide what a person must look at.")
@click.argument("number", type=int, required=False)
@click.option("--same", is_flag=True, help="The record is about that child: link it.")
@click.option("--different", is_flag=True, help="The record is about another child: leave it.")
@click.option("--not-sure", is_flag=True, help="Somebody looked and could not tell; it stays open.")
@click.option("--undo", is_flag=True, help="Take the decision back: links and match are as before.")
@click.option("--reason", help="Why; needed for a decision.")
@with_as
@with_json
@with_config
def matches(
    number: int | None,
    same: bool,
    different: bool,
    not_sure: bool,
    undo: bool,
    reason: str | None,
    as_json: bool,
    config_path: Path | None,
) -> int:
    """List what a person must look at, show one entry, or decide it.

    \b
    Examples:
      fhirgate matches
      fhirgate matches 41 --different --reason "twins, spoken to the school"
    """
    if same + different + not_sure + undo > 1:
        raise click.UsageError("Use one of --same, --different, --not-sure and --undo.")
    if (same or different or not_sure) and (number is None or not reason):
        raise click.UsageError("A decision names the match and gives a --reason.")
    with opened(config_path) as gateway:
        if number is not None and (same or different):
            return _decide(gateway, number, same, str(reason), as_json)
        if number is not None and not_sure:
            return _not_sure(gateway, number, str(reason), as_json)
        if undo:
            return _take_back(gateway, number, as_json)
        found = _matches(gateway, number)
    if as_json:
        say.as_json(found)
    elif number is None and found:
        rows = [(one["match"], one["feed"], cci.show(one["child"]), one["sentence"]) for one in found]
        say.table([tuple(map(str, row)) for row in rows], ("match", "feed", "perhaps", "why"))
    elif number is None:
        say.talk("Nothing waits for a person.")
    else:
        _tell_match(found[0])
    return 1 if found else 0


def _decide(gateway: Gateway, number: int, same: bool, reason: str, as_json: bool) -> int:
    before = _sides(gateway, number)
    done = gateway.decide(number, same=same, reason=reason, author=person())
    _enter(gateway, number, ("same" if same else "different") if done else "one of two persons", before)
    if as_json:
        say.as_json({"match": number, "decision": ("same" if same else "different") if done else ""})
    elif not done:
        say.out(f"Match {number}: written down. It takes two persons, so a second one must say the same.")
    else:
        say.out(f"Match {number}: {'the same child' if same else 'different children'}. Written down.")
        say.out(f"Undo with: fhirgate matches {number} --undo")
    return 0 if done else 1


def _not_sure(gateway: Gateway, number: int, reason: str, as_json: bool) -> int:
    sides = _sides(gateway, number)
    gateway.not_sure(number, reason=reason, author=person())
    _enter(gateway, number, "not sure", sides)
    if as_json:
        say.as_json({"match": number, "decision": ""})
    else:
        say.out(f"Match {number} stays open. Written down.")
    return 1


def _take_back(gateway: Gateway, number: int | None, as_json: bool) -> int:
    if number is None:
        raise click.UsageError("--undo names the match that was decided.")
    before = _sides(gateway, number)
    gateway.take_back(number, author=person())
    _enter(gateway, number, "open again", before)
    if as_json:
        say.as_json({"match": number, "decision": ""})
    else:
        say.out(f"Match {number} is open again, and its links are as they were.")
    return 0


@dataclass(frozen=True, slots=True)
class _Sides:
    """Both sides of a match: whose the record is, and the ids of its child and of the other one."""

    feed: str = ""
    children: frozenset[str] = frozenset()


def _sides(gateway: Gateway, number: int) -> _Sides:
    entry = next(iter(gateway.store.reviews(state="", number=number)), None)
    if entry is None:
        return _Sides()
    record = gateway.store.records([entry.rec])[entry.rec]
    sides = gateway.store.children([one for one in (record.child, entry.child) if one is not None])
    return _Sides(record.feed, frozenset(each.id for each in sides.values()))


def _enter(gateway: Gateway, number: int, state: str, before: _Sides) -> None:
    """Enter in the audit what became of a match, with the children on both its sides, then and now."""
    children = before.children | _sides(gateway, number).children
    entered(gateway, "$decide", before.feed, number, f"match {number}: {state}", children)


def _move(gateway: Gateway, found: Child, name: str, reason: str | None, as_json: bool) -> int:
    """Take a record out of a child, for a reason, or put it back to where it was before."""
    named, local = named_record(gateway, found, name)
    feed = gateway.feed(named)
    record = gateway.store.record(feed.name, local)
    if record is None or record.child != found.number:
        raise refuse(RECORD_UNKNOWN, feed=feed.name)
    if reason:
        child = gateway.take_apart(feed, local, reason=reason, author=person())
    else:
        child = gateway.put_back(feed, local, author=person())
    what = "take-out" if reason else "put-back"
    entered(gateway, f"${what}", feed.name, 0, what, (found.id, child.id))
    if as_json:
        say.as_json({"record": name, "from": found.cci, "cci": child.cci, "id": child.id})
        return 0
    say.out(f"{name} belongs to {cci.show(child.cci)} now.")
    if reason:
        say.out(f"Undo with: fhirgate child {cci.show(child.cci)} --put-back {name}")
    return 0


def _matches(gateway: Gateway, number: int | None) -> list[dict[str, Any]]:
    """The open entries, or the one of that number, as a program sees them; each child named is audited."""
    entries = gateway.store.reviews(number=number)
    if number is not None and not entries:
        raise refuse(REVIEW_UNKNOWN, number=number)
    records = gateway.store.records([one.rec for one in entries])
    named = {one.child for one in entries} | {record.child for record in records.values()}
    children = gateway.store.children([one for one in named if one is not None])
    audited(gateway, "$matches", [each.id for each in children.values()])
    ccis = {number: each.cci for number, each in children.items()}
    return [
        {
            "match": one.number,
            "feed": records[one.rec].feed,
            "record": records[one.rec].local,
            "own": ccis.get(records[one.rec].child or 0, ""),
            "child": ccis.get(one.child or 0, ""),
            "reason": one.reason,
            "sentence": one.sentence,
            "at": instant(one.at),
            # of one alone: of thousands it would be asked for too long
            **({} if number is None else {"said": [_said(each) for each in said_of(gateway.store, one)]}),
            **json.loads(one.evidence),
        }
        for one in entries
    ]


def _said(event: LifeEvent) -> dict[str, str]:
    """What a person said about an entry without deciding it."""
    what = "not sure" if event.what == NOT_SURE else "one child, as one of two persons"
    return {"what": what, "author": event.author, "at": instant(event.at), "reason": event.reason}


def _weighs(one: Mapping[str, Any]) -> dict[str, str]:
    """What was weighed: how likely one child is, and the bits of each field; each bit doubles the odds."""
    if "bits" not in one:
        return {}
    bits = ", ".join(f"{field} {bits:+.1f}" for field, bits in one["bits"].items())
    return {"one child": f"{one['probability']:.1%} likely", "bits": bits}


def _tell_match(one: Mapping[str, Any]) -> None:
    say.out(str(one["sentence"]))
    say.out()
    say.fields(
        {
            "record": f"{one['feed']}/{one['record']}",
            "is now": cci.show(one["own"]),
            "perhaps": cci.show(one["child"]),
            "agrees": ", ".join(one["agrees"]) or "nothing",
            "contradicts": ", ".join(one["contradicts"]) or "nothing",
            **_weighs(one),
        }
    )
    for said in one["said"]:
        say.out()
        say.out(f"{said['author']} said: {said['what']}. {said['reason']}")
    say.out()
    say.out(f"Decide with: fhirgate matches {one['match']} --same --reason '...'   or  --different")


@dataclass(frozen=True, slots=True)
class _Known:
    """What is known of a child: link events, oldest first, its records by number, open matches, its life."""

    child: Child
    events: list[Link]
    records: Mapping[int, Record]
    reviews: list[int]
    lives: list[dict[str, str]]

    def links(self) -> list[Link]:
        """The last event of each record that is linked to the child now."""
        last = {event.rec: event for event in self.events}
        return [event for event in last.values() if self.records[event.rec].child == self.child.number]

    def as_json(self) -> dict[str, Any]:
        """The same for a program."""
        return {
            "cci": self.child.cci,
            "id": self.child.id,
            "state": self.child.state,
            "links": [self._event(event) for event in self.links()],
            "history": [self._event(event) for event in self.events],
            "reviews": self.reviews,
            "life": self.lives,
        }

    def _event(self, event: Link) -> dict[str, Any]:
        return {
            "feed": self.records[event.rec].feed,
            "record": self.records[event.rec].local,
            "what": event.what,
            "reason": event.reason,
            "sentence": event.sentence,
            "author": event.author,
            "at": instant(event.at),
            "load": event.load,
        }

    def rows(self, events: Iterable[Link]) -> list[tuple[str, ...]]:
        """Events as rows of a table."""
        return [
            (
                f"{self.records[one.rec].feed}/{self.records[one.rec].local}",
                *(one.what, one.sentence, one.author, say.local(one.at)),
            )
            for one in events
        ]


def _tell_child(known: _Known) -> None:
    child, links = known.child, known.links()
    say.fields({"CCI": cci.show(child.cci), "FHIR": f"Patient/{child.id}", "state": child.state})
    say.out()
    heads = ("record", "", "why", "by", "at")
    say.table(known.rows(links), heads)
    earlier = [event for event in known.events if event not in links]
    if earlier:
        say.out()
        say.out("Earlier")
        say.table(known.rows(earlier))
    if known.lives:
        say.out()
        say.out("Decided")
        say.table([tuple(one.values()) for one in known.lives])
    if known.reviews:
        say.out()
        say.out("To review: " + ", ".join(map(str, known.reviews)) + "  (fhirgate matches)")


def _lives(gateway: Gateway, found: Child, written: Callable[[int], str]) -> list[dict[str, str]]:
    """What became of a child and was not taken back, with the other child by its CCI."""
    events = [event for event in gateway.store.life(child=found.number) if event.stands]
    sides = {one for event in events for one in (event.child, event.other) if one is not None}
    # of a sealed child nothing is shown, not even that somebody was told apart from it
    children = gateway.store.children(sorted(sides)).values()
    ccis = {child.number: child.cci for child in children if child.state != "sealed"}
    events = [event for event in events if {event.child, event.other or event.child} <= set(ccis)]
    return [
        {
            "what": event.what,
            "child": cci.show(ccis[event.child]),
            "other": cci.show(ccis[event.other]) if event.other is not None else "",
            "reason": event.reason,
            "author": " and ".join(filter(None, (event.second, event.author))),
            "at": written(event.at),
        }
        for event in events
    ]


def _tell_looks(seen: Iterable[audit.Look], as_json: bool) -> None:
    heads = ("at", "who", "what", "type", "base", "outcome", "request")
    rows = [
        (one.at, one.name or one.client, one.interaction, one.type, one.base, one.outcome, one.request)
        for one in seen
    ]
    if as_json:
        say.as_json([dict(zip(heads, row, strict=True)) for row in rows])
    else:
        say.table([row[:-1] for row in rows], heads[:-1])


COMMANDS = (child, matches)
