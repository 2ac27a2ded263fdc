"""Which records of one child say that they are of it, and which are there by nothing but their link.

The records are put together again as they came: those that a person vouches for, or that founded a child, and
then whoever a rule or the weights would join to what is there; of children that a person merged, those of
each by themselves first. Whoever is left over has no grounds. Two records may be each other's grounds and
none for the child, so those left over are put together likewise.
"""

from collections.abc import Sequence
from typing import NamedTuple

from gateway.identity.grade import Known, Matcher
from gateway.identity.match import supported
from gateway.identity.person import united


class Member(NamedTuple):
    """A record of a child.

    Attributes:
        origin: the child that it was first linked to, if that one was merged into this one.
        sure: whether its link needs no grounds: it founded its child, or a person put it there.
    """

    known: Known
    origin: int
    sure: bool


def parts(members: Sequence[Member], matcher: Matcher | None = None) -> list[list[Known]]:
    """Return the records of one child in groups: first those that it stands on, then those without grounds.

    Args:
        members: in the order in which they joined.
    """
    stands: list[Known] = []
    rest: list[Known] = []
    for origin in dict.fromkeys(member.origin for member in members):
        own = [member for member in members if member.origin == origin]
        # a child whose founder is gone stands on who came next
        sure = [member for member in own if member.sure] or own[:1]
        others = [member.known for member in own if not member.sure and member is not sure[0]]
        stands += _grown([member.known for member in sure], others, matcher)
        rest += others
    groups = [_grown(stands, rest, matcher)] if stands else []
    while rest:
        groups.append(_grown([rest.pop(0)], rest, matcher))
    return groups


def _grown(group: list[Known], rest: list[Known], matcher: Matcher | None) -> list[Known]:
    """The group with all that belongs to it; those are taken out of the rest."""
    whole = united(known.person for known in group)
    found = True
    while found:
        found = False
        for known in list(rest):
            if supported(known.person, whole, matcher):
                rest.remove(known)
                group.append(known)
                whole, found = united((whole, known.person)), True
    return group
