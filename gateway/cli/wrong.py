"""What click says of a command that was used wrongly, in the words of this house."""

import re

import click

_SAID = (
    (re.compile(r"^Invalid value for (.+?): (.*)$", re.S), r"\1: \2"),
    (re.compile(r"^Invalid value: (.*)$", re.S), r"\1"),
    (re.compile(r" is not a valid integer( range)?\."), " is not a whole number."),
    (re.compile(r" is not a valid (\w+)"), r" is not a \1"),
    (re.compile(r"^Got unexpected extra arguments? \((.*)\)$", re.S), r"The command takes nothing more: \1"),
)


def reworded(wrong: click.ClickException) -> click.ClickException:
    """The same complaint without the words that blame whoever typed it."""
    said = wrong.format_message()
    for pattern, ours in _SAID:
        said = pattern.sub(ours, said)
    return click.UsageError(said, wrong.ctx) if isinstance(wrong, click.UsageError) else wrong
