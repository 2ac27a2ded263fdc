"""`$load`: a feed's files, sent over HTTP, become records as with `fhirgate load`."""

from gateway.problems import refuse
from gateway.problems.http import HTTP_NO_ROUTE
from gateway.web.messages import Response
from gateway.web.visit import Visit


def load(visit: Visit) -> Response:
    """Answer with what became of the files' records."""
    raise refuse(HTTP_NO_ROUTE)
