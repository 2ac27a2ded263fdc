"""JSON texts."""

from gateway.problems import kind

JSON_SYNTAX = kind(
    "json.syntax",
    "The JSON cannot be read: {reason}",
    "Correct the text at the line and column given and send it again.",
    "structure",
)
JSON_DUPLICATE = kind(
    "json.duplicate-key",
    "The JSON has the same key twice in one object",
    "Keep one of them; two readers could take different ones.",
    "structure",
)
JSON_DEEP = kind(
    "json.too-deep", "The JSON nests deeper than {most} levels", "Send a flatter document.", "too-costly"
)
JSON_NUMBER = kind(
    "json.number",
    "The JSON has a number that is not finite or is too long to be kept",
    "Write the number with fewer digits.",
    "value",
)
