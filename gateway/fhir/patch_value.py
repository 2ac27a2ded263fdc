"""What all forms of patches do to JSON values: copy them, count them, take away what is empty."""

from typing import Any


def copied(value: Any) -> Any:
    """A value of its own; texts, numbers and truths are shared, since nothing changes them."""
    if isinstance(value, dict):
        return {name: copied(each) for name, each in value.items()}
    return [copied(each) for each in value] if isinstance(value, list) else value


def pruned(value: Any, *, aligned: bool = False) -> Any:
    """The value without empty objects and lists; None where nothing is left of it.

    Args:
        value: a JSON value.
        aligned: its items stand beside those of another list, so an empty one leaves null in its place.
    """
    if isinstance(value, dict):
        kept = {name: pruned(each, aligned=name[:1] == "_") for name, each in value.items()}
        return {name: each for name, each in kept.items() if each is not None or value[name] is None} or None
    if not isinstance(value, list):
        return value
    items = [pruned(each) for each in value]
    if aligned:
        return items if any(each is not None for each in items) else None
    return [each for each, was in zip(items, value, strict=True) if each is not None or was is None] or None


def count(value: Any) -> int:
    """How many values there are, with all that they hold."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return 1 + sum(map(count, inner))


def depth(value: Any, most: int) -> int:
    """How many objects and lists lie inside each other, counted no further than one past `most`."""
    level, layer = 0, [value]
    while layer and level <= most:
        inner = [each for each in layer if isinstance(each, dict | list)]
        level += 1 if inner else 0
        layer = [each for item in inner for each in (item.values() if isinstance(item, dict) else item)]
    return level
