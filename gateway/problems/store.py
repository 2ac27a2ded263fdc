"""The store and the audit."""

from gateway.problems import kind

STORE_READ_ONLY = kind(
    "store.read-only",
    "The database cannot be written: it is read-only",
    "Give the gateway's user the right to write {file}; for a file, also its folder.",
    "no-store",
    503,
)
STORE_LOCKED = kind(
    "store.locked",
    "The database is busy with another write",
    "Try again in a moment. If it lasts, see which process holds {file}.",
    "lock-error",
    503,
)
STORE_FULL = kind(
    "store.disk-full",
    "There is no room left for the database",
    "Make room on the disk of {file} and send it again; nothing of this write was kept.",
    "no-store",
    507,
)
STORE_DISK = kind(
    "store.disk",
    "The disk of the database does not answer as it should",
    "Look at the system log for the disk of {file}; nothing of this write was kept.",
    "exception",
    503,
)
STORE_OPEN = kind(
    "store.cannot-open",
    "The database cannot be opened",
    "Check that the folder of {file} exists and that the gateway's user may use it.",
    "no-store",
    503,
)
STORE_DAMAGED = kind(
    "store.not-a-database",
    "The file is not a database, or is damaged",
    "Check the setting `database` ({file}); if it is right, restore the file from its backup.",
    "exception",
    503,
)
STORE_FOREIGN = kind(
    "store.not-ours",
    "The database belongs to another program",
    "Check the setting `database` ({file}), or name one that holds nothing yet.",
    "exception",
    503,
)
STORE_NEWER = kind(
    "store.newer",
    "The database was made by a newer fhirgate (schema {found}, this one knows {known})",
    "Run the newer fhirgate, or restore a backup made before it.",
    "exception",
    503,
)
STORE_OLDER = kind(
    "store.older",
    "The database has an older schema ({found} of {known}) and cannot be changed now",
    "Open it once with the right to write, then start again.",
    "exception",
    503,
)
STORE_CLOSED = kind("store.closed", "The database is closed", "Start the gateway again.", "exception", 503)
STORE_VERSION = kind(
    "store.version-taken",
    "The resource has changed since it was read",
    "Read it again and repeat the change on the version that stands now.",
    "conflict",
    409,
)
STORE_CCI = kind(
    "store.cci-used",
    "The id or the CCI was given to a child before",
    "Mint another one; neither is ever used twice.",
    "duplicate",
    409,
)
STORE_ROOM = kind(
    "store.out-of-numbers",
    "There is no number left for another {what}",
    "One database holds 4,095 feeds and 1,048,575 resources about one Patient; use a second one.",
    "too-costly",
    507,
)
STORE_SEARCH = kind(
    "store.cannot-search",
    "{param} cannot be searched with {how}",
    "Leave the modifier or prefix out; /metadata lists what can be asked.",
    "not-supported",
)
STORE_TEXT = kind(
    "store.half-character",
    "A text holds half of a character (a lone surrogate)",
    "Send the text as UTF-8 with whole characters; an emoji written as two escapes needs both of them.",
    "value",
    422,
)
STORE_NUL = kind(
    "store.nul",
    "A text holds the character U+0000, which PostgreSQL cannot keep",
    "Take it out of the text and send it again; FHIR does not allow it either.",
    "value",
    422,
)
STORE_LONG = kind(
    "store.too-long",
    "An id or a name is longer than the database can index",
    "Shorten it; FHIR's ids have 64 characters at most.",
    "too-long",
    422,
)
STORE_UNREACHABLE = kind(
    "store.unreachable",
    "The database server does not answer, or does not let the gateway in",
    "Check that PostgreSQL runs at {file}, and the name, user and password in the setting `database`.",
    "transient",
    503,
)
STORE_URL = kind(
    "store.not-a-url",
    "The setting `database` begins like the URL of a PostgreSQL server and is none",
    "Write it as postgresql://USER@HOST:PORT/DATABASE; special characters of a name as %XX.",
    "exception",
    503,
)
STORE_ENCODING = kind(
    "store.not-utf8",
    "The database does not keep its text as UTF-8",
    "Make one that does (`createdb --encoding=UTF8 --template=template0 NAME`) and name it instead of {file}.",
    "exception",
    503,
)
STORE_NO_POSTGRES = kind(
    "store.no-postgres",
    "The setting `database` names a PostgreSQL server, and its driver is not installed",
    "Run `pip install fhirgate[postgres]`, or name a SQLite file.",
    "exception",
    503,
)
STORE_NOT_EMPTY = kind(
    "store.not-empty",
    "There are records in the database that was to be filled",
    "Name a new file, or a database or schema of the server that holds nothing yet.",
    "conflict",
    409,
)
STORE_MOVED = kind(
    "store.move-differs",
    "What arrived is not what was sent: {what} differ",
    "Nothing was kept and the first database is as it was. Run `fhirgate check` on it, then move it again.",
    "exception",
    500,
)
STORE_LOAD_RUNNING = kind(
    "store.load-running",
    "The load is still running",
    "Wait until it has ended; `fhirgate loads` shows its state.",
    "lock-error",
    409,
)
STORE_LOAD_UNKNOWN = kind(
    "store.load-unknown",
    "There is no load {load}",
    "`fhirgate loads` lists them.",
    "not-found",
    404,
)
STORE_LOAD_UNDONE = kind(
    "store.load-undone",
    "Load {load} was taken back already",
    "Nothing is left to do; load the file again if it should stand.",
    "conflict",
    409,
)
STORE_READABLE = kind(
    "store.readable",
    "Other accounts of this computer can read {file}",
    "Run `chmod 600` on it and on what lies beside it under the same name.",
    "security",
    200,
    "warning",
)
AUDIT_SHORTER = kind(
    "store.audit-shorter",
    "The audit does not hold what it held when this was last noted ({rows} rows)",
    "Put the whole audit back as {file}, compare it with the copy kept elsewhere, and find out who can write it.",
    "security",
)
STORE_AUDIT = kind(
    "store.audit",
    "The look could not be written into the audit, so it was not answered",
    "Make room for, or give access to, the file {file} and ask again.",
    "no-store",
    503,
)
AUDIT_CHANGED = kind(
    "audit.changed",
    "Row {row} of the audit was changed",
    "Compare it with the copy of the audit kept elsewhere, and find out who can write the file.",
    "security",
)
AUDIT_MISSING = kind(
    "audit.missing",
    "Rows are missing from the audit after row {row}",
    "Compare it with the copy of the audit kept elsewhere, and find out who can write the file.",
    "security",
)
AUDIT_HEAD = kind(
    "audit.head",
    "The end of the audit is not sealed by this gateway's secret",
    "Check the setting `secret_file`; with the right secret, rows were changed or taken away.",
    "security",
)
