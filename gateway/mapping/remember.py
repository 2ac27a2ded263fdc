"""Which parts of a body can be remembered whole: those that follow from one coded cell."""

from json.encoder import encode_basestring

from gateway.mapping.plan import Each, Fixed, Leaf, Listing, Node, Object
from gateway.mapping.typed import Apply, Cell, Choose, Const, FirstOf, Kids, Link, OwnId, Typed, carries, walk


def one_cell(node: Object | Listing) -> Cell | None:
    """The one cell that a part depends on, if it is used only through converters of coded or measured
    values.
    """
    cells: set[Cell] = set()
    for value in _values(node):
        if value is None:
            return None
        for part in walk(value):
            if isinstance(part, Link | Kids | OwnId):
                return None
            if isinstance(part, Cell):
                cells.add(part)
    return cells.pop() if len(cells) == 1 else None


def _values(node: Node | Each) -> list[Typed | None]:
    """The expressions of a part; None among them where the part cannot be remembered."""
    match node:
        case Fixed():
            return []
        case Leaf(value=value, form=form):
            body = value.body
            raw = form == "texts" or not carries(body) or (form == "text" and not _coded(body))
            return [None] if raw else [body]
        case Object(members=members, guard=guard):
            inner = [value for member in members for value in _values(member.node)]
            return [*inner, *([guard.body] if guard else [])]
        case Listing(items=items):
            if any(isinstance(item, Each | Fixed) for item in items):
                return [None]
            return [value for item in items for value in _values(item)]
    return [None]


def _coded(body: Typed) -> bool:
    return isinstance(body, Apply) and (body.plain or bool(body.term))


def is_plain(body: Typed) -> bool:
    """Whether a text never needs escaping in JSON: days, plain constants, and choices among those."""
    match body:
        case Const(text=text):
            return encode_basestring(text) == f'"{text}"'
        case Apply(plain=plain):
            return plain
        case OwnId():
            return True
        case Choose(yes=yes, no=no):
            return is_plain(yes) and is_plain(no)
        case FirstOf(parts=parts):
            return all(is_plain(part) for part in parts)
    return False
