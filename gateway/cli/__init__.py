"""`fhirgate`: the commands, each a few lines around one thing the gateway can do.

Nouns are for looking, verbs for doing. Data goes to stdout, talk to stderr; `--json` gives every command's
answer to a program. Exit 0: done; 1: something needs a person; 2: used wrongly.
"""

import difflib
import sys
from pathlib import Path
from typing import Any

import click

from gateway import __version__
from gateway.cli import (
    author,
    children,
    diff,
    inspect,
    keep,
    link,
    lives,
    look,
    move,
    reindex,
    run,
    say,
    train,
)
from gateway.cli.wrong import reworded, writing
from gateway.problems import Refused

__all__ = ["main"]


class Commands(click.Group):
    """A group that names the nearest command when one is mistyped."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command, or a refusal that says which one may have been meant."""
        if args and args[0] not in self.commands and not args[0].startswith("-"):
            near = difflib.get_close_matches(args[0], self.commands, 1)
            meant = f" Did you mean {near[0]}?" if near else ""
            raise click.UsageError(f"There is no command called {args[0]}.{meant}", ctx)
        return super().resolve_command(ctx, args)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="fhirgate")
def commands() -> None:
    """Children's records as FHIR R4: translate, identify, serve, forward.

    \b
    Examples:
      fhirgate demo
      fhirgate map header.csv -m ssda903 --set la=201 --set year=2025-26
    """


for _command in (
    *inspect.COMMANDS,
    *author.COMMANDS,
    *diff.COMMANDS,
    *keep.COMMANDS,
    *children.COMMANDS,
    *link.COMMANDS,
    *lives.COMMANDS,
    *look.COMMANDS,
    *move.COMMANDS,
    *reindex.COMMANDS,
    *run.COMMANDS,
    *train.COMMANDS,
):
    commands.add_command(_command)


def main(args: list[str] | None = None) -> Any:
    """Run one command and end the program with its exit code."""
    try:
        with writing("The answer"):
            code = commands.main(args=args, prog_name="fhirgate", standalone_mode=False)
            sys.stdout.flush()
    except Refused as refused:
        say.problems(refused.problems, Path.cwd())
        sys.exit(say.exit_code(refused.problems))
    except click.ClickException as wrong:
        reworded(wrong).show()
        sys.exit(2)
    except (click.Abort, KeyboardInterrupt):
        say.talk("Stopped.")
        sys.exit(1)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(1)
    sys.exit(code if isinstance(code, int) else 0)
