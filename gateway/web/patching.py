"""Patches that are sent, in four forms; see `gateway.fhir.patch`."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from gateway.fhir.negotiate import FHIR_JSON, FHIR_XML, body_format
from gateway.fhir.patch import FORMS, patched
from gateway.problems import Refused, refuse
from gateway.problems.http import HTTP_BODY_EMPTY
from gateway.web.visit import Visit

#: The media types of patches; those of FHIR itself hold the Parameters of a FHIRPath Patch.
PATCH_FORMATS = (FHIR_JSON, FHIR_XML, *FORMS)
ACCEPT_PATCH = ", ".join(PATCH_FORMATS)


def change_sent(visit: Visit) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """The change that the body asks for, ready to be done to a resource.

    Raises:
        Refused: `http.empty-body` (400); `http.no-content-type`, `http.content-type` and others (415), with
            what is accepted; `http.too-large` (413).
    """
    body = visit.body()
    content = visit.request.headers.get("content-type")
    if not body and content is None:
        raise refuse(HTTP_BODY_EMPTY)
    try:
        form = body_format(content, FORMS)
    except Refused as refused:
        accepted = {"accept_patch": ACCEPT_PATCH}
        raise Refused(
            *(replace(each, details={**each.details, **accepted}) for each in refused.problems)
        ) from None
    if not body.strip():
        raise refuse(HTTP_BODY_EMPTY)
    return lambda resource: patched(resource, form, body)
