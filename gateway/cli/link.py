"""The command that looks at every record anew: link."""

from dataclasses import asdict
from pathlib import Path

import click

from gateway.cli import say
from gateway.cli.bar import Bar
from gateway.cli.seen import entered
from gateway.cli.shared import opened, with_config, with_json
from gateway.service.relink import relink


@click.command(short_help="Link what is not linked, and look at every record anew.")
@with_json
@with_config
def link(as_json: bool, config_path: Path | None) -> int:
    """Link every record that is not linked, and look at the others as this version does.

    Use it after an upgrade, or on the day when another identifier becomes the official one. Links that stand
    are kept: where they are doubted a person is asked. The server may go on serving; a run that was stopped
    goes on where it was.

    \b
    Examples:
      fhirgate link
      fhirgate link --json
    """
    with opened(config_path) as gateway:
        with Bar("Linking") as bar:
            found = relink(gateway.store, gateway.linker, bar.moved)
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


COMMANDS = (link,)
