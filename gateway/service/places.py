"""Where links to other pages lead: sealed, for one caller and one question."""

from dataclasses import dataclass
from typing import Any, NamedTuple

import msgspec

from gateway.problems import refuse
from gateway.problems.search import SEARCH_CURSOR
from gateway.service.asking import Asking
from gateway.service.keys import Keys
from gateway.service.walks import Walk


class Place(NamedTuple):
    """What a sealed next-page link holds: for whom, of which question, and where to go on."""

    client: str
    base: str
    question: str
    after: list[Any]
    merged: list[Any] | None
    walk: Walk | None = None

    @property
    def first(self) -> bool:
        """Whether it is that of the first page."""
        return not self.after and self.merged is None and self.walk is None


@dataclass(frozen=True, slots=True)
class Places:
    """Seals places and opens them again, as long as a link lives."""

    keys: Keys
    life: int

    def sealed(
        self,
        asking: Asking,
        words: str,
        after: list[Any],
        merged: list[Any] | None = None,
        walk: Walk | None = None,
    ) -> str:
        """What a link to another page carries; behind `words` nothing for the first page."""
        place = Place(asking.client, asking.base, words, after, merged, walk)
        return self.keys.seal(msgspec.json.encode(place))

    def opened(self, sealed: str, asking: Asking) -> Place:
        """The place that a link carries.

        Raises:
            Refused: `search.cursor`, also where it is another caller's; `search.old-cursor`.
        """
        content = self.keys.unseal(sealed, self.life)
        if content is None:
            raise refuse(SEARCH_CURSOR)
        try:
            place = msgspec.json.decode(content, type=Place)
        except msgspec.MsgspecError:
            # the link of something else than a search
            raise refuse(SEARCH_CURSOR) from None
        if (place.client, place.base) != (asking.client, asking.base):
            raise refuse(SEARCH_CURSOR)
        return place

    def after(self, sealed: str, asking: Asking, words: str) -> list[Any]:
        """Where a link to another page of a question goes on; empty for the first page.

        Raises:
            Refused: as `opened`, also where it is about another question.
        """
        place = self.opened(sealed, asking)
        if place.question != words or place.merged is not None or place.walk is not None:
            raise refuse(SEARCH_CURSOR)
        return place.after
