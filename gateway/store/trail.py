"""What an audit can do, whatever it is kept in."""

from collections.abc import Iterable, Iterator
from typing import Protocol

from gateway.problems import Problem


class Trail(Protocol):
    """The audit: what was appended is durable, in order, and a change of it is found."""

    def append(self, event: bytes, children: Iterable[str] = ()) -> None:
        """Keep one event; returns when it is durable.

        Raises:
            Refused: `store.audit`; the caller must not answer.
        """

    def append_all(self, events: Iterable[tuple[bytes, Iterable[str]]]) -> None:
        """Keep events that belong together, each with its children, all or none and without others between.

        Raises:
            Refused: `store.audit`; the caller must not answer.
        """

    def try_append_all(self, events: Iterable[tuple[bytes, Iterable[str]]]) -> bool:
        """Keep events as `append_all` does, if that can be done at once; never waits for anybody's turn.

        Returns:
            True when they are durable. False when somebody else writes, in this process or another: then
            nothing of them is kept.

        Raises:
            Refused: `store.audit`; the caller must not answer.
        """

    def looks(self, child: str) -> Iterator[bytes]:
        """The events about a child, oldest first."""

    def sealed(self) -> str:
        """A mark of the last event, for `holds`, begun with its number; "" while there is none."""

    def holds(self, sealed: str) -> bool:
        """Whether the event that a mark was made of is still there, unchanged."""

    def verify(self) -> list[Problem]:
        """Problems: rows changed, missing in the middle, or missing at the end."""

    def close(self) -> None:
        """Write what is waiting and close."""
