"""Looks from the command line are audited like those over HTTP, before anything of them is shown."""

import getpass
import secrets
from collections.abc import Iterable

from gateway.security import audit
from gateway.service import Gateway
from gateway.service.clock import instant, now


def audited(
    gateway: Gateway, interaction: str, children: Iterable[str], type: str = "", question: str = ""
) -> None:
    """Keep a look from the command line, before anything of it is shown."""
    seen = tuple(sorted(set(children)))
    look = audit.Look(
        at=instant(now()),
        request=secrets.token_hex(8),
        interaction=interaction,
        base="fhir",
        outcome=audit.ANSWERED,
        status=200,
        client="cli",
        name=person(),
        type=type,
        children=seen,
        question=question.encode(),
    )
    gateway.trail.append(audit.written(look), seen)


def person() -> str:
    """Who is at the terminal, for the audit."""
    try:
        return f"{getpass.getuser()} at the command line"
    except (KeyError, OSError):
        return "somebody at the command line"
