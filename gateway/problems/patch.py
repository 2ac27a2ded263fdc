"""Patches that cannot be read, or cannot be done to the resource as it is."""

from gateway.problems import kind

PATCH_FORM = kind(
    "patch.form",
    "{subject} is not written as {form} asks: {reason}",
    "Correct it and send the patch again.",
    "structure",
)
PATCH_PATH = kind(
    "patch.path",
    "Operation {number} of the patch cannot be done: {reason}",
    "Read the resource again, and point at exactly what is to be changed.",
    "processing",
    422,
)
PATCH_TEST = kind(
    "patch.test",
    "Operation {number} of the patch tests for a value that the resource does not have",
    "Read the resource again; it is not what the patch expects.",
    "conflict",
    422,
)
PATCH_KEPT = kind(
    "patch.kept",
    "The patch would change {name}, which only the server gives",
    "Leave {name} out of the patch.",
    "business-rule",
    422,
)
PATCH_RESULT = kind(
    "patch.result",
    "What the patch makes is no {type} that can be kept",
    "Correct the patch; what is wrong with its outcome is listed with it.",
    "business-rule",
    422,
)
PATCH_MANY = kind(
    "patch.many",
    "The patch has more than {most} operations",
    "Send it in parts, or send the whole resource with PUT.",
    "too-costly",
    413,
)
PATCH_GROWS = kind(
    "patch.grows",
    "The patch would make the resource too large or nest too deep",
    "Send the whole resource with PUT instead.",
    "too-costly",
    413,
)
