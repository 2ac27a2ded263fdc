"""The one way through: a request in, decided, answered, kept in the audit, and only then let out."""

import logging
import traceback
from collections.abc import Callable, Iterable, Mapping
from threading import Lock
from time import perf_counter
from types import MappingProxyType

from gateway.problems import Refused, refuse
from gateway.problems.http import HTTP_ADDRESS_LONG, HTTP_BROKEN, HTTP_DONE_UNAUDITED
from gateway.security import audit
from gateway.security.policy import DECISIONS
from gateway.service import Gateway
from gateway.service.clock import instant, now
from gateway.web import (
    answers,
    bundles,
    deciding,
    describing,
    history,
    identifying,
    labelling,
    loading,
    matching,
    mdm,
    patching,
    reading,
    searching,
    validating,
    writing,
)
from gateway.web.counts import Counts
from gateway.web.everything import everything
from gateway.web.gate import Gate
from gateway.web.lastn import lastn
from gateway.web.messages import Request, Response
from gateway.web.routes import CONDITIONAL, OPEN, Found, allowed, find
from gateway.web.sending import asked_format, finished, is_pretty, near_format, preflight, spoken
from gateway.web.visit import Visit

LOG = logging.getLogger("gateway.web")

ANSWERS: Mapping[str, Callable[[Visit], Response]] = MappingProxyType(
    {
        "capabilities": describing.capabilities,
        "read": reading.read,
        "vread": reading.vread,
        "history-instance": history.history,
        "history-type": history.history,
        "history-system": history.history,
        "search-type": searching.search,
        "search-system": searching.search,
        "create": writing.write,
        "update": writing.write,
        "patch": writing.write,
        "delete": writing.write,
        "conditional-update": writing.write,
        "conditional-patch": writing.write,
        "conditional-delete": writing.write,
        "batch": bundles.carry_out,
        "$validate": validating.validate,
        "$everything": everything,
        "$lastn": lastn,
        "$meta": labelling.labels,
        "$meta-add": labelling.add,
        "$meta-delete": labelling.take_away,
        "$load": loading.load,
        "$ihe-pix": identifying.pix,
        "$match": matching.match,
        "$merge": deciding.merge,
        "$cci-explain": identifying.explain,
        "$cci-unmerge": deciding.unmerge,
        "$cci-split": deciding.split,
        "$cci-distinct": deciding.distinct,
        "$cci-seal": deciding.seal,
        "$cci-unseal": deciding.unseal,
        "$cci-confirm": deciding.confirm,
        "$mdm-query-links": mdm.query_links,
        "$mdm-link-history": mdm.link_history,
        "$mdm-duplicate-golden-resources": mdm.duplicates,
    }
)
#: Bytes of path and query. Web servers cut off a little later, and then without an OperationOutcome.
LONGEST_ADDRESS = 32_768
_CHANGES = frozenset(
    {"create", "update", "patch", "delete", "batch", "transaction", "$load", "$meta-add", "$meta-delete"}
    | {f"${name}" for name in DECISIONS}
)
_UNKNOWN = "unknown"
_PATIENCE = 0.02
_CAPABILITIES = Found("capabilities")
_ENTERED = Response(204)


def served(visit: Visit, last: Callable[[Visit], Response] | None = None) -> Response:
    """The answer to a visit, as JSON, once it is clear who asks and that they may.

    Args:
        last: what gives the answer then, if it is not looked up in ANSWERS.

    Raises:
        Refused: why it cannot be answered.
    """
    request = visit.request
    _agree(visit)
    if request.method == "OPTIONS":
        return _options(request)
    if request.path in OPEN and request.method in ("GET", "HEAD"):
        visit.found = _CAPABILITIES
        return describing.capabilities(visit)
    lost = _find(visit)
    visit.principal = visit.gate.principal(request.headers.get("authorization"), request.address)
    if lost is not None:
        raise lost
    visit.decision = visit.gate.granted(visit.principal, visit.wish())
    return last(visit) if last else ANSWERS[visit.found.interaction](visit)


class Door:
    """Answers requests to the FHIR bases; made once for each process."""

    def __init__(self, gateway: Gateway, gate: Gate) -> None:
        self.gateway = gateway
        self.gate = gate
        self.counts = Counts(gateway.upstreams)
        self.origins = frozenset(gateway.config["cors_origins"])
        self._asks_others = bool(gateway.upstreams.upstreams)
        self._turn = Lock()

    def answer(self, request: Request) -> Response:
        """Return the answer to a request; it is in the audit when this returns."""
        visit = self.visit(request)
        response = self._kept(visit, self.answered(visit, self._in_turn))
        return self.leaving(visit, response)

    def visit(self, request: Request) -> Visit:
        """A request that has come in."""
        return Visit(self.gateway, self.gate, request, inner=self)

    def answered(self, visit: Visit, step: Callable[[Visit], Response] = served) -> Response:
        """What a step answers; whatever goes wrong in it becomes an OperationOutcome."""
        try:
            return spoken(step(visit), visit.format, visit.pretty)
        except Refused as refused:
            why = refused
        except Exception as error:
            log_fault(visit.request.id, error)
            why = refuse(HTTP_BROKEN, id=visit.request.id)
        return spoken(answers.refusal(why, self.gate.base_uri), visit.format, visit.pretty)

    def leaving(self, visit: Visit, response: Response) -> Response:
        """An answer that is in the audit, counted and made ready to leave."""
        request, found = visit.request, visit.found
        self.count(request, found.interaction, found.type, response.status, visit.began)
        for line in visit.noted.account:
            if line.kind.code.startswith("upstream."):
                self.counts.told(str(line.details.get("name", "")), line.kind.code)
        return finished(request, response, self.origins)

    def count(self, request: Request, interaction: str, type: str, status: int, began: float) -> None:
        """Count and log an answer, by nothing that says whom it was about."""
        seconds = perf_counter() - began
        self.counts.answered("feed" if request.feed else "fhir", interaction, type, status, seconds)
        if LOG.isEnabledFor(logging.INFO):
            LOG.info(
                "%s %s %s %d %.1f ms", request.id, interaction or "-", type or "-", status, seconds * 1000
            )

    def refusal(self, request: Request, refused: Refused) -> Response:
        """The answer to a request to no base, or to none that there is."""
        response = answers.refusal(refused, self.gate.base_uri)
        return finished(
            request, spoken(response, near_format(request), is_pretty(request.query)), self.origins
        )

    def admit(self, visit: Visit) -> None:
        """See `visit.Inner`."""
        lost = _find(visit)
        if lost is not None:
            raise lost
        if visit.found != _CAPABILITIES:
            headers, address = visit.request.headers, visit.request.address
            visit.principal = visit.principal or self.gate.principal(headers.get("authorization"), address)
            visit.decision = self.gate.granted(visit.principal, visit.wish())

    def serve(self, visit: Visit) -> Response:
        """See `visit.Inner`."""
        return ANSWERS[visit.found.interaction](visit)

    def _in_turn(self, visit: Visit) -> Response:
        """What a request is answered with; those that read here alone take turns, if it is soon theirs.

        SQLite lets go of the interpreter for each row, and threads that all want it back lose more time than
        their questions take: sixteen at once cost four times as much as one after the other.
        """
        request = visit.request
        many = request.method == "GET" and "/" not in request.path and (request.feed or not self._asks_others)
        mine = many and self._turn.acquire(timeout=_PATIENCE)
        try:
            return served(visit)
        finally:
            if mine:
                self._turn.release()

    def _kept(self, visit: Visit, response: Response) -> Response:
        """The answer, once it is in the audit; the reason why not, if it cannot be put there."""
        if visit.found.interaction == "capabilities" or visit.request.method == "OPTIONS":
            return response

        def kept(visit: Visit) -> Response:
            self.gateway.trail.append_all(events(visit, response))
            return _ENTERED

        after = self.answered(visit, kept)
        if after is _ENTERED:
            return response
        if response.status < 400 and visit.found.interaction.removeprefix(CONDITIONAL) in _CHANGES:
            why = answers.refusal(refuse(HTTP_DONE_UNAUDITED, id=visit.request.id), self.gate.base_uri)
            return spoken(why, visit.format, visit.pretty)
        return after


def _options(request: Request) -> Response:
    """What can be done at an address, and what a browser wants to know before it does it."""
    methods = allowed(request.feed, request.path) or ("OPTIONS",)
    listed = ", ".join(methods)
    patches = [("Accept-Patch", patching.ACCEPT_PATCH)] if "PATCH" in methods else []
    return Response(204, b"", [("Allow", listed), *patches, *preflight(request, listed)])


def _agree(visit: Visit) -> None:
    """Agree on the format; a refusal is given as near to what was asked for as can be.

    Raises:
        Refused: see `asked_format`.
    """
    request = visit.request
    if request.query:
        visit.pretty = is_pretty(request.query)
    try:
        visit.format = asked_format(request)
    except Refused:
        visit.format = near_format(request)
        raise


def _find(visit: Visit) -> Refused | None:
    """Find what is asked for: the audit keeps it of those too who may not ask. Why it cannot be answered."""
    request = visit.request
    try:
        visit.found = find(request.feed, request.method, request.path)
    except Refused as lost:
        return lost
    if len(request.path) + len(request.query) > LONGEST_ADDRESS:
        return refuse(HTTP_ADDRESS_LONG, most=LONGEST_ADDRESS)
    return None


def events(visit: Visit, response: Response) -> list[tuple[bytes, Iterable[str]]]:
    """What the audit keeps of a visit: one event, or one for each entry of a transaction beside it."""
    looks = [(visit, response), *visit.parts]
    return [(audit.written(look(each, answer)), each.noted.children) for each, answer in looks]


def look(visit: Visit, response: Response) -> audit.Look:
    """What the audit knows of a visit."""
    request, found, principal = visit.request, visit.found, visit.principal
    target = f"{request.path}?{request.query}" if request.query else request.path
    question = f"{request.method} {target}".encode("utf-8", "surrogateescape")
    if visit.words:
        question += b"\n" + visit.words
    return audit.Look(
        at=instant(now()),
        request=request.id,
        interaction=found.interaction or _UNKNOWN,
        base=request.feed or "fhir",
        outcome=audit.outcome_of(response.status),
        status=response.status,
        client=principal.client if principal else "",
        name=principal.who if principal else "",
        sector=principal.sector if principal else "",
        purpose=principal.purpose if principal else "",
        issuer=principal.issuer if principal else "",
        token=principal.token if principal else "",
        address=request.address,
        type=found.type,
        id=found.id,
        children=tuple(sorted(visit.noted.children)),
        problem=response.problem,
        question=question,
        sources=visit.noted.sources,
    )


def log_fault(id: str, error: BaseException) -> None:
    """Log where a fault is: the kind of error and the lines it came through, never what it says."""
    frames = traceback.extract_tb(error.__traceback__)[-6:]
    places = " < ".join(f"{frame.filename.rpartition('/')[2]}:{frame.lineno}" for frame in reversed(frames))
    LOG.error("%s fault %s at %s", id, type(error).__name__, places)
