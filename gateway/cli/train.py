"""The command that learns matching weights from the store: train."""

from dataclasses import fields
from pathlib import Path
from typing import Any

import click

from gateway.cli import say
from gateway.cli.bar import Bar
from gateway.cli.seen import entered
from gateway.cli.shared import opened, with_config, with_json
from gateway.service.training import Trained
from gateway.service.training import train as learn
from gateway.service.weights import keep, weights


@click.command(short_help="Learn matching weights from the records that are kept.")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--replace", is_flag=True, help="Write over a file that is there.")
@with_json
@with_config
def train(file: Path, replace: bool, as_json: bool, config_path: Path | None) -> int:
    """Learn from the records that are kept how often what agrees, and write the weights to FILE.

    It learns from records that a number or a person linked, from records at one address with two different
    NHS numbers, and from what persons decided; nobody has to know the truth. Nothing is changed until the
    setting `model` names the file. The file has counts, and names that several children bear: keep it as you
    keep the database.

    \b
    Examples:
      fhirgate train weights.json
      fhirgate train weights.json --replace --json
    """
    with opened(config_path) as gateway:
        with Bar("Reading") as bar:
            done = learn(gateway.store, gateway.linker, weights(gateway.config["model"]), bar.moved)
        keep(done.model, file, replace=replace)
        entered(gateway, "$train", "fhir", 0, f"{done.records} records")
    if as_json:
        say.as_json(_counts(done))
    else:
        _told(done, file)
    return 1 if done.doubtful else 0


def _counts(done: Trained) -> dict[str, Any]:
    return {each.name: getattr(done, each.name) for each in fields(done) if each.name != "model"}


def _told(done: Trained, file: Path) -> None:
    pairs = f"{done.same} pairs of one child and {done.relatives} of relatives"
    say.out(f"Learnt from {say.counted(done.records, 'record', 'records')}: {pairs}.")
    decided = f"{done.one_child} for one child, {done.told_apart} for two, {done.not_sure} not sure"
    say.out(f"Decisions of persons: {decided}.")
    if done.doubtful:
        say.out(
            f"{say.counted(done.doubtful, 'pair', 'pairs')} of records that persons told apart would be "
            "certain by these weights. Look at them before you use the file."
        )
    say.talk(f'To match with it: model = "{file}" in gateway.toml, then start the server again.')


COMMANDS = (train,)
