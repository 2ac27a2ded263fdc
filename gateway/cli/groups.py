"""Problems of one kind in one column, told together: how many, and where the first of them are."""

from collections.abc import Callable, Iterable

from gateway.cli import say
from gateway.service.report import Group


def tell_groups(groups: Iterable[Group], lead: str = "", tell: Callable[[str], None] = say.out) -> None:
    """Tell groups of problems below an empty line.

    Args:
        lead: what the groups have in common, before each.
        tell: where it goes.
    """
    for number, group in enumerate(groups):
        if not number:
            tell("")
        tell(f"  {lead}{group.code}  {group.field}  {group.count:,}  {group.says}")
        places = [str(place) for place in group.places if str(place)]
        if places:
            more = group.count - len(places)
            tell(f"      {', '.join(places)}" + (f" and {more:,} more" if more > 0 else ""))
        if group.fix:
            tell(f"      {group.fix}")
