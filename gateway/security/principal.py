"""Who asks: clients as they are registered, and the principal that a token or the demo makes of one."""

from collections.abc import Iterable
from dataclasses import dataclass

from gateway.security.scopes import Scope

EDUCATION = "education"
LOCAL_AUTHORITY = "local-authority"
HEALTH = "health"


@dataclass(frozen=True, slots=True)
class Client:
    """A registered client.

    Attributes:
        id: what tokens call it.
        name: who it is, for the audit.
        sector: "education", "local-authority" or "health".
        scopes: the most it may be given.
        feeds: the feeds it may read and write on `/feed`.
        purpose: why it asks, for the audit.
        issuer: the one issuer whose tokens may name it; "" for any.
        decides: whether it may decide about children: merge, split, seal, tell apart.
    """

    id: str
    name: str
    sector: str
    scopes: tuple[Scope, ...] = ()
    feeds: frozenset[str] = frozenset()
    purpose: str = ""
    issuer: str = ""
    decides: bool = False


@dataclass(frozen=True, slots=True)
class Principal:
    """Who asks, with all that decides what it may see.

    Attributes:
        client: the registered client's id.
        name, sector, feeds, purpose, decides: as registered.
        scopes: what token and registration both give.
        issuer: who made the token.
        person: who is at the client, as an issuer that knows it says; "" where nobody does.
        expires: the second the token ends, seconds since 1970.
        token: the token's own id (`jti`), "" where it has none.
    """

    client: str
    name: str
    sector: str
    scopes: tuple[Scope, ...]
    feeds: frozenset[str]
    purpose: str = ""
    issuer: str = ""
    expires: float = 0.0
    token: str = ""
    decides: bool = False
    person: str = ""

    @property
    def who(self) -> str:
        """Who it is, for the audit: the client, and the person at it where the token names one."""
        return f"{self.person} at {self.name}" if self.person else self.name

    @property
    def voice(self) -> str:
        """Whose word a decision counts as: the person's that an issuer names, or else the client's."""
        return f"{self.person} of {self.issuer}" if self.person else self.client


def anybody(feeds: Iterable[str], sector: str = LOCAL_AUTHORITY) -> Principal:
    """Return the principal of a request without a token, for the demo on loopback only."""
    everything = (Scope("*", "cruds"),)
    return Principal(
        "demo",
        "Anybody at this computer",
        sector,
        everything,
        frozenset(feeds),
        "demonstration",
        decides=True,
    )
