"""The envelope of a request: content types, versions, preferences (see `gateway.fhir.negotiate`)."""

from gateway.problems import kind

HTTP_NOT_ACCEPTABLE = kind(
    "http.not-acceptable",
    "The answer cannot be given in any of the formats that {field} asks for",
    "Ask for application/fhir+json or application/fhir+xml.",
    "not-supported",
    406,
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
    "Send the header Content-Type: application/fhir+json or application/fhir+xml.",
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
HTTP_NO_ROUTE = kind(
    "http.no-route",
    "There is nothing at this address",
    "The two FHIR bases are /fhir (to ask) and /feed/<feed> (to tell); each says at /metadata what it can do.",
    "not-found",
    404,
)
HTTP_NOT_FOUND = kind(
    "http.not-found",
    "There is no {type} with this id here",
    "Search for it; ids on /fhir and on a feed's base differ.",
    "not-found",
    404,
)
HTTP_GONE = kind(
    "http.gone",
    "This {type} was deleted or taken back",
    "Its history tells its earlier versions.",
    "deleted",
    410,
)
HTTP_METHOD = kind(
    "http.method", "{method} cannot be used at this address", "Use one of: {allowed}.", "not-supported", 405
)
HTTP_WRITE_ELSEWHERE = kind(
    "http.write-elsewhere",
    "Nothing is written on /fhir: what stands there is composed from what the feeds tell",
    "Write to the base of your feed, /feed/<feed>/{path}.",
    "not-supported",
    405,
)
HTTP_DECIDE_ELSEWHERE = kind(
    "http.decide-elsewhere",
    "A Task on /fhir is read only: it is composed from what waits for a person",
    "Decide with Patient/$merge, or Patient/[id]/$cci-distinct, for the two children it names; the Task follows. At the command line: fhirgate matches.",
    "not-supported",
    405,
)
HTTP_TOO_LARGE = kind(
    "http.too-large",
    "The body is larger than {most} bytes",
    "Send less at once, or load a file with fhirgate load.",
    "too-long",
    413,
)
HTTP_ID_DIFFERS = kind(
    "http.id-differs",
    "The id in the resource is not the one in the address",
    "Give the resource the id that the address has.",
    "value",
    400,
)
HTTP_TYPE_DIFFERS = kind(
    "http.type-differs",
    "The resource is not a {type}",
    "Send it to the address of its own type.",
    "value",
    400,
)
HTTP_ID_FORM = kind(
    "http.id-form",
    "The id in the address is none that FHIR allows",
    "An id has 1 to 64 letters, digits, points and hyphens.",
    "value",
    400,
)
HTTP_STALE = kind(
    "http.stale",
    "The resource has changed since the version that the request names",
    "Read it again, look at what changed, and send the request with the new ETag.",
    "conflict",
    412,
)
HTTP_BROKEN = kind(
    "http.exception",
    "The gateway could not answer; the fault is its own",
    "Quote the request id {id} to whoever runs the gateway.",
    "exception",
    500,
)
HTTP_BODY_EMPTY = kind(
    "http.empty-body", "The request has no body", "Send the resource, as FHIR JSON or XML.", "required", 400
)
HTTP_IGNORED = kind(
    "http.ignored-parameter",
    "The search parameter {name} was not understood and left out",
    "The answer holds more than was asked for; the self link shows what was used.",
    "not-supported",
    200,
    "warning",
)
HTTP_WHOLE_BASE = kind(
    "http.whole-base",
    "The search names neither a type nor a parameter, so it would be for everything there is",
    "Name types with _type=Patient,Observation, or ask one type, as in Patient?identifier=…; /metadata says what can be done.",
    "required",
)
HTTP_NOT_IN_COMPARTMENT = kind(
    "http.not-in-compartment",
    "{type} is never about one Patient, so there is none to be found below a Patient",
    "Search {type} by itself; Patient/[id]/* finds all that is about the Patient.",
    "not-found",
    404,
)
HTTP_NO_OPERATION = kind(
    "http.no-operation",
    "There is no such operation at this address",
    "The base says at /metadata which operations it has, and at which level.",
    "not-supported",
    404,
)
HTTP_NOT_ABOUT_CHILDREN = kind(
    "http.not-about-children",
    "On /fhir stands only what is about a child, and this type never is",
    "Ask for it on the base of the feed that told it, /feed/<feed>.",
    "not-found",
    404,
)
HTTP_EXISTS = kind(
    "http.exists",
    "The resource is there already, and the request is to make it only where it is not",
    "Leave If-None-Match out to change it, or choose another id.",
    "conflict",
    412,
)
HTTP_CODED = kind(
    "http.content-encoding",
    "The body is packed in a way that is not read here",
    "Send it without Content-Encoding, or packed with gzip.",
    "not-supported",
    415,
)
HTTP_NO_TOKENS = kind(
    "http.no-tokens",
    "The gateway does not say where tokens are had",
    "Ask whoever runs it. To have it said, set token_url of an issuer.",
    "not-found",
    404,
)
HTTP_PACKED = kind(
    "http.packed",
    "The body is said to be packed with gzip and cannot be unpacked",
    "Pack it again, whole, or send it without Content-Encoding.",
    "structure",
)
HTTP_QUERY_TEXT = kind(
    "http.query-text",
    "The query string is not UTF-8 after its percent signs are read",
    "Encode each name and value as UTF-8, then percent-encode it.",
    "structure",
)
HTTP_QUERY_LONG = kind(
    "http.query-long",
    "The query has more than {most} parameters",
    "Ask in several smaller questions.",
    "too-costly",
)
HTTP_ADDRESS_LONG = kind(
    "http.address-long",
    "The address is longer than {most} bytes",
    "Send the parameters in the body, by POST to [type]/_search; _cursor of a next-page link may go there too.",
    "too-long",
    414,
)
HTTP_DONE_UNAUDITED = kind(
    "http.done-unaudited",
    "The request was carried out and what it wrote is kept, but it could not be entered in the audit",
    "Do not send it again before you have read what stands. Tell whoever runs the gateway the request id {id}: "
    "the audit needs mending, and this entry is missing from it.",
    "exception",
    500,
)
HTTP_NO_FILE = kind(
    "http.no-file",
    "The request brings no file to load",
    "Send the file as the body, or several as multipart/form-data, each with a filename.",
    "required",
)
HTTP_DONE = kind("http.done", "{what}", "", "informational", 200, "information")
HTTP_NO_VERSION = kind(
    "http.no-version",
    "This {type} has no such version",
    "Its history lists its versions.",
    "not-found",
    404,
)
HTTP_LOAD_VALUE = kind(
    "http.load-value",
    "A value for the mapping is given without its name",
    "Write set=NAME=VALUE, as in set=year=2025-26.",
    "value",
)
HTTP_ONLY_ANY = kind(
    "http.only-any",
    "A write knows If-None-Match only as *, to make what is not there yet",
    "Use If-Match with the ETag you have read, or If-None-Match: *.",
    "not-supported",
)
HTTP_BODY_CUT = kind(
    "http.body-cut",
    "The body ended, or stood still, before it was whole",
    "Send the request again. Nothing of this one was kept.",
    "incomplete",
    400,
)
HTTP_BUSY = kind(
    "http.busy",
    "More requests are waiting than can be answered soon",
    "Send it again in some seconds.",
    "throttled",
    503,
)
HTTP_MALFORMED = kind(
    "http.malformed",
    "What was sent is no request as HTTP/1.1 has them",
    "Let a HTTP library write the request. Nothing of this one was read, and the connection is closed.",
    "structure",
    400,
)
HTTP_HEADERS_LONG = kind(
    "http.headers-long",
    "The headers of the request are longer than {most} bytes",
    "Send fewer or shorter headers.",
    "too-long",
    431,
)
HTTP_SLOW = kind(
    "http.slow",
    "The request did not come within {seconds} seconds",
    "Send a request in one go once the connection is open.",
    "timeout",
    408,
)
