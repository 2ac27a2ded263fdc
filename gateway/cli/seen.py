"""What the command line looks at or changes is audited as over HTTP, before anything of it is shown."""

import os
import pwd
import secrets
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

import click

from gateway.cli.shared import Command
from gateway.problems import Refused, problem
from gateway.problems.service import DONE_UNAUDITED
from gateway.security import audit
from gateway.service import Gateway
from gateway.service.clock import instant, now
from gateway.service.events import signed

_NAMED = "gateway.as"


def audited(
    gateway: Gateway, interaction: str, children: Iterable[str], type: str = "", question: str = ""
) -> None:
    """Keep a look from the command line, before anything of it is shown.

    Raises:
        Refused: `store.audit`; then nothing may be shown.
    """
    _append(gateway, interaction, children, type=type, question=question.encode())


def entered(
    gateway: Gateway, interaction: str, feed: str, number: int, words: str, children: Iterable[str] = ()
) -> None:
    """Keep what a command has changed, before anything of it is told.

    Args:
        number: of the load or match, 0 where there is none.
        words: what was changed, in counts; nothing that a record says.
        children: ids of the children it was about.

    Raises:
        Refused: `service.done-unaudited`: the change itself stands.
    """
    id = str(number) if number else ""
    try:
        _append(gateway, interaction, children, base=feed, id=id, question=words.encode())
    except Refused as refused:
        raise Refused(problem(DONE_UNAUDITED), *refused.problems) from None


def broken_off(gateway: Gateway, interaction: str, feed: str, status: int, code: str) -> None:
    """Keep that a command was refused or broken off, perhaps after it had changed something.

    Why it was matters more to whoever reads it than that the audit cannot be written either.
    """
    with suppress(Refused):
        _append(gateway, interaction, (), base=feed, status=status, problem=code)


def _append(
    gateway: Gateway, interaction: str, children: Iterable[str], *, status: int = 200, **more: Any
) -> None:
    seen = tuple(sorted(set(children)))
    look = audit.Look(
        at=instant(now()),
        request=secrets.token_hex(8),
        interaction=interaction,
        outcome=audit.outcome_of(status),
        status=status,
        client="cli",
        name=person(),
        children=seen,
        **{"base": "fhir", **more},
    )
    gateway.trail.append(audit.written(look), seen)


def person() -> str:
    """Who is at the terminal, for the audit and for what is decided: a name, and the machine's user."""
    context = click.get_current_context(silent=True)
    name = str(context.meta.get(_NAMED, "")) if context else ""
    return signed(name.strip(), f"{_user()} at the command line")


def with_as(command: Command) -> Command:
    """Add `--as`; `person` says it then."""
    return click.option(
        "--as",
        metavar="NAME",
        expose_value=False,
        callback=_named,
        help="Who decides, beside the user of this machine, who counts as the person.",
    )(command)


def _named(context: click.Context, _: click.Parameter, name: str | None) -> None:
    context.meta[_NAMED] = name or ""


def _user() -> str:
    """The user of this machine: as the system knows it, not as the environment has it."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return f"user {os.getuid()}"
