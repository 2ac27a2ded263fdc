"""Bundles that are sent to a base: what keeps a batch or transaction from being carried out."""

from gateway.problems import kind

BUNDLE_NOT_ONE = kind(
    "bundle.not-a-bundle",
    "What is sent to the base itself is a Bundle, and this is none",
    "Send a Bundle of type batch or transaction, or send a resource to the address of its type.",
    "structure",
)
BUNDLE_TYPE = kind(
    "bundle.type",
    "A Bundle of this type is not carried out here",
    "Send a Bundle whose type is one of: {types}.",
    "value",
)
BUNDLE_ENTRY = kind(
    "bundle.entry",
    "The entry does not say what is to be done",
    "Give each entry a request with method and url, as in POST and Patient.",
    "required",
)
BUNDLE_METHOD = kind(
    "bundle.method",
    "The entry asks for a method that HTTP or FHIR does not have",
    "Use one of: {methods}.",
    "value",
)
BUNDLE_URL = kind(
    "bundle.url",
    "The url of the entry's request leads away from this base",
    "Write it as it stands behind the base, as in Patient/123 or Patient?identifier=….",
    "value",
)
BUNDLE_NESTED = kind(
    "bundle.nested",
    "An entry cannot be a Bundle that is carried out itself",
    "Put its entries into the outer Bundle, or send it on its own.",
    "not-supported",
)
BUNDLE_OPERATION = kind(
    "bundle.operation",
    "An entry of a transaction cannot be this interaction",
    "Send it on its own, or in a batch.",
    "not-supported",
)
BUNDLE_RESOURCE = kind(
    "bundle.resource",
    "The entry has no resource, and {method} needs one",
    "Put the resource into the entry.",
    "required",
)
BUNDLE_PATCH = kind(
    "bundle.patch",
    "The entry's resource is not a patch",
    "Send the Parameters of a FHIRPath Patch, or a Binary with the media type of the patch and the patch in base64.",
    "value",
)
BUNDLE_TWICE = kind(
    "bundle.twice",
    "Two entries of the transaction write the same {type}; nothing was written",
    "Let one entry say all that is to become of it, or send two transactions.",
    "duplicate",
)
BUNDLE_SAME_URL = kind(
    "bundle.same-full-url",
    "Two entries have the same fullUrl, so that a reference to it could mean either",
    "Give each entry a fullUrl of its own, as in urn:uuid:….",
    "duplicate",
)
BUNDLE_MANY = kind(
    "bundle.too-many",
    "The Bundle has more than {most} entries",
    "Send several smaller ones, or load a file with fhirgate load.",
    "too-costly",
    413,
)
BUNDLE_CRITERIA = kind(
    "bundle.criteria",
    "The criteria of the entry name another entry, whose id is not known yet",
    "Name what the resource can be found by without it: an identifier is best.",
    "not-supported",
)
