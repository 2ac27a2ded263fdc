"""Resources that do not have the shape or the values that R4 asks for (see `gateway.fhir.validate`).

What cannot be read as the resource it says it is has status 400; what can be read but says what R4 does not
allow has 422.
"""

from gateway.problems import kind

RESOURCE_NOT_OBJECT = kind(
    "resource.not-an-object",
    "A resource is a JSON object, and this is {found}",
    'Send an object that begins {{"resourceType": ...',
    "structure",
)
RESOURCE_NO_TYPE = kind(
    "resource.no-type",
    "The resource does not say what it is",
    'Give it a resourceType, for instance "resourceType": "Observation".',
    "structure",
)
RESOURCE_UNKNOWN_TYPE = kind(
    "resource.unknown-type",
    "R4 has no resource type of this name",
    "Name one of the resource types of FHIR R4; capital letters count.{meant}",
    "structure",
)
RESOURCE_UNKNOWN_ELEMENT = kind(
    "resource.unknown-element",
    "{path} has no element called {name}",
    "Remove it, correct its name, or carry it in an extension.{meant}",
    "structure",
)
RESOURCE_JSON_TYPE = kind(
    "resource.json-type",
    "{name} must be {wanted}, and this is {found}",
    "Write it as {wanted}; in FHIR {name} has the type {type}.",
    "structure",
)
RESOURCE_NOT_LIST = kind(
    "resource.not-a-list",
    "{name} may be there more than once, so it must be a list",
    "Put square brackets around it.",
    "structure",
)
RESOURCE_LIST = kind(
    "resource.list",
    "{name} may be there only once, and this is a list",
    "Keep one and take the square brackets away.",
    "structure",
)
RESOURCE_EMPTY = kind(
    "resource.empty",
    "{name} is there but holds nothing",
    "Give it a value or leave it out; FHIR has no empty objects, lists or texts.",
    "structure",
)
RESOURCE_NULL = kind(
    "resource.null",
    "{name} is null",
    "Leave it out; null stands only in a list of primitives, for an item that has nothing but extensions.",
    "structure",
)
RESOURCE_ALIGNED = kind(
    "resource.not-aligned",
    "{name} and _{name} must have the same number of items",
    "Fill the shorter list with null, so that each extension stands at the place of its value.",
    "structure",
)
RESOURCE_REQUIRED = kind(
    "resource.required",
    "{name} is missing",
    "Add it: R4 asks for it in every {path}.",
    "required",
    422,
)
RESOURCE_NOT_HERE = kind(
    "resource.not-here",
    "{name} is not allowed here",
    "Leave it out; this is a {profile}, which has none.",
    "structure",
    422,
)
RESOURCE_TWO_CHOICES = kind(
    "resource.two-choices",
    "There are both {first} and {name}, and only one of them may be there",
    "Keep the one that was meant.",
    "structure",
)
RESOURCE_DEEP = kind(
    "resource.too-deep",
    "The resource nests deeper than {most} levels",
    "Send a flatter resource.",
    "too-costly",
)
RESOURCE_MORE = kind(
    "resource.more-problems",
    "There are more problems than the {most} that are listed",
    "Correct these and send the resource again to see the rest.",
    "incomplete",
    severity="warning",
)
RESOURCE_VALUE = kind(
    "resource.value",
    "{name} is not written as FHIR's type {type} asks",
    "{asked}",
    "value",
    422,
)
RESOURCE_CODE = kind(
    "resource.code",
    "{name} has a code that R4 does not list for it",
    "Use one of {listed}.{meant}",
    "code-invalid",
    422,
)
RESOURCE_REFERENCE = kind(
    "resource.reference",
    "{name} is not a reference that can be followed",
    "Write it as Type/id, as an absolute URL, as urn:uuid:..., or as #id for a contained resource.",
    "value",
    422,
)
RESOURCE_TARGET = kind(
    "resource.target",
    "{name} points at a resource of another type than it may",
    "It may point at {allowed}.",
    "value",
    422,
)
RESOURCE_NARRATIVE = kind(
    "resource.narrative",
    "The narrative holds {what}, which R4 does not allow",
    "Send only text with formatting in one div of the XHTML namespace; or leave the narrative out.",
    "security",
    422,
)
RESOURCE_RULE = kind(
    "resource.rule",
    "R4's rule {key} does not hold: {asked}",
    "{remedy}",
    "invariant",
    422,
)
