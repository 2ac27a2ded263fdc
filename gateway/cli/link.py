"""The command that looks at every record anew: link."""

from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory

import click

from gateway.cli import say
from gateway.cli.bar import Bar, Bars
from gateway.cli.seen import entered
from gateway.cli.shared import opened, with_config, with_json
from gateway.problems import refuse
from gateway.problems.batch import BATCH_NOT_INSTALLED
from gateway.service import Gateway
from gateway.service.link import CAP
from gateway.service.relink import Relinked, relink, relink_at_once


@click.command(short_help="Link what is not linked, and look at every record anew.")
@click.option("--batch", is_flag=True, help="All at once, with DuckDB: faster from 100,000 records on.")
@with_json
@with_config
def link(batch: bool, as_json: bool, config_path: Path | None) -> int:
    """Link every record that is not linked, and look at the others as this version does.

    Use it after an upgrade, or on the day when another identifier becomes the official one. Links that stand
    are kept: where they are doubted a person is asked. The server may go on serving; a run that was stopped
    goes on where it was.

    With --batch the outcome is the same and comes sooner. It needs the extra `batch` (pip install
    fhirgate[batch]) and about half a gigabyte for a million records, and loads should wait meanwhile: it does
    not see what they bring.

    \b
    Examples:
      fhirgate link
      fhirgate link --batch --json
    """
    with opened(config_path) as gateway:
        found = _at_once(gateway) if batch else _one_by_one(gateway)
        entered(gateway, "$link", "fhir", 0, f"{found.records} records")
    if as_json:
        say.as_json(asdict(found))
        return 0
    say.out(
        f"{say.counted(found.records, 'record', 'records')} looked at, {found.new} linked to new children."
    )
    if found.to_review:
        say.out(f"{found.to_review} to review: fhirgate matches")
    return 0


def _one_by_one(gateway: Gateway) -> Relinked:
    with Bar("Linking") as bar:
        return relink(gateway.store, gateway.linker, bar.moved)


def _at_once(gateway: Gateway) -> Relinked:
    try:
        from gateway.batch.everyone import Everyone
    except ImportError:
        raise refuse(BATCH_NOT_INSTALLED) from None
    with TemporaryDirectory(prefix="fhirgate-") as folder, Everyone(folder, CAP) as everyone, Bars() as bars:
        return relink_at_once(gateway.store, gateway.linker, everyone, bars.moved)


COMMANDS = (link,)
