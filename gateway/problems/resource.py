"""Resources that do not have the shape or the values that R4 asks for (see `gateway.fhir.validate`)."""

from gateway.problems import kind

RESOURCE_UNKNOWN_TYPE = kind(
    "resource.unknown-type",
    "R4 has no resource type of the name given",
    "Name one of the resource types of FHIR R4; capital letters matter.{meant}",
    "not-supported",
    404,
)
