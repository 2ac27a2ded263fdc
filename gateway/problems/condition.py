"""Writes with a condition: criteria that say which resource is meant, or that it must not be there yet."""

from gateway.problems import kind

CONDITION_EMPTY = kind(
    "condition.empty",
    "The write names no criteria, so that every {type} would be meant; nothing was written",
    "Name what the one resource can be found by, as in {type}?identifier=system|value.",
    "required",
    412,
)
CONDITION_RESULT = kind(
    "condition.result-parameter",
    "The parameter {name} shapes the answer to a search and is no criterion; nothing was written",
    "Leave it out.",
    "not-supported",
)
CONDITION_TYPE = kind(
    "condition.other-type",
    "The criteria are about another type than the resource that was sent; nothing was written",
    "Write the criteria for {type}, or the type they are about in the address.",
    "value",
)
CONDITION_MANY = kind(
    "condition.many",
    "More than one {type} meets the criteria; nothing was written",
    "Name more criteria, until one is meant: an identifier is best.",
    "multiple-matches",
    412,
)
CONDITION_NONE = kind(
    "condition.none",
    "No {type} meets the criteria",
    "Correct the criteria, or create the resource first.",
    "not-found",
    404,
)
CONDITION_OTHER_ID = kind(
    "condition.other-id",
    "The {type} that meets the criteria has another id than the resource that was sent",
    "Send the resource with the id that it has here, or without one.",
    "value",
)
CONDITION_TAKEN = kind(
    "condition.taken",
    "No {type} meets the criteria, but there is one with the id that was sent",
    "Send the resource without an id to make a new one, or update this one by its id.",
    "conflict",
    409,
)
CONDITION_REFERENCE = kind(
    "condition.reference",
    "{number} {type} meets the criteria of this reference; exactly one must",
    "Correct the criteria, or refer to the resource by its id.",
    "not-found",
    412,
)
CONDITION_REFERENCE_ALONE = kind(
    "condition.reference-alone",
    "A reference by criteria can be led to what it means only in a transaction",
    "Refer to the resource by its id, or send both in a transaction.",
    "value",
)
