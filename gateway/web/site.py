"""The Flask application: every route, health, metrics, and the short way for plain questions."""

from collections.abc import Iterable

from flask import Flask, request
from flask import Response as FlaskResponse
from werkzeug.datastructures import Headers
from werkzeug.exceptions import HTTPException

from gateway.fhir import json
from gateway.problems import Refused, refuse
from gateway.problems.http import HTTP_BROKEN, HTTP_METHOD, HTTP_NO_ROUTE
from gateway.web.door import Door, log_fault
from gateway.web.messages import Request, Response
from gateway.web.plain import is_plain
from gateway.web.proxies import networks
from gateway.web.sending import finished
from gateway.web.words import request_id
from gateway.web.wsgi import STATUS, Environ, Start, request_of, respond

_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
#: Where an environment keeps the request that was read from it.
_ASKED = "fhirgate.request"
_METRICS = "text/plain; version=0.0.4; charset=utf-8"


class Site(Flask):
    """The application over one gateway; `door` answers what is asked of the FHIR bases."""

    def __init__(self, door: Door) -> None:
        super().__init__("gateway", static_folder=None)
        self.door = door
        self.public_url = str(door.gateway.config["public_url"])
        self.trusted = networks(door.gateway.config["trusted_proxies"])
        self.url_map.merge_slashes = False
        self.url_map.strict_slashes = True
        for rule in ("/fhir", "/fhir/", "/fhir/<path:_>", "/feed/<_>", "/feed/<_>/", "/feed/<_>/<path:__>"):
            self.add_url_rule(rule, rule, self._fhir, methods=_METHODS, provide_automatic_options=False)
        self.add_url_rule("/health", "health", self._health)
        self.add_url_rule("/metrics", "metrics", self._metrics)
        self.register_error_handler(HTTPException, self._no_route)
        self.register_error_handler(Exception, self._fault)

    def wsgi_app(self, environ: Environ, start_response: Start) -> Iterable[bytes]:
        """Answer a plain question before Flask makes a context of it; all else goes through Flask."""
        asked = environ[_ASKED] = request_of(environ, self.public_url, self.trusted)
        if asked is None or not is_plain(asked):
            return super().wsgi_app(environ, start_response)
        return respond(self.door.answer(asked), asked.method, start_response)

    def _fhir(self, **_: str) -> FlaskResponse:
        asked = self._to_a_base()
        if asked is None:
            raise refuse(HTTP_NO_ROUTE)
        return _through_flask(self.door.answer(asked))

    def _to_a_base(self) -> Request | None:
        """The request that Flask is at, if it is to a FHIR base."""
        known: Request | None = request.environ.get(_ASKED)
        return known or request_of(request.environ, self.public_url, self.trusted)

    def _health(self) -> FlaskResponse:
        """Whether the store answers; nothing about what is in it."""
        try:
            self.door.gateway.store.read("", "Patient", "-")
            status, told = 200, {"status": "ok"}
        except Refused as refused:
            status, told = 503, {"status": "down", "problem": refused.problems[0].kind.code}
        return self._plain(Response(status, json.write(told), type="application/json"))

    def _metrics(self) -> FlaskResponse:
        return self._plain(Response(200, self.door.counts.text(), type=_METRICS))

    def _no_route(self, error: HTTPException) -> FlaskResponse:
        """What Flask itself refuses, as an OperationOutcome."""
        if error.code == 405 and self._to_a_base():
            # a method that no base has: the door knows which ones the address takes
            return self._fhir()
        if error.code == 405:
            allowed = ", ".join(sorted(getattr(error, "valid_methods", None) or ()))
            return self._refusal(refuse(HTTP_METHOD, method="This method", allowed=allowed))
        return self._refusal(refuse(HTTP_NO_ROUTE))

    def _fault(self, error: Exception) -> FlaskResponse:
        if isinstance(error, Refused):
            return self._refusal(error)
        asked = _asked()
        log_fault(asked.id, error)
        return self._refusal(refuse(HTTP_BROKEN, id=asked.id))

    def _refusal(self, refused: Refused) -> FlaskResponse:
        return _through_flask(self.door.refusal(_asked(), refused))

    @staticmethod
    def _plain(response: Response) -> FlaskResponse:
        return _through_flask(finished(_asked(), response))


class _AsItIs(FlaskResponse):
    """A response whose headers are sent as they were made."""

    default_mimetype = None

    def get_wsgi_headers(self, environ: Environ) -> Headers:
        """The headers, unchanged."""
        return self.headers


def _asked() -> Request:
    """The request that Flask is at, with what every answer repeats of it."""
    headers = {name.lower(): value for name, value in request.headers.items()}
    query = request.query_string.decode("latin-1")
    return Request(
        request.method, "", query=query, headers=headers, id=request_id(headers.get("x-request-id"))
    )


def _through_flask(response: Response) -> FlaskResponse:
    return _AsItIs(response.body or None, STATUS[response.status], Headers(response.headers))
