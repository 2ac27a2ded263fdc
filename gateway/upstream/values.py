"""The values that go out to other servers and come back from them."""

from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import urlsplit

from gateway.problems import refuse
from gateway.problems.upstream import UPSTREAM_SETTING

State = Literal[
    "answered", "timeout", "refused", "unreachable", "untrusted", "reset", "status", "nonsense", "too-large"
]


@dataclass(frozen=True, slots=True)
class Upstream:
    """A FHIR server that is asked at the moment of the question.

    Attributes:
        name: its key in the settings: letters, digits and hyphens, as it stands in `meta.source`.
        base_url: its FHIR R4 base.
        timeout: seconds it may take for one question, all rounds together.
        token: a bearer token sent to it.
        types: the resource types it is asked for.
        title: what people call it, used in answers; empty: `name`.

    Raises:
        Refused: `upstream.setting` when the base is no http(s) URL or the token holds a line break.
    """

    name: str
    base_url: str
    timeout: float = 2.0
    token: str = field(default="", repr=False)
    types: tuple[str, ...] = ("Observation",)
    title: str = ""

    def __post_init__(self) -> None:
        parts = urlsplit(self.base_url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.username:
            reason = "base_url is not the plain http or https address of a FHIR base"
            raise refuse(UPSTREAM_SETTING, name=self.name, reason=reason)
        if not self.token.isprintable():
            raise refuse(UPSTREAM_SETTING, name=self.name, reason="the token holds a control character")
        object.__setattr__(self, "base_url", self.base_url.rstrip("/"))

    @property
    def called(self) -> str:
        """What the server is called in answers."""
        return self.title or self.name


@dataclass(frozen=True, slots=True)
class Request:
    """One question to one server: a GET of `path` under its base, or a POST of `form` where there is one."""

    upstream: Upstream
    path: str = field(repr=False)
    form: str = field(default="", repr=False)

    @property
    def url(self) -> str:
        """The full address; `path` may be a bare query string (`?_getpages=…`)."""
        joint = "" if self.path.startswith("?") else "/"
        return f"{self.upstream.base_url}{joint}{self.path}"


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of one request.

    `state` is "answered" for any 200 with a JSON media type; `status` is the HTTP status where one came;
    `elapsed_ms` of a "timeout" counts from the first request of its plan.
    """

    state: State
    status: int = 0
    body: bytes = field(default=b"", repr=False)
    elapsed_ms: int = 0
