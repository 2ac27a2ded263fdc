"""A search as typed values: what was asked, before anybody knows how it is stored.

`parse` reads a query string against the R4 parameter table; the stores turn a `Query` into SQL and the
upstreams turn it back into a query string.

Source: HL7 FHIR R4 search, https://hl7.org/fhir/R4/search.html
"""

from dataclasses import dataclass
from typing import NamedTuple

# --- what the index holds: one entry for each indexed value of a resource -------------------------------


class Token(NamedTuple):
    """`system` is "" where the element has none; `code` is compared as it is."""

    system: str
    code: str


class Text(NamedTuple):
    """A string.

    `folded` (lower case, no accents, punctuation and runs of space squeezed) is for the default match,
    `exact` is as written.
    """

    folded: str
    exact: str


class Span(NamedTuple):
    """A time as [low, high) in milliseconds since 1970-01-01T00:00Z; open ends are those of `FOREVER`."""

    low: int
    high: int


class Number(NamedTuple):
    """A number as the interval [low, high) that its written precision allows."""

    low: float
    high: float


class Quantity(NamedTuple):
    """A quantity: `unit` is the display unit, compared when only `|code` was asked."""

    low: float
    high: float
    system: str
    code: str
    unit: str


class Target(NamedTuple):
    """A reference: "Type/id" of the same server, an absolute URL, or "" where there is only an identifier."""

    to: str
    system: str
    value: str


class Uri(NamedTuple):
    """A uri, compared as it is."""

    value: str


class Phrase(NamedTuple):
    """What a code or identifier is called, for `:text`: folded words, each with a space before it."""

    words: str


Simple = Token | Text | Span | Number | Quantity | Target | Uri | Phrase


class Pair(NamedTuple):
    """What one element says for a composite parameter: a token, and the value that stands with it.

    Where two numbers stand with it, they are one `Number`, from the first to the second.
    """

    first: Token
    second: Simple


Indexed = Simple | Pair

FOREVER = Span(-(2**62), 2**62)


class Entry(NamedTuple):
    """One indexed value of a resource: the parameter's code and the value (its class tells the kind)."""

    param: str
    value: Indexed


# --- what is asked --------------------------------------------------------------------------------------


class Stretch(NamedTuple):
    """What is asked of the two numbers of a `Pair`, each with its own prefix."""

    start: "Value"
    end: "Value"


class Together(NamedTuple):
    """What is asked of a `Pair`: a token, and alternatives for what stands with it."""

    first: Token
    second: "tuple[Value, ...]"


@dataclass(frozen=True, slots=True)
class Value:
    """One alternative of a criterion: a prefix (`eq` where none was written) and the typed value.

    For tokens, `value.system` is "*" when no system was asked (`code`), "" when `|code` was asked,
    and `value.code` is "*" when `system|` was asked. `text` is the value as written.
    """

    value: Simple | Together | Stretch
    prefix: str = "eq"
    text: str = ""


@dataclass(frozen=True, slots=True)
class Criterion:
    """One parameter of a query; its `values` are alternatives, and criteria are joined by and.

    Attributes:
        param: the parameter's code (`birthdate`, `_id`, `_lastUpdated`).
        kind: "token", "string", "date", "number", "quantity", "reference", "uri", "composite"; "has" for
            `_has`: `modifier` is then the type that refers, `within` its parameter, `chained` what it meets.
        modifier: as written, without its colon: "exact", "not", "missing", a resource type …
        values: the alternatives; for `missing` one Token with code "true" or "false".
        chained: for `patient.identifier=…`: the criterion on the referenced resource of type `modifier`
            (or of any of the parameter's targets); then `values` is empty.
        text: the parameter as it was written, `name=value`, for the self link.
        within: the codes under which the index has its values, where that is not `param` alone.
    """

    param: str
    kind: str
    modifier: str = ""
    values: tuple[Value, ...] = ()
    chained: "Criterion | None" = None
    text: str = ""
    within: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """The codes under which the index has its values."""
        return self.within or (self.param,)


@dataclass(frozen=True, slots=True)
class Sort:
    """One sort key: a parameter's code, and whether the largest comes first."""

    param: str
    descending: bool = False


ANY_REFERENCE = "*"


class Include(NamedTuple):
    """References that are followed, so that what is at their other end comes along with the matches.

    Attributes:
        source: the type that has the reference; `ANY_REFERENCE` for each.
        param: the parameter's code; `ANY_REFERENCE` for each of the type's.
        target: only references to this type; "" for any.
        reverse: followed from the target to the source (`_revinclude`).
        iterate: followed from what came along, too.
    """

    source: str
    param: str
    target: str = ""
    reverse: bool = False
    iterate: bool = False


@dataclass(frozen=True, slots=True)
class Query:
    """A search of one type, or of several.

    Attributes:
        type: the resource type; "" for a search over several, whose criteria are then in `each`.
        criteria: joined by and.
        sort: empty for the default order (newest clinical date first, then id; Patients by id).
        count: results on a page (0: count only); None where the question did not say.
        total: whether `Bundle.total` is wanted ("accurate" by default, "none").
        elements: only these top-level elements; empty for all.
        summary: "", "true", "text", "data", "count".
        ignored: parameters that were not understood and, by `Prefer: handling=lenient`, left out.
        pretty: `_pretty=true`; only white space.
        includes: what comes along with the matches.
        each: of a search over several types, the question of each of them.
        types: those that were named with `_type`; empty for all.
    """

    type: str
    criteria: tuple[Criterion, ...] = ()
    sort: tuple[Sort, ...] = ()
    count: int | None = None
    total: str = "accurate"
    elements: tuple[str, ...] = ()
    summary: str = ""
    ignored: tuple[str, ...] = ()
    pretty: bool = False
    includes: tuple[Include, ...] = ()
    each: tuple["Query", ...] = ()
    types: tuple[str, ...] = ()
