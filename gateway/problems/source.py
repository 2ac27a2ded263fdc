"""Files that come in: CSV, XML, JSON and FHIR."""

from gateway.problems import kind

NOT_FOUND = kind(
    "source.not-found",
    "There is no such file or folder",
    "Check the path and run the command again.",
    "not-found",
    404,
)
UNREADABLE = kind(
    "source.unreadable",
    "The file cannot be read: {reason}",
    "Check its permissions and the disk, then run the command again.",
    "exception",
)
NO_FILE = kind(
    "source.no-file",
    "The folder has no {format} file",
    "Give the file itself, or a folder that has files ending in {endings}.",
    "not-found",
    404,
)
ONE_FILE = kind(
    "source.one-file",
    "{count} {format} files were given at once",
    "Load one {format} file at a time: {names}.",
    "structure",
)
EMPTY = kind(
    "source.empty",
    "The file is empty",
    "Export it again and look at its size before sending it.",
    "structure",
)
NO_ROOM = kind(
    "source.no-room",
    "The temporary storage for joining the files cannot be used",
    "Make room in the temporary folder, or set TMPDIR to a larger one.",
    "exception",
    507,
)

NOT_TEXT = kind(
    "source.not-text",
    "The file is {what}, not text",
    "{do}",
    "structure",
)
ENCODING = kind(
    "source.encoding",
    "The file says it is {declared}, but line {line} is not",
    "Save it as UTF-8, or correct the encoding it declares.",
    "structure",
)
ENCODING_UNKNOWN = kind(
    "source.encoding-unknown",
    "There is no encoding called {declared}",
    "Name a common one, such as utf-8, utf-16 or windows-1252.",
    "structure",
)
ENCODING_GUESSED = kind(
    "source.encoding-guessed",
    "The file is not UTF-8 (first seen on line {line}); it was read as Windows-1252",
    "Check a name with an accent in the result, or save the file as UTF-8.",
    "informational",
    severity="warning",
)
CHARACTERS = kind(
    "source.characters",
    "The record has a control character or a byte that is no character",
    "Remove it; it often comes from copying out of a document or a scanner.",
    "value",
)

WRONG_FORMAT = kind(
    "source.wrong-format",
    "This is not the file the mapping reads: {found} instead of {wanted}",
    "Choose the mapping for this file, or the file for this mapping.",
    "structure",
)
MISSING_COLUMN = kind(
    "source.missing-column",
    "The {file} file has no column {columns}",
    "Add the column (it may stay empty) or correct its name, and send the file again.",
    "required",
)
EXTRA_COLUMN = kind(
    "source.extra-column",
    "The {file} file has columns that are not read: {columns}",
    "Nothing to do, unless one of them is a misspelt name.",
    "informational",
    severity="warning",
)
DUPLICATE_COLUMN = kind(
    "source.duplicate-column",
    "The {file} file has the same column more than once: {columns}",
    "Keep one of them; two readers could take different ones.",
    "structure",
)
MISSING_FILE = kind(
    "source.missing-file",
    "The set has no {file} file",
    "Add the file with the columns {columns}.",
    "required",
)
SAME_FILE_TWICE = kind(
    "source.same-file-twice",
    "Two files of the set are both {file}: {names}",
    "Give one of them, or join them into one file.",
    "structure",
)
UNKNOWN_FILE = kind(
    "source.unknown-file",
    "The file has the columns of no file that the mapping reads, so it is not read",
    "Load it with a mapping that reads it. Else there is nothing to do, unless its column names are misspelt.",
    "informational",
    severity="warning",
)

RAGGED = kind(
    "source.ragged",
    "The row has {found} cells, the header has {wanted}",
    "Add or remove separators so that every row has {wanted} cells.",
    "structure",
)
QUOTES = kind(
    "source.quotes",
    "The row has quotation marks that do not pair up",
    'Close the quotation mark, or write "" for one inside a quoted cell.',
    "structure",
)
REPEATED_KEY = kind(
    "source.repeated-key",
    "{column} of this row was seen before in the same file (line {first})",
    "Keep one row for each {column}; the rows of other files were joined to the first.",
    "duplicate",
)
ORPHAN = kind(
    "source.orphan",
    "No row of the {parent} file has the {column} of this row",
    "Add that row to the {parent} file, or correct {column} here.",
    "not-found",
)

DOCTYPE = kind(
    "source.doctype",
    "The XML has a DOCTYPE, which is not read because it can pull in other files",
    "Remove the <!DOCTYPE ...> line and its entities.",
    "security",
)
MALFORMED = kind(
    "source.malformed",
    "The file cannot be read beyond this place: {reason}",
    "Correct the file there and load the whole file again; what was read before makes no second version.",
    "structure",
)
TRUNCATED = kind(
    "source.truncated",
    "The file ends in the middle",
    "Export or copy it again and load the whole file; what was read before makes no second version.",
    "incomplete",
)
TOO_LARGE = kind(
    "source.record-too-large",
    "One record is larger than {most} MB",
    "Split it, or check that a closing mark is not missing.",
    "too-long",
)
NOT_OBJECT = kind(
    "source.not-a-record",
    "There is {found} where a record should be",
    "Put the record in braces: {{ }}.",
    "structure",
)
UNREAD = kind(
    "source.unread",
    "The file has {path}, which the mapping neither reads nor ignores",
    "Add it to the mapping, or to its ignore list with a reason.",
    "informational",
    severity="warning",
)
REPEATED = kind(
    "source.repeated-value",
    "{path} occurs more than once in a record (first on line {line}); only the first is read",
    "Describe it in the mapping as a record within the record.",
    "informational",
    severity="warning",
)
NO_RECORDS = kind(
    "source.no-records",
    "The file has no records",
    "Check that it is the right file; a file with a header alone is read, but says nothing.",
    "informational",
    severity="warning",
)
ALREADY_THERE = kind(
    "source.already-there",
    "The file for records set aside is already there",
    "Move it away or choose another name; it may hold corrections.",
    "duplicate",
)
NOT_RESOURCE = kind(
    "source.not-a-resource",
    "There is something that is no FHIR resource",
    "Give each resource its resourceType; in a Bundle, put it under entry.resource.",
    "structure",
)
