"""The command that carries a store into another database: move."""

import sys
from dataclasses import asdict

import click

from gateway.cli import say
from gateway.cli.shared import with_json
from gateway.config import without_password
from gateway.service import move as moving
from gateway.store.opening import open_store


@click.command(short_help="Copy the database into another one and prove the copy.")
@click.argument("source", metavar="FROM")
@click.argument("target", metavar="TO")
@with_json
def move(source: str, target: str, as_json: bool) -> int:
    """Copy the database FROM into the empty database TO, and prove that both count and answer the same.

    Each is sqlite:PATH or postgresql://USER@HOST/DATABASE. The gateway may go on answering meanwhile; who
    wants to write waits. FROM stays as it is: set `database` to TO and start the gateway again.

    \b
    Examples:
      fhirgate move sqlite:gateway.db postgresql://fhirgate@localhost/fhirgate
      fhirgate move postgresql://fhirgate@localhost/fhirgate sqlite:copy.db
    """
    here = open_store(source, new=False)
    try:
        there = open_store(target)
        try:
            moved = moving.move(here, there, _told)
        finally:
            there.close()
    finally:
        here.close()
    if as_json:
        say.as_json(asdict(moved))
        return 0
    say.table([(table, f"{rows:,}") for table, rows in moved.rows.items() if rows], ("table", "rows"))
    say.out()
    say.out(f"Both have the snapshot {moved.snapshot}.")
    say.talk(f'Now set database = "{without_password(target)}" and start the gateway again.')
    return 0


def _told(table: str, rows: int) -> None:
    if sys.stderr.isatty():
        click.echo(f"\r\033[K{table} {rows:,}", err=True, nl=False)


COMMANDS = (move,)
