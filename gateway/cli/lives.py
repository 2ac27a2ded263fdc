"""Commands that change children's lives: merge, split, distinct, seal. Each says how to take it back."""

import csv
import sys
from collections.abc import Iterable
from pathlib import Path

import click

from gateway.cli import say
from gateway.cli.seen import audited, entered, person, with_as
from gateway.cli.shared import named_record, opened, with_config, with_json
from gateway.identity import cci
from gateway.problems import Problem, problem
from gateway.problems.life import LIFE_WAITS
from gateway.service import Gateway
from gateway.service.clock import instant
from gateway.service.links import Linked
from gateway.service.links import links as listed
from gateway.store.base import Child, LifeEvent

_REASON = "Why; it is written down."


@click.command(short_help="Make one child of two, or undo that.")
@click.argument("number", metavar="CCI")
@click.argument("into", metavar="[INTO]", required=False)
@click.option("--undo", is_flag=True, help="Give the merged child its records and its CCI back.")
@click.option("--reason", required=True, help=_REASON)
@with_as
@with_json
@with_config
def merge(
    number: str, into: str | None, undo: bool, reason: str, as_json: bool, config_path: Path | None
) -> int:
    """Make one child of two: every record of CCI goes to INTO, and CCI leads there from now on.

    It takes two persons where both have several records: the second one says the same.

    \b
    Examples:
      fhirgate merge B7K2M-9QX93 T4HWM-0AB17 --reason "one child, two schools"
      fhirgate merge B7K2M-9QX93 --undo --reason "twins after all"
    """
    if undo == bool(into):
        raise click.UsageError("Name two children, or one and --undo.")
    with opened(config_path) as gateway:
        child = gateway.child(number)
        if into is None:
            gateway.lives.unmerge(child, reason=reason, author=person())
            return _told(
                gateway, "unmerge", [child], f"{cci.show(child.cci)} is a child of its own again.", as_json
            )
        other = gateway.child(into)
        done = gateway.lives.merge(child, other, reason=reason, author=person())
        words = (
            f"{cci.show(child.cci)} leads to {cci.show(other.cci)} now.\n"
            f"Undo with: fhirgate merge {cci.show(child.cci)} --undo --reason '...'"
        )
        return _told(gateway, "merge", [child, other], words, as_json, waits=not done)


@click.command(short_help="Give some records of a child a child of their own, or undo that.")
@click.argument("number", metavar="CCI")
@click.argument("records", metavar="[FEED/RECORD...]", nargs=-1)
@click.option("--undo", is_flag=True, help="CCI is the part that left: put its records back.")
@click.option("--reason", required=True, help=_REASON)
@with_as
@with_json
@with_config
def split(
    number: str, records: tuple[str, ...], undo: bool, reason: str, as_json: bool, config_path: Path | None
) -> int:
    """Give some records of a child a child of their own. RECORD is as `child` or `links` shows it.

    \b
    Examples:
      fhirgate split B7K2M-9QX93 school/p17 clinic/88 --reason "these are of the twin"
      fhirgate split T4HWM-0AB17 --undo --reason "one child after all"
    """
    if undo == bool(records):
        raise click.UsageError("Name records as FEED/RECORD, or use --undo.")
    with opened(config_path) as gateway:
        child = gateway.child(number)
        if undo:
            gateway.lives.unsplit(child, reason=reason, author=person())
            return _told(gateway, "unsplit", [child], "The records are where they were.", as_json)
        named = [named_record(gateway, child, one) for one in records]
        part = gateway.lives.split(child, named, reason=reason, author=person())
        words = (
            f"{len(named)} of its records belong to {cci.show(part.cci)} now.\n"
            f"Undo with: fhirgate split {cci.show(part.cci)} --undo --reason '...'"
        )
        return _told(gateway, "split", [child, part], words, as_json)


@click.command(short_help="Say for good that two children are two, or undo that.")
@click.argument("number", metavar="CCI")
@click.argument("other", metavar="CCI")
@click.option("--undo", is_flag=True, help="Take it back.")
@click.option("--reason", help=_REASON)
@with_as
@with_json
@with_config
def distinct(
    number: str, other: str, undo: bool, reason: str | None, as_json: bool, config_path: Path | None
) -> int:
    """Say once and for good that two children are two: nothing asks about them again, nothing merges them.

    \b
    Examples:
      fhirgate distinct B7K2M-9QX93 T4HWM-0AB17 --reason "twins, spoken to the school"
      fhirgate distinct B7K2M-9QX93 T4HWM-0AB17 --undo
    """
    if undo == bool(reason):
        raise click.UsageError("Give a --reason, or use --undo.")
    with opened(config_path) as gateway:
        pair = [gateway.child(number), gateway.child(other)]
        if undo:
            gateway.lives.not_apart(*pair)
            return _told(gateway, "not-distinct", pair, "Taken back: they may be one child again.", as_json)
        gateway.lives.tell_apart(*pair, reason=str(reason), author=person())
        again = f"fhirgate distinct {cci.show(pair[0].cci)} {cci.show(pair[1].cci)} --undo"
        return _told(gateway, "distinct", pair, f"Written down.\nUndo with: {again}", as_json)


@click.command(short_help="End a life that nobody may find again, or list the seals.")
@click.argument("number", metavar="[CCI]", required=False)
@click.option("--confirm", type=int, metavar="SEAL", help="Say that a seal is right, as one of two persons.")
@click.option("--lift", type=int, metavar="SEAL", help="Say that a seal was a mistake; it takes two persons.")
@click.option("--reason", help=_REASON)
@with_as
@with_json
@with_config
def seal(
    number: str | None,
    confirm: int | None,
    lift: int | None,
    reason: str | None,
    as_json: bool,
    config_path: Path | None,
) -> int:
    """Seal the child with this CCI, or list the seals; nothing about a sealed child is ever shown.

    Its records stay with the feeds that told them. Files that announce an adoption seal as they are loaded.

    \b
    Examples:
      fhirgate seal B7K2M-9QX93 --reason "adoption order of 3 November"
      fhirgate seal --lift 12 --reason "announced by mistake"
    """
    given = sum(one is not None for one in (number, confirm, lift))
    if given > 1 or bool(given) != bool(reason):
        raise click.UsageError("Use a CCI, --confirm or --lift, each with a --reason; or none of them.")
    with opened(config_path) as gateway:
        if number is not None:
            return _seal(gateway, number, str(reason), as_json)
        if confirm is not None:
            persons = gateway.lives.confirm(confirm, reason=str(reason), author=person())
            words = f"Seal {confirm} is confirmed by {persons} of 2 persons."
            return _told(gateway, "confirm-seal", (), words, as_json, number=confirm)
        if lift is not None:
            back = gateway.lives.unseal(lift, reason=str(reason), author=person())
            words = f"Seal {lift} is lifted: {cci.show(back.cci)} is there again." if back else ""
            children = [back] if back else []
            return _told(gateway, "unseal", children, words, as_json, waits=back is None, number=lift)
        seals = gateway.lives.seals()
        audited(gateway, "$seals", ())
    return _list(seals, as_json)


def _seal(gateway: Gateway, number: str, reason: str, as_json: bool) -> int:
    child = gateway.child(number)
    made = gateway.lives.seal(child, reason=reason, author=person())
    words = (
        f"Seal {made}: nobody can find this child any more.\n"
        f"A mistake? Two persons lift it: fhirgate seal --lift {made} --reason '...'"
    )
    return _told(gateway, "seal", [child], words, as_json, number=made)


def _list(seals: list[tuple[LifeEvent, int]], as_json: bool) -> int:
    rows = [
        {
            "seal": event.number,
            "at": instant(event.at) if as_json else say.local(event.at),
            "by": event.author,
            "why": event.reason,
            "load": event.load,
            "confirmed": persons,
        }
        for event, persons in seals
    ]
    if as_json:
        say.as_json(rows)
    elif not rows:
        say.talk("Nothing is sealed.")
    else:
        say.table(
            [tuple("" if value is None else str(value) for value in row.values()) for row in rows],
            tuple(rows[0]),
        )
    waiting = any(persons < 2 for _, persons in seals)
    if waiting and not as_json:
        say.talk("Two persons confirm each: fhirgate seal --confirm SEAL --reason '...'")
    return 1 if waiting else 0


def _told(
    gateway: Gateway,
    what: str,
    children: Iterable[Child],
    words: str,
    as_json: bool,
    *,
    waits: bool = False,
    number: int = 0,
) -> int:
    """Enter in the audit what was done, and say it; exit code 1 where a second person is waited for."""
    every = list(children)
    entered(gateway, f"${what}", "fhir", number, what, [child.id for child in every])
    if as_json:
        say.as_json({"done": "" if waits else what, "cci": [child.cci for child in every], "number": number})
    elif waits:
        waiting: Problem = problem(LIFE_WAITS)
        say.out(f"{waiting.kind.says}. {waiting.kind.fix}")
    else:
        say.out(words)
    return 1 if waits else 0


@click.command(short_help="List or write down what was decided about sharing.")
@click.argument("number", metavar="CCI")
@click.option("--withhold", is_flag=True, help="Leave the official identifier out of the child's Patient.")
@click.option("--give", is_flag=True, help="Include it again.")
@click.option("--shared", metavar="WITH", help="Information was shared with them.")
@click.option("--not-shared", metavar="WITH", help="It was decided not to share with them.")
@click.option("--sent-without", metavar="TO", help="It was sent without the identifier, to save a delay.")
@click.option("--reason", help=_REASON)
@with_as
@with_json
@with_config
def sharing(
    number: str,
    withhold: bool,
    give: bool,
    shared: str | None,
    not_shared: str | None,
    sent_without: str | None,
    reason: str | None,
    as_json: bool,
    config_path: Path | None,
) -> int:
    """List what was decided about sharing what is known of a child, or write a decision down.

    Only --withhold and --give change what the gateway answers; the others are kept for whoever has to
    account for them.

    \b
    Examples:
      fhirgate sharing B7K2M-9QX93
      fhirgate sharing B7K2M-9QX93 --not-shared "Oak School" --reason "would tell a parent"
    """
    named = {"shared": shared, "not-shared": not_shared, "sent-without": sent_without}
    given = {what: who for what, who in named.items() if who}
    if withhold + give + len(given) > 1 or bool(withhold + give + len(given)) != bool(reason):
        raise click.UsageError("Write one decision down with a --reason, or list them without either.")
    with opened(config_path) as gateway:
        child = gateway.child(number)
        for what, who in given.items():
            gateway.lives.write_down(child, what, reason=f"{who}: {reason}", author=person())
            return _told(gateway, what, [child], "Written down.", as_json)
        if withhold:
            gateway.lives.withhold(child, reason=str(reason), author=person())
            again = f"fhirgate sharing {cci.show(child.cci)} --give --reason '...'"
            return _told(gateway, "withhold", [child], f"Withheld.\nUndo with: {again}", as_json)
        if give:
            gateway.lives.give(child, reason=str(reason), author=person())
            return _told(gateway, "give", [child], "The identifier is included again.", as_json)
        events = gateway.lives.written_down(child)
        audited(gateway, "$sharing", [child.id])
    shown = instant if as_json else say.local
    rows = [(event.what, event.reason, event.author, shown(event.at)) for event in events]
    heads = ("decision", "why", "by", "at")
    if as_json:
        say.as_json([dict(zip(heads, row, strict=True)) for row in rows])
    elif rows:
        say.table(rows, heads)
    else:
        say.talk("Nothing was decided about this child.")
    return 0


@click.command(short_help="List every record with its child.")
@click.option("--csv", "as_csv", is_flag=True, help="As CSV: feed,record,cci,grade.")
@with_json
@with_config
def links(as_csv: bool, as_json: bool, config_path: Path | None) -> int:
    """List every record with its child, and how sure its link was.

    A record is named by its own key in its feed. `certain` is a link that a rule, the weights or a
    person made; `none` is the record that its child was made for.

    \b
    Examples:
      fhirgate links
      fhirgate links --csv > links.csv
    """
    if as_csv and as_json:
        raise click.UsageError("Use one of --csv and --json.")
    with opened(config_path) as gateway:
        every = listed(gateway.store, gateway.keys)
        entered(gateway, "$links", "fhir", 0, "every link")
        if as_json:
            say.as_json([one._asdict() for one in every])
            return 0
        heads = Linked._fields
        if as_csv:
            writer = csv.writer(sys.stdout, lineterminator="\n")
            writer.writerow(heads)
            writer.writerows(every)
            return 0
        say.table([(one.feed, one.record, cci.show(one.cci), one.grade) for one in every], heads)
    return 0


COMMANDS = (merge, split, distinct, seal, sharing, links)
