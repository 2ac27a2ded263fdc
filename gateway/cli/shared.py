"""What commands share: their options, and an open gateway for the length of one command."""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Any

import click

from gateway import config as settings
from gateway.app import open_gateway
from gateway.config import Config
from gateway.mapping.file import Mapping as MappingFile
from gateway.problems import refuse
from gateway.problems.service import MAPPING_NEEDED
from gateway.service import Gateway
from gateway.service.links import local_id
from gateway.service.shelf import Shelf
from gateway.store.base import Child

Command = Callable[..., Any]

FILE = "gateway.toml"


def with_config(command: Command) -> Command:
    """Add `--config`."""
    return click.option(
        "--config",
        "config_path",
        type=click.Path(path_type=Path),
        envvar="GATEWAY_CONFIG",
        help=f"The settings file. Default: $GATEWAY_CONFIG, then ./{FILE} if it is there.",
    )(command)


def with_json(command: Command) -> Command:
    """Add `--json`."""
    return click.option("--json", "as_json", is_flag=True, help="Answer in JSON, for a program.")(command)


@dataclass(frozen=True, slots=True)
class Wanted:
    """The mapping a command names, "" if it names none, and the values it gives for it."""

    name: str
    values: Mapping[str, str]


def with_mapping(command: Command) -> Command:
    """Add `--mapping` and `--set`; the command gets both as `wanted`."""

    @wraps(command)
    def told(*, mapping: str | None, values: tuple[str, ...], **more: Any) -> Any:
        return command(wanted=Wanted(mapping or "", given_values(values)), **more)

    options = (
        click.option("-m", "--mapping", help="A name, or a path to its folder. Default: the one that fits."),
        click.option(
            "--set",
            "values",
            multiple=True,
            metavar="NAME=VALUE",
            help="A value the mapping asks for; repeatable.",
        ),
    )
    return options[0](options[1](told))


def configured(path: Path | None) -> Config:
    """The settings in force.

    Raises:
        Refused: what is wrong with them.
    """
    if path is None and Path(FILE).is_file():
        path = Path(FILE)
    return settings.load(path, os.environ)


@contextmanager
def opened(path: Path | None) -> Iterator[Gateway]:
    """An open gateway, closed when the block ends."""
    gateway = open_gateway(configured(path))
    try:
        yield gateway
    finally:
        gateway.close()


def given_values(values: tuple[str, ...]) -> dict[str, str]:
    """`NAME=VALUE` texts as a table.

    Raises:
        click.UsageError: one has no `=`.
    """
    pairs = [value.partition("=") for value in values]
    for name, sign, _ in pairs:
        if not sign:
            raise click.UsageError(f"--set takes NAME=VALUE; {name!r} has no =")
    return {name: value for name, _, value in pairs}


def named_record(gateway: Gateway, child: Child, name: str) -> tuple[str, str]:
    """Feed and local id of a record of a child, named as FEED/RECORD: by that id, or by its own key.

    Raises:
        Refused: `service.unknown-feed`.
    """
    feed, _, record = name.partition("/")
    known = gateway.feed(feed).name
    return known, local_id(gateway.store, gateway.keys, child.number, known, record)


def needed(shelf: Shelf, files: tuple[Path, ...], wanted: Wanted) -> MappingFile:
    """The mapping for files that cannot do without one.

    Raises:
        Refused: as `Shelf.choose`; `service.mapping-needed` for files of FHIR.
    """
    found = shelf.choose(files, wanted.name)
    if found is None:
        raise refuse(MAPPING_NEEDED, known=shelf.known)
    return found
