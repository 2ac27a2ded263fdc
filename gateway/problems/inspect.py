"""Files nobody has described yet, and what can be seen of them."""

from gateway.problems import kind

NO_HEADER = kind(
    "inspect.no-header",
    "The first line looks like a record, not like the names of columns ({columns})",
    "Put a line with the names of the columns above it, or ask for an export with one.",
    "structure",
    severity="warning",
)
TOO_MANY = kind(
    "inspect.too-many-fields",
    "The file has more than {most} different fields; the others are not shown",
    "Check that names are not made of values (a date or a number as the name of a field).",
    "informational",
    severity="warning",
)
NOTHING = kind(
    "inspect.nothing-repeats",
    "Nothing in the file repeats, so the whole of it was taken for one record",
    "Give a file with several records, if you have one.",
    "informational",
    severity="warning",
)
NO_DRAFT = kind(
    "inspect.no-draft",
    "No record of the file has a value of its own, so no mapping can be drafted",
    "Give a file that has records, each with at least one value that stands once in it.",
    "structure",
)
