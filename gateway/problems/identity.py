"""Identifiers of children."""

from gateway.problems import kind

CCI_LENGTH = kind(
    "identity.cci-length",
    "A CCI has ten characters, and this has {length}",
    "Write it as two groups of five, like B7K2M-9QX93.",
    "value",
)
CCI_CHARACTER = kind(
    "identity.cci-character",
    "A CCI begins with a letter and has only digits and letters, without U",
    "Write it as two groups of five, like B7K2M-9QX93.",
    "value",
)
CCI_TYPED = kind(
    "identity.cci-typed",
    "The CCI has a character that is wrong or out of order",
    "Compare it with the letter or screen it was copied from and type it again.",
    "value",
)
CCI_NONE_FREE = kind(
    "identity.cci-none-free",
    "No free CCI was found in {tries} tries",
    "Check the source of random numbers: free CCIs are far more common than taken ones.",
    "exception",
    500,
)
MODEL_DAMAGED = kind(
    "identity.model-damaged",
    "The file of matching weights is not as it was written",
    "Copy it again from where it was trained, or leave the setting out to use the weights that ship.",
    "exception",
    500,
)
MODEL_VERSION = kind(
    "identity.model-version",
    "The file of matching weights is of version {version}, and this release reads version {reads}",
    "Train it anew with this release, or leave the setting out to use the weights that ship.",
    "exception",
    500,
)
