"""The values that go out to other servers and come back from them."""

from dataclasses import dataclass, field
from ipaddress import ip_address
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
        Refused: `upstream.setting` when the base is no https URL, or an http one beyond this machine, or the
            token holds a line break.
    """

    name: str
    base_url: str
    timeout: float = 2.0
    token: str = field(default="", repr=False)
    types: tuple[str, ...] = ("Observation",)
    title: str = ""

    def __post_init__(self) -> None:
        reason, do = _trouble(self.base_url)
        if not reason and not (self.token.isascii() and self.token.isprintable()):
            reason, do = (
                "the token holds a character that no header can carry",
                "give the token as it was issued",
            )
        if reason:
            raise refuse(UPSTREAM_SETTING, name=self.name, reason=reason, do=do)
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


def _trouble(base_url: str) -> tuple[str, str]:
    """Why nothing can be asked under a base, and what to do; two empty texts where all is well."""
    plain = "give the https address of a FHIR R4 base, without query or user name"
    try:
        parts = urlsplit(base_url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        return "base_url is no address", plain
    if parts.scheme not in ("http", "https") or not host or parts.query or parts.fragment or parts.username:
        return "base_url is not the plain address of a FHIR base", plain
    if not (base_url.isascii() and base_url.isprintable()):
        return "base_url holds a character that no address can carry", plain
    if parts.scheme == "http" and not _on_this_machine(host):
        return (
            "base_url is http, and NHS numbers and records could be read on the way",
            "give an https address; http is for servers on this machine (127.0.0.1, ::1, localhost)",
        )
    return "", ""


def _on_this_machine(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
