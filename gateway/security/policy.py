"""Policy: may this principal do this, and what does it see. What no rule allows is refused.

base       a client asks on `/fhir`, or tells on a feed that is entered for it
scope      each interaction needs letters on its type; chains need them on the types they pass through
sector     UPN, ULN and a council's child ids are for education and local authorities
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from gateway.problems import Problem, problem
from gateway.problems.security import (
    FEED_CLOSED,
    INTERACTION_UNKNOWN,
    MAY_NOT_DECIDE,
    SCOPE_MISSING,
    TOKEN_MISSING,
)
from gateway.security.challenge import challenged
from gateway.security.principal import EDUCATION, LOCAL_AUTHORITY, Principal
from gateway.security.scopes import ANY, allows, types_with

ASK = "fhir"

# Interactions in FHIR's words, and the letters each needs. A conditional write tells whether something
# exists and so needs the right to search; an update that may create needs the right to create.
LETTERS = {
    "read": "r",
    "vread": "r",
    "history-instance": "r",
    "history-type": "s",
    "history-system": "s",
    "search-type": "s",
    "search-system": "s",
    "create": "c",
    "update": "u",
    "patch": "u",
    "delete": "d",
    "conditional-create": "cs",
    "conditional-update": "cus",
    "conditional-patch": "us",
    "conditional-delete": "ds",
    # Each entry of a Bundle is decided by itself; these let it be opened.
    "batch": "",
    "transaction": "",
}
OPERATIONS = {
    "everything": "r",
    # who may not search Patients is answered as if nobody were there: see `web.matching`
    "match": "",
    "ihe-pix": "s",
    "lastn": "s",
    "validate": "",
    "meta": "r",
    "meta-add": "u",
    "meta-delete": "u",
    "load": "cu",
    "cci-explain": "r",
    "mdm-query-links": "s",
    "mdm-link-history": "s",
    "mdm-duplicate-golden-resources": "s",
}
# A client that is registered for it decides about children; no scope says so.
DECISIONS = frozenset(
    {"merge", "cci-unmerge", "cci-split", "cci-distinct", "cci-seal", "cci-unseal", "cci-confirm"}
)
NEEDS = LETTERS | {
    f"${name}": letters for name, letters in (OPERATIONS | dict.fromkeys(DECISIONS, "rs")).items()
}
# Asked of the whole system, and about Patients all the same.
_OF_PATIENTS = frozenset(name for name in NEEDS if name.startswith("$mdm-"))
PUBLIC = frozenset({"capabilities"})

_SEE_EDUCATION = frozenset({EDUCATION, LOCAL_AUTHORITY})


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants to do.

    Attributes:
        base: `ASK` or the name of a feed.
        interaction: a key of `NEEDS`, or of `PUBLIC`.
        type: the resource type; "" for the whole system.
        through: types that the question passes through (chains, `_has`): each needs the right to search.
    """

    base: str
    interaction: str
    type: str = ""
    through: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided.

    Attributes:
        problem: why not; None where it is allowed.
        sees_upn: whether the full form of a child is shown.
        hidden_systems: identifier systems that match nothing in a search; one that ends in "/" stands for
            every system that begins so.
        types: types of which resources may come back beside the one asked for (`_include`, `$everything`,
            a search of the whole system); None for every type.
        reviews: whether Tasks about what waits for a decision are shown; without it there are none.
    """

    problem: Problem | None
    sees_upn: bool = False
    hidden_systems: frozenset[str] = frozenset()
    types: frozenset[str] | None = frozenset()
    reviews: bool = False

    @property
    def allowed(self) -> bool:
        """Whether it may be done."""
        return self.problem is None


def decide(principal: Principal | None, wish: Wish, base_uri: str) -> Decision:
    """Return whether a principal may do what it wishes, and what it sees of the answer.

    The same is decided whether or not what is asked for exists.
    """
    if wish.interaction in PUBLIC:
        return Decision(None)
    if principal is None:
        return Decision(challenged(problem(TOKEN_MISSING)))
    refusal = _base_refusal(principal, wish) or _scope_refusal(principal, wish)
    if refusal is None and wish.interaction[1:] in DECISIONS and not principal.decides:
        refusal = problem(MAY_NOT_DECIDE)
    if refusal is not None:
        return Decision(refusal)
    # A feed's client reads back exactly what it told, whatever its sector.
    sees = wish.base != ASK or principal.sector in _SEE_EDUCATION
    return Decision(
        None,
        sees_upn=sees,
        hidden_systems=frozenset() if sees else hidden_systems(base_uri),
        types=types_with(principal.scopes, "s" if "s" in NEEDS[wish.interaction] else "r"),
        reviews=principal.decides and allows(principal.scopes, "Patient", "rs"),
    )


@cache
def hidden_systems(base_uri: str) -> frozenset[str]:
    """The identifier systems of education and councils: match input, never shown to health."""
    return frozenset({f"{base_uri}/Id/upn", f"{base_uri}/Id/uln", f"{base_uri}/Id/la-child-id/"})


def hides(hidden: Iterable[str], system: str) -> bool:
    """Whether an identifier system is among the hidden ones."""
    return any(system == each or (each.endswith("/") and system.startswith(each)) for each in hidden)


def _base_refusal(principal: Principal, wish: Wish) -> Problem | None:
    """A feed that is not there and one that is another's look the same."""
    if wish.base == ASK or wish.base in principal.feeds:
        return None
    return problem(FEED_CLOSED)


def _scope_refusal(principal: Principal, wish: Wish) -> Problem | None:
    letters = NEEDS.get(wish.interaction)
    if letters is None:
        return problem(INTERACTION_UNKNOWN, interaction=_safe(wish.interaction))
    type = "Patient" if wish.interaction in _OF_PATIENTS else wish.type
    if not principal.scopes:
        return _missing(wish.interaction, type, letters or "r")
    if not _may(principal, type, letters, whole=wish.interaction == "$load"):
        return _missing(wish.interaction, type, letters)
    lacking = sorted(type for type in wish.through if not allows(principal.scopes, type, "s"))
    return _missing(wish.interaction, lacking[0], "s") if lacking else None


def _may(principal: Principal, type: str, letters: str, *, whole: bool) -> bool:
    """Whether the letters are given: on a type, on every type (`whole`), or for the system on any."""
    if type or whole:
        return allows(principal.scopes, type or ANY, letters)
    return all(types_with(principal.scopes, letter) != frozenset() for letter in letters)


def _missing(interaction: str, type: str, letters: str) -> Problem:
    scope = f"system/{_safe(type) or ANY}.{letters}"
    where = _safe(type) or "the whole system"
    return challenged(problem(SCOPE_MISSING, interaction=_safe(interaction), type=where, scope=scope))


def _safe(word: str) -> str:
    """A word of the request that may be said back: it looks like a type or an interaction."""
    plain = word.replace("-", "").replace("$", "").replace("*", "")
    return word if plain.isascii() and (plain.isalpha() or not plain) and len(word) <= 64 else "…"
