"""One request on its way through the house: what is known of it so far."""

from dataclasses import dataclass
from dataclasses import field as attribute
from functools import cache, partial
from time import perf_counter
from typing import Any, Protocol

from gateway.fhir import json, xml
from gateway.fhir.negotiate import Preferences, body_format, preferences
from gateway.problems import refuse
from gateway.problems.http import HTTP_BODY_EMPTY
from gateway.security.policy import Decision, Wish
from gateway.security.principal import Principal
from gateway.service import Gateway
from gateway.service.ask import Asking, Noted
from gateway.service.asking import is_closed
from gateway.store.base import ASK
from gateway.web.gate import Gate
from gateway.web.messages import Request, Response
from gateway.web.packing import unpacked
from gateway.web.routes import Found

#: What decides before anything is known.
NOTHING = Found("")
_NONE = Preferences()


class Inner(Protocol):
    """What a Bundle's entries need of the house."""

    def answer(self, request: Request) -> Response:
        """The answer to a request by itself; it is in the audit when this returns."""

    def admit(self, visit: "Visit") -> None:
        """Find what a visit is for, and whether the principal may do it.

        Raises:
            Refused: why it cannot or may not be done.
        """

    def serve(self, visit: "Visit") -> Response:
        """The answer to an admitted visit, as JSON.

        Raises:
            Refused: why it cannot be answered.
        """


@dataclass(slots=True)
class Visit:
    """A request, filled in step by step; the audit is written from it, however the visit ends.

    Attributes:
        found: the interaction and what of.
        principal: who asks; None as long as that is not known.
        decision: what the principal sees.
        noted: the children whose records were looked at or written, and the sources that were asked.
        words: of a search, what its address does not say: what was sent by POST, as it came, and the
            question that a next-page link goes on with.
        format: of the answer, "json" or "xml".
        pretty: the answer is to have white space for people.
        inner: answers the entries of a Bundle that the request brings.
        parts: the entries of a transaction with their answers, each an event of the audit.
        content: the resource of an entry, for which there is no body to be read.
        began: when the request came in, by `time.perf_counter`.
    """

    gateway: Gateway
    gate: Gate
    request: Request
    found: Found = NOTHING
    principal: Principal | None = None
    decision: Decision | None = None
    noted: Noted = attribute(default_factory=Noted)
    words: bytes = b""
    format: str = "json"
    pretty: bool = False
    inner: "Inner | None" = None
    parts: "list[tuple[Visit, Response]]" = attribute(default_factory=list)
    content: Any = None
    began: float = attribute(default_factory=perf_counter)

    @property
    def base(self) -> str:
        """The base as the store names it."""
        return self.request.feed or ASK

    @property
    def base_uri(self) -> str:
        """The start of the gateway's own systems."""
        return self.gate.base_uri

    def wish(self, through: frozenset[str] = frozenset()) -> Wish:
        """What the principal wishes, as policy names it."""
        return Wish(self.request.feed or "fhir", self.found.interaction, self.found.type, through)

    def prefers(self) -> Preferences:
        """What the request's header Prefer says."""
        header = self.request.headers.get("prefer")
        return preferences(header) if header else _NONE

    def asking(self) -> Asking:
        """Who asks and how, as the service needs to know it."""
        decision, principal = self.decision, self.principal
        return Asking(
            base=self.base,
            hidden=decision.hidden_systems if decision else frozenset(),
            types=decision.types if decision else frozenset(),
            sees_upn=decision.sees_upn if decision else False,
            strict=self.prefers().handling == "strict",
            seconds=float(self.gateway.config["deadline"]),
            client=principal.client if principal else "",
            request_id=self.request.id,
            noted=self.noted,
            is_closed=cache(partial(is_closed, self.gateway.store)),
        )

    def body(self) -> bytes:
        """What was sent.

        Raises:
            Refused: `http.content-encoding` (415), `http.packed` (400), `http.too-large` (413), which counts
                for the body as it was before it was packed.
        """
        most = int(self.gateway.config["body_most"])
        coding = self.request.headers.get("content-encoding", "")
        return unpacked(self.request.sent(most), coding, most)

    def resource(self) -> Any:
        """The resource that was sent, in whichever of FHIR's formats; nobody has looked at it yet.

        Raises:
            Refused: `http.empty-body` (400); `http.no-content-type`, `http.content-type`, `http.charset`,
                `http.other-fhir-body`, `http.content-encoding` (415); `http.too-large` (413); what keeps the
                text from being read.
        """
        if self.content is not None:
            return self.content
        body = self.body()
        content = self.request.headers.get("content-type")
        if not body and content is None:
            raise refuse(HTTP_BODY_EMPTY)
        format = body_format(content)
        if not body.strip():
            raise refuse(HTTP_BODY_EMPTY)
        return xml.read(body) if format == "xml" else json.read(body)

    def about(self, child: str) -> None:
        """Note the child that the visit is about, if there is one."""
        if child:
            self.noted.children.add(child)
