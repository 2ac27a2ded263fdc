"""What click and the system say of a command that could not be done, in the words of this house."""

import errno
import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click

from gateway.problems import refuse
from gateway.problems.service import NOT_WRITTEN

# Other faults of the system are mistakes of ours, or of a server that was asked, and must be seen as such.
_NO_ROOM_OR_RIGHT = (
    *(errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EROFS, errno.EACCES, errno.EPERM),
    *(errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.EEXIST, errno.ENAMETOOLONG),
)

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


@contextmanager
def writing(what: str) -> Iterator[None]:
    """Turn a disk that is full, or a place nobody may write to, into a problem.

    Args:
        what: what is being written, if the system does not name a file.

    Raises:
        Refused: `service.not-written`.
    """
    try:
        yield
    except OSError as error:
        if error.errno not in _NO_ROOM_OR_RIGHT:
            raise
        if not error.filename:
            # what is left of the answer would be tried, and complained of, once more at the end
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise refuse(NOT_WRITTEN, what=str(error.filename or what), reason=error.strerror) from None
