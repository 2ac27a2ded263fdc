"""Operations (`$validate`, `$everything`, ...): what was given to one that it cannot use, and what it says."""

from gateway.problems import kind

OPERATION_LEVEL = kind(
    "operation.level",
    "This operation is not asked for at this level",
    "Ask for it here: {where}.",
    "not-supported",
    405,
)
OPERATION_PARAMETERS = kind(
    "operation.parameters",
    "The Parameters that were sent have a part that cannot be read",
    "Give each parameter a name, and one value or resource.",
    "structure",
)
OPERATION_UNKNOWN = kind(
    "operation.unknown-parameter",
    "{operation} has no parameter {name}",
    "Use one of: {supported}.",
    "not-supported",
)
OPERATION_TWICE = kind(
    "operation.twice",
    "The parameter {name} is given more than once",
    "Give it once.",
    "value",
)
OPERATION_VALUE = kind(
    "operation.value",
    "The value of {name} is not one that {operation} takes",
    "Give {expected}.",
    "value",
)
OPERATION_MISSING = kind(
    "operation.missing",
    "{operation} needs {what}",
    "Add it and ask again.",
    "required",
)
VALIDATE_NOTHING_TO_DELETE = kind(
    "validate.nothing-to-delete",
    "There is no {type} of this id that could be deleted",
    "Correct the id. Deleting what is not there does no harm and changes nothing.",
    "not-found",
    404,
    "information",
)
VALIDATE_ID = kind(
    "validate.id",
    "The id of the resource is not that of the address",
    "An update sends the resource with the id of its address.",
    "value",
)
EVERYTHING_REPLACED = kind(
    "everything.replaced",
    "This Patient was replaced by {patient}, and what is known of the child may stand there",
    "Ask for everything of that Patient.",
    "informational",
    200,
    "warning",
)
EVERYTHING_LINKED = kind(
    "everything.linked",
    "This Patient says to see also {patient}, which is not known to be the same child here and is left out",
    "Ask for everything of that Patient as well, if it is one child.",
    "informational",
    200,
    "information",
)
OPERATION_OWN_ONLY = kind(
    "operation.own-only",
    "Only the gateway's own records are in this answer; the connected servers were not asked",
    "Search by type, as in Observation?patient=…, to have them asked too.",
    "incomplete",
    502,
    "warning",
)
LASTN_MORE = kind(
    "lastn.more",
    "Only the newest {most:,} Observations were looked at; of some codes there may be none among them",
    "Narrow the question by code or date.",
    "incomplete",
    200,
    "warning",
)
PIX_SOURCE_DOMAIN = kind(
    "pix.source-domain",
    "sourceIdentifier Assigning Authority not found",
    "Give a system whose numbers are known here, as system|value.",
    "code-invalid",
)
PIX_UNKNOWN = kind(
    "pix.unknown",
    "sourceIdentifier Patient Identifier not found",
    "Nobody here has this number; correct it, or search by name and birth date.",
    "not-found",
    404,
)
PIX_TARGET_DOMAIN = kind(
    "pix.target-domain",
    "targetSystem not found",
    "Give a system whose numbers are given out to you here, or leave targetSystem out.",
    "code-invalid",
    403,
)
OPERATION_ONE_CHILD = kind(
    "operation.one-child",
    "The parameter does not name exactly one child",
    "Give the reference of a Patient of /fhir, or an identifier that one child has.",
    "not-found",
    422,
)
MATCH_TOO_LITTLE = kind(
    "match.too-little",
    "There is too little to go by",
    "Give an identifier, or a name with a birth date or a postcode.",
    "business-rule",
    422,
)
MATCH_FUTURE = kind(
    "match.future", "The birth date is in the future", "Correct the birth date.", "business-rule", 422
)
MATCH_TWO_NUMBERS = kind(
    "match.two-numbers",
    "The Patient has two NHS numbers in force",
    "Give the one that is in force; mark a replaced one with use=old.",
    "business-rule",
    422,
)
MATCH_WRONG_NUMBER = kind(
    "match.wrong-number",
    "The NHS number does not fit its check digit: nobody was looked for by it",
    "Correct the number and ask again; what was found was found by the rest.",
    "business-rule",
    200,
    "warning",
)
MATCH_NONE = kind(
    "match.none",
    "Nobody here is like this",
    "Add what else is known: identifiers, other names, a former address.",
    "informational",
    200,
    "information",
)
