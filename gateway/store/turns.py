"""Which loads are being run: for SQLite a lock on a file beside the database, gone with its process."""

import contextlib
import fcntl
import os
from typing import Protocol


class Turns(Protocol):
    """The loads that one store object runs, and a look at those of others."""

    def take(self, load: int) -> bool:
        """Whether the turn for a load could be taken."""

    def taken(self, load: int) -> bool:
        """Whether anybody runs a load now."""

    def leave(self, load: int) -> None:
        """Give the turn back."""

    def leave_all(self) -> None:
        """Give every turn back."""


class FileTurns:
    """The loads that this store object runs, and a look at those of others.

    A process that is killed leaves its load's row saying "running"; the lock tells that it is not.
    """

    def __init__(self, file: str) -> None:
        self._file = file
        self._held: dict[int, int] = {}

    def take(self, load: int) -> bool:
        """Whether the turn for a load could be taken."""
        if load in self._held:
            return False
        path = self._path(load)
        for _ in range(8):
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if os.fstat(descriptor).st_ino == os.stat(path).st_ino:
                    self._held[load] = descriptor
                    return True
            except BlockingIOError:
                os.close(descriptor)
                return False
            except FileNotFoundError:
                # its last holder removed the file between our opening and locking it
                pass
            os.close(descriptor)
        return False

    def taken(self, load: int) -> bool:
        """Whether anybody runs a load now."""
        if load in self._held:
            return True
        try:
            descriptor = os.open(self._path(load), os.O_RDWR | os.O_CLOEXEC)
        except OSError:
            return False
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(descriptor)
        return False

    def leave(self, load: int) -> None:
        """Give the turn back."""
        descriptor = self._held.pop(load, None)
        if descriptor is not None:
            with contextlib.suppress(OSError):
                os.unlink(self._path(load))
            os.close(descriptor)

    def leave_all(self) -> None:
        """Give every turn back."""
        for load in list(self._held):
            self.leave(load)

    def _path(self, load: int) -> str:
        return f"{self._file}-load-{load}"
