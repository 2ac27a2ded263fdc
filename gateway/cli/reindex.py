"""The command that indexes what is kept anew, while the server serves: reindex."""

from pathlib import Path

import click

from gateway.cli import say
from gateway.cli.bar import Bar
from gateway.cli.shared import opened, with_config, with_json


@click.command(short_help="Index everything anew, for new search parameters.")
@click.option("--alone", is_flag=True, help="No server is running: do not ask for one to be started again.")
@with_json
@with_config
def reindex(alone: bool, as_json: bool, config_path: Path | None) -> int:
    """Index every resource and every older version anew, for search parameters that are new.

    These are SearchParameters that were put into a folder of profiles, and what a new fhirgate searches for
    and an older one did not. Start the server again first: from then on it indexes for them what it writes,
    and refuses to search by them until this has gone through what is older. It may go on serving meanwhile; a
    run that was stopped goes on where it was.

    \b
    Examples:
      fhirgate reindex
      fhirgate reindex --json
    """
    with opened(config_path) as gateway:
        indexed = sum(len(each) for each in gateway.indexing.own.parameters.values())
        with Bar("Indexing") as bar:
            done = gateway.indexing.renew(alone=alone, tell=bar.moved)
    if as_json:
        say.as_json({"indexed": done, "own_parameters": indexed})
        return 0
    say.out(f"{say.counted(done, 'resource or older version', 'resources and older versions')} indexed anew.")
    say.talk("A server that is running searches by all of it now; it need not be started again.")
    return 0


COMMANDS = (reindex,)
