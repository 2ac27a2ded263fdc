"""What was decided about sharing what is known of a child, under the Children Act 2004, ss.16LA and 16LC.

Each is an event with an author and a reason. To withhold the identifier changes the child's Patient; the
others are a record of what persons decided, for whoever has to account for it.
"""

from gateway.problems import refuse
from gateway.problems.life import LIFE_KNOWN, LIFE_NOT_MERGED
from gateway.service.events import Author, standing
from gateway.service.link import Linker
from gateway.store.base import LifeEvent, Reads, Work

WITHHELD, GIVEN = "withheld", "given-again"

#: What persons may write down, and what each means.
DECISIONS = {
    "shared": "Information was shared because it may help the recipient's functions (s.16LA(1)).",
    "not-shared": "Information was not shared because that would harm the child more than help (s.16LA(3)).",
    "sent-without": "Information was sent without the identifier: finding it would have delayed (s.16LC(8)).",
}


def withhold(work: Work, linker: Linker, child: int, author: Author) -> None:
    """Leave the official identifier out of the child's Patient: including it would do more harm than good.

    Raises:
        Refused: `life.known` where that was decided before.
    """
    if standing(work, child, WITHHELD):
        raise refuse(LIFE_KNOWN)
    work.live(LifeEvent(WITHHELD, child, None, author.reason, author.name, author.at))
    linker.compose(work, [child])


def give(work: Work, linker: Linker, child: int, author: Author) -> None:
    """Include the official identifier again.

    Raises:
        Refused: `life.not-merged` where it was not withheld.
    """
    events = standing(work, child, WITHHELD)
    if not events:
        raise refuse(LIFE_NOT_MERGED)
    work.unlive([event.number for event in events])
    work.live(LifeEvent(GIVEN, child, None, author.reason, author.name, author.at))
    linker.compose(work, [child])


def write_down(work: Work, child: int, what: str, author: Author) -> int:
    """Write down a decision of `DECISIONS`; its number. The reason says with whom, and why."""
    return work.live(LifeEvent(what, child, None, author.reason, author.name, author.at))


def written_down(store: Reads, child: int) -> list[LifeEvent]:
    """What was decided about sharing what is known of a child, oldest first."""
    wanted = {*DECISIONS, WITHHELD, GIVEN}
    return [event for event in store.life(child=child) if event.what in wanted]
