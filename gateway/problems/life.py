"""What can stand against a change of children's lives: merged, split, sealed, told apart."""

from gateway.problems import kind

LIFE_ITSELF = kind(
    "life.itself",
    "A child cannot be merged with, or told apart from, itself",
    "Name two children by their CCIs.",
    "business-rule",
    422,
)
LIFE_NOT_ACTIVE = kind(
    "life.not-active",
    "One of these children was merged into another before",
    "Name the child that its CCI leads to; `fhirgate child` shows it. Or take the merge back first.",
    "conflict",
    409,
)
LIFE_DISTINCT = kind(
    "life.distinct",
    "Somebody said that these two are two",
    "Nothing was changed. If that was a mistake, take it back first: fhirgate distinct CCI CCI --undo.",
    "conflict",
    409,
)
LIFE_KNOWN = kind(
    "life.known", "That these two are two was said before", "Nothing was changed.", "conflict", 409
)
LIFE_NOT_MERGED = kind(
    "life.not-merged",
    "There is nothing of that kind to take back",
    "`fhirgate child` shows what was done to a child.",
    "conflict",
    409,
)
LIFE_INTO_GONE = kind(
    "life.into-gone",
    "The other child was itself merged into another one since",
    "Take the later merge back first.",
    "conflict",
    409,
)
LIFE_NOTHING_LEFT = kind(
    "life.nothing-left",
    "A split takes some records of a child, and leaves some",
    "Name records that are linked to the child now, but not all of them.",
    "business-rule",
    422,
)
LIFE_NOT_SEALED = kind(
    "life.not-sealed",
    "There is no seal {number}",
    "fhirgate seal names those that stand.",
    "not-found",
    404,
)
LIFE_WAITS = kind(
    "life.waits",
    "It is written down and waits for a second person",
    "Let another person say the same: another user of this machine, a token that names somebody else, or another client.",
    "business-rule",
    202,
    "information",
)
