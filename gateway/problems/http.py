"""The envelope of a request: content types, versions, preferences (see `gateway.fhir.negotiate`)."""

from gateway.problems import kind

HTTP_NOT_ACCEPTABLE = kind(
    "http.not-acceptable",
    "The answer cannot be given in any of the formats that {field} asks for",
    "Ask for application/fhir+json.",
    "not-supported",
    406,
)
HTTP_NO_XML = kind(
    "http.xml-later",
    "This version of fhirgate does not speak XML yet",
    "Ask for and send application/fhir+json; XML comes in a later version.",
    "not-supported",
    406,
)
HTTP_NO_XML_BODY = kind(
    "http.xml-body-later",
    "This version of fhirgate does not read XML yet",
    "Send the resource as application/fhir+json; XML comes in a later version.",
    "not-supported",
    415,
)
HTTP_OTHER_FHIR = kind(
    "http.other-fhir-version",
    "The answer cannot be given in the FHIR version that {field} asks for",
    "Ask for fhirVersion=4.0 (R4), or leave fhirVersion out.",
    "not-supported",
    406,
)
HTTP_OTHER_FHIR_BODY = kind(
    "http.other-fhir-body",
    "The body is declared as another version of FHIR",
    "Send R4 with fhirVersion=4.0, or leave fhirVersion out.",
    "not-supported",
    415,
)
HTTP_NO_CONTENT_TYPE = kind(
    "http.no-content-type",
    "The request has a body but does not say what it is",
    "Send the header Content-Type: application/fhir+json.",
    "not-supported",
    415,
)
HTTP_CONTENT_TYPE = kind(
    "http.content-type",
    "A body of this Content-Type is not read here",
    "Send one of: {accepted}.",
    "not-supported",
    415,
)
HTTP_CHARSET = kind(
    "http.charset",
    "The body is declared in another character set than UTF-8",
    "Send UTF-8; FHIR knows no other.",
    "not-supported",
    415,
)
HTTP_ETAG = kind(
    "http.etag",
    "The header {field} does not hold a version that can be read",
    'Send the ETag as it was received, for instance W/"3", or * where any version will do.',
    "value",
    400,
)
HTTP_UNKNOWN_TYPE = kind(
    "http.unknown-type",
    "There is no resource type of this name in FHIR R4",
    "Correct the type in the address; capital letters count.{meant}",
    "not-found",
    404,
)
