"""What the gateway itself has to say: files, loads, feeds, children."""

from gateway.problems import kind

SECRET_UNREADABLE = kind(
    "service.secret",
    "The file with the gateway's secret cannot be used: {reason}",
    "Set `secret_file` to a file that this program may read and write, or put the right file back: tokens and ids depend on it.",
    "exception",
    500,
)
SECRET_DIFFERS = kind(
    "service.secret-differs",
    "The gateway's secret is not the one that its database was made with",
    "Put the right file back as {file}: with another one every id on /fhir would change, and no record would know its child.",
    "exception",
    500,
)
BASE_DIFFERS = kind(
    "service.base-differs",
    "base_uri is not the one that the database was made with: {made}",
    "Set base_uri to {made} again; with another one the identifiers that are kept would no longer be found.",
    "exception",
    500,
)
FEED_UNKNOWN = kind(
    "service.unknown-feed",
    "There is no feed called {name}",
    "Feeds of this gateway: {known}. A feed is a table [feeds.{name}] in gateway.toml.",
    "not-found",
    404,
)
FEED_NEEDED = kind(
    "service.feed-needed",
    "The command does not say which feed the file belongs to",
    "Add --feed with one of: {known}.",
    "required",
)
MAPPING_UNKNOWN = kind(
    "service.unknown-mapping",
    "There is no mapping called {name}",
    "Mappings here: {known}. A path to a mapping.yaml works too.",
    "not-found",
    404,
)
MAPPING_NEEDED = kind(
    "service.mapping-needed",
    "No mapping fits the file",
    "Say which one with --mapping; mappings here: {known}.",
    "required",
)
LOAD_UNKNOWN = kind(
    "service.unknown-load", "There is no load {number}", "fhirgate loads lists them.", "not-found", 404
)
CHILD_UNKNOWN = kind(
    "service.unknown-child",
    "No child has this CCI",
    "Check the ten characters; the last two guard the others.",
    "not-found",
    404,
)
CLIENT_UNKNOWN = kind(
    "service.unknown-client",
    "There is no client called {name}",
    "Clients of this gateway: {known}. A client is a table [clients.{name}] in gateway.toml.",
    "not-found",
    404,
)
REVIEW_UNKNOWN = kind(
    "service.unknown-review",
    "There is no match {number} to review",
    "fhirgate matches lists them.",
    "not-found",
    404,
)
REVIEW_DECIDED = kind(
    "service.review-decided",
    "Match {number} was decided before",
    "Nothing was changed. To decide it anew take the decision back first: fhirgate matches {number} --undo.",
    "conflict",
    409,
)
REVIEW_OPEN = kind(
    "service.review-open",
    "Match {number} was not decided by a person",
    "Only a decision can be taken back; fhirgate matches lists what is open.",
    "conflict",
    409,
)
NOT_BY_A_PERSON = kind(
    "service.not-by-a-person",
    "No person has moved this record of the feed {feed}",
    "Only what a person did to its link can be taken back; a load is taken back whole.",
    "conflict",
    409,
)
RECORD_UNKNOWN = kind(
    "service.unknown-record",
    "The feed {feed} has no such record",
    "The record is named by its Patient's id in the feed, or one of a child's by its own key, as fhirgate links lists it.",
    "not-found",
    404,
)
FOLDER_NOT_EMPTY = kind(
    "service.folder-not-empty",
    "The folder {name} is not empty",
    "Choose a folder that is empty or not there yet.",
    "conflict",
)
NOT_WRITTEN = kind(
    "service.not-written",
    "{what} cannot be written: {reason}",
    "Make room, give access, or choose another place, and run the command again.",
    "exception",
)
NO_GATEWAY = kind(
    "service.no-gateway",
    "There is no gateway here yet: neither gateway.toml nor a database",
    "Make one with `fhirgate init`, or name its settings with --config.",
    "not-found",
    404,
)
PORT_TAKEN = kind(
    "service.port-taken",
    "Port {port} cannot be used on {host}: {reason}",
    "Choose another one with --port.",
    "conflict",
)
FILE_KIND = kind(
    "service.file-kind",
    "The file is neither FHIR nor any format a mapping reads",
    "Formats here: {known}. `fhirgate check` lists the mappings.",
    "not-supported",
)
DONE_UNAUDITED = kind(
    "service.done-unaudited",
    "It was done and is kept, but it could not be entered in the audit",
    "Look what stands before you do it again. The audit needs mending first: fhirgate check says more.",
    "exception",
    500,
)
REPEATED_RECORD = kind(
    "record.repeated-key",
    "The record has the same key as another one of this file, and says something else",
    "Two children may share a number by mistake: correct the key of one of them and load it again.",
    "duplicate",
    422,
)
ANSWERED_HERE = kind(
    "service.here", "The gateway's own records: {count} found", "", "informational", 200, "information"
)
NOT_ONE_CHILD = kind(
    "service.not-one-child",
    "Only the gateway's own records were searched, because the question is not about one child",
    "Name one child, as in patient.identifier=…, to have the connected servers asked too.",
    "informational",
    200,
    "information",
)
SORTED_OTHERWISE = kind(
    "service.sorted-otherwise",
    "Only the gateway's own records were searched, because the answer is to be sorted by something else than its date",
    "Leave _sort out, or use _sort=-date, to have the connected servers asked too.",
    "incomplete",
    200,
    "warning",
)
ASKED_HERE = kind(
    "service.asked-here",
    "Only the gateway's own records were searched, because connected servers are asked about one type at a time and without _has",
    "Ask for one type, as in Observation?patient=…, to have the connected servers asked too.",
    "incomplete",
    200,
    "warning",
)
INCLUDED_HERE = kind(
    "service.included-here",
    "What comes along with the matches is from the gateway's own records; references of connected servers were not followed",
    "Ask for what they refer to by its own type.",
    "incomplete",
    200,
    "warning",
)
NO_RECORD_AT = kind(
    "service.no-record",
    "No record begins at line {line} or before it",
    "Name a line of the file that a record stands on, the header counted.",
    "not-found",
    404,
)
NO_TESTS = kind(
    "service.no-tests",
    "There are no tests beside the mapping",
    "Write a tests.yaml in its folder; fhirgate map FILE -m MAPPING --as-test begins one for you.",
    "not-found",
    404,
)
INTO_NEEDED = kind(
    "service.into-needed",
    "What load {number} set aside is a set of several files",
    "Name a folder for them: fhirgate load --set-aside {number} --into FOLDER.",
    "required",
)
OTHER_PERSON = kind(
    "record.other-person",
    "The record was told of another child before: neither first name nor date of birth agrees",
    "A key was used again for somebody else: give this child a key of its own and send the record again.",
    "conflict",
    422,
)
NEW_IDENTITY = kind(
    "record.new-identity",
    "The record has another NHS number and another surname than before, and does not keep the old number: it may be a new identity",
    "After an adoption or a change of identity seal the old life, and send the new one under a key of its own. If it is one life, send the old number along with use old: then a person is asked.",
    "conflict",
    422,
)
WEIGHTS_UNREADABLE = kind(
    "service.weights-unreadable",
    "The file of matching weights {file} cannot be read: {reason}",
    "Set `model` to a file that fhirgate train wrote, or leave it out to use the weights that ship.",
    "exception",
    500,
)
WEIGHTS_KEPT = kind(
    "service.weights-kept",
    "The weights were not written to {file}: {reason}",
    "Name another file, or add --replace to write over one that is there.",
    "conflict",
    409,
)
TOO_LITTLE = kind(
    "service.too-little-to-learn",
    "There is too little to learn weights from: {records} records, {same} pairs of one child, {relatives} of relatives",
    "Load more records with numbers first; it takes {least}. Until then the weights that ship are the better ones.",
    "business-rule",
)
