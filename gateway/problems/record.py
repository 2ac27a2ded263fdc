"""Records that cannot become FHIR as they are, in the words of the file's owner."""

from gateway.problems import kind

_AGAIN = "Correct {field} in the source system and send the record again."

RECORD_DATE = kind(
    "record.not-a-date", "{field} must be a real date written as {format}", _AGAIN, "value", 422
)
RECORD_DOUBTFUL_DATE = kind(
    "record.doubtful-date",
    "{field} is a date that a child of these records can hardly have been born on: in the future, or too long ago",
    "Check {field} in the source system; it was kept as it is.",
    "value",
    422,
    "warning",
)
RECORD_TIME = kind(
    "record.not-a-time", "{field} must be a real date and time written as {format}", _AGAIN, "value", 422
)
RECORD_NUMBER = kind("record.not-a-number", "{field} must be {wanted}", _AGAIN, "value", 422)
RECORD_SPREADSHEET = kind(
    "record.changed-number",
    "A spreadsheet has changed the number in {field}: it has become a decimal",
    "Make the file anew from the source system, or import the column {field} as text, and send the record again.",
    "value",
    422,
)
RECORD_BOOLEAN = kind("record.not-yes-or-no", "{field} must be one of {known}", _AGAIN, "value", 422)
RECORD_CODE = kind(
    "record.unknown-code",
    "{field} has a code that the code map {map} does not know",
    "Correct {field}, or add the code to the ConceptMap {canonical}.",
    "code-invalid",
    422,
)
RECORD_CODE_KEPT = kind(
    "record.code-kept",
    "{field} has a code that is not in its code list",
    "Correct {field}, or add the code to the list; it was kept as it is.",
    "code-invalid",
    422,
    "warning",
)
RECORD_POSTCODE = kind(
    "record.not-a-postcode",
    "{field} does not have the form of a UK postcode",
    "Check {field} in the source system; it was kept as it is where a whole postcode was asked for.",
    "value",
    422,
    "warning",
)
RECORD_KEY = kind(
    "record.no-key",
    "The record has nothing to know it by: {field} is empty",
    "Fill {field} and send the record again.",
    "required",
    422,
)
RECORD_SAME_KEY = kind(
    "record.same-key",
    "Two parts of the record have the same {field} and differ",
    "Keep one of them, or correct {field}, and send the record again.",
    "duplicate",
    422,
)
RECORD_REQUIRED = kind(
    "record.missing",
    "{element} needs a value, and {field} is empty",
    "Fill {field} and send the record again.",
    "required",
    422,
)
RECORD_UPN_LETTER = kind(
    "record.upn-letter",
    "{field} has a check letter that does not fit the number",
    "Check the UPN with the school; it was kept as it is.",
    "value",
    422,
    "warning",
)
RECORD_UPN_SHAPE = kind(
    "record.upn-shape",
    "{field} does not have the form of a UPN, a letter and twelve characters",
    "Check the UPN with the school; it was kept as it is.",
    "value",
    422,
    "warning",
)
RECORD_NHS_DIGIT = kind(
    "record.nhs-number-digit",
    "{field} has a check digit that does not fit the number",
    "Check the NHS number with the GP registration; it was kept as it is.",
    "value",
    422,
    "warning",
)
RECORD_NHS_SHAPE = kind(
    "record.nhs-number-shape",
    "{field} does not have the ten digits of an NHS number",
    "Check the NHS number with the GP registration; it was kept as it is.",
    "value",
    422,
    "warning",
)
RECORD_RIVALS = kind(
    "record.two-values",
    "{element} can have one value, and {field} give two",
    "Empty one of {field} and send the record again.",
    "value",
    422,
)
