"""Patches of four forms: a resource and a patch give a new resource, or a problem.

    JSON Patch      a list of operations over the JSON (RFC 6902)
    Merge Patch     a JSON object with what is to be different; null takes an element away (RFC 7396)
    FHIRPath Patch  a Parameters resource with operations at FHIRPath expressions
    XML Patch       operations over the XML (RFC 5261)

The resource that is given stays as it is. What a patch leaves empty disappears, for FHIR has nothing empty.
The type, the id, `meta.versionId`, `meta.lastUpdated` and `meta.source` cannot be patched. Whether the
outcome is a good resource is for `gateway.fhir.validate` to say.

Source: HL7 FHIR R4, https://hl7.org/fhir/R4/http.html#patch and https://hl7.org/fhir/R4/fhirpatch.html
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from gateway.fhir import json, xml
from gateway.fhir.patch_fhirpath import fhirpath_patch
from gateway.fhir.patch_json import json_patch, merge_patch
from gateway.fhir.patch_value import depth, pruned
from gateway.fhir.patch_xml import xml_patch
from gateway.problems import refuse
from gateway.problems.patch import PATCH_GROWS, PATCH_KEPT

DEEPEST = 100

#: The media types that are patches by themselves, and the name of each form.
FORMS: Mapping[str, str] = MappingProxyType(
    {
        "application/json-patch+json": "json-patch",
        "application/merge-patch+json": "merge-patch",
        "application/xml-patch+xml": "xml-patch",
    }
)
_KEPT_IN_META = ("versionId", "lastUpdated", "source")


def patched(resource: dict[str, Any], form: str, content: bytes) -> dict[str, Any]:
    """Return a new resource: `resource` with the patch done to it.

    Args:
        resource: of R4's shape; it stays as it is.
        form: a name of `FORMS`; or "json" or "xml" for a body of one of FHIR's own media types, which holds
            the Parameters of a FHIRPath Patch. A list under "json" is taken for a JSON Patch, any other
            object for a Merge Patch: clients send them so.
        content: the patch.

    Raises:
        Refused: `patch.form` or a problem of reading JSON, XML, expressions or Parameters (400);
            `patch.path`, `patch.test`, `patch.kept` (422); `patch.many`, `patch.grows` (413).
    """
    try:
        changed = _changed(resource, form, content)
        if not isinstance(changed, dict):
            raise refuse(PATCH_KEPT, name="resourceType")
        made: dict[str, Any] = pruned(changed) or {}
    except RecursionError:
        raise refuse(PATCH_GROWS) from None
    _check_kept(resource, made)
    if depth(made, DEEPEST) > DEEPEST:
        raise refuse(PATCH_GROWS)
    return made


def _changed(resource: dict[str, Any], form: str, content: bytes) -> Any:
    match form:
        case "json-patch":
            return json_patch(resource, json.read(content))
        case "merge-patch":
            return merge_patch(resource, json.read(content))
        case "xml-patch":
            return xml_patch(resource, content)
        case "xml":
            return fhirpath_patch(resource, xml.read(content))
    body = json.read(content)
    if isinstance(body, list):
        return json_patch(resource, body)
    if isinstance(body, dict) and body.get("resourceType") == "Parameters":
        return fhirpath_patch(resource, body)
    return merge_patch(resource, body)


def _check_kept(before: dict[str, Any], after: dict[str, Any]) -> None:
    for name in ("resourceType", "id"):
        if before.get(name) != after.get(name):
            raise refuse(PATCH_KEPT, name=name)
    old, new = before.get("meta") or {}, after.get("meta") or {}
    for name in _KEPT_IN_META:
        if old.get(name) != (new.get(name) if isinstance(new, dict) else None):
            raise refuse(PATCH_KEPT, name=f"meta.{name}")
