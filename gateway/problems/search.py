"""Searches: what was asked that cannot be answered as it was written."""

from gateway.problems import kind

SEARCH_UNKNOWN_PARAMETER = kind(
    "search.unknown-parameter",
    "{type} has no search parameter {name}",
    "{near}Use one of: {supported}. Names are case-sensitive.",
    "not-supported",
)
SEARCH_NOT_SUPPORTED = kind(
    "search.not-supported",
    "The search parameter {name} is not supported",
    "Leave it out, or send Prefer: handling=lenient to have it ignored and reported. For {type} use: {supported}.",
    "not-supported",
)
SEARCH_UNKNOWN_MODIFIER = kind(
    "search.unknown-modifier",
    "The search parameter {name} cannot be used with the modifier :{modifier}",
    "Leave the modifier out, or use one of: {supported}.",
    "not-supported",
)
SEARCH_NO_CHAIN = kind(
    "search.no-chain",
    "The search parameter {name} leads to no other resource, so nothing can follow it after a point",
    "Chain from a reference, as in patient.identifier.",
    "not-supported",
)
SEARCH_VALUE = kind(
    "search.value",
    "The value of the search parameter {field} cannot be read as {expected}",
    "Write it as {example}.",
    "value",
)
SEARCH_VALUE_SET = kind(
    "search.value-set",
    "The codes of the value set that {field} asks for cannot be listed: {reason}",
    "Put the ValueSet and the code systems that it names into a folder of profiles, or ask for the codes themselves.",
    "not-found",
)
SEARCH_CODE_SYSTEM = kind(
    "search.code-system",
    "The code system of {field} is not known here, so nothing is known of what is above or below its codes",
    "Put the CodeSystem into a folder of profiles, or ask for the codes themselves.",
    "not-found",
)
SEARCH_DEFINITION = kind(
    "search.definition",
    "{name} cannot be used as a search parameter: {reason}",
    "Correct the SearchParameter, or take its file out of the folder of profiles.",
    "value",
)
SEARCH_RESTART = kind(
    "search.restart",
    "The gateway was last started with other search parameters, so what it writes is not indexed for all of these",
    "Start the server again, then run fhirgate reindex. If none is running, run fhirgate reindex --alone.",
    "conflict",
    409,
)
SEARCH_NOT_INDEXED = kind(
    "search.not-indexed",
    "The resources that were here before {name} could be searched for are not indexed for it yet",
    "Run fhirgate reindex; the server may go on serving meanwhile.",
    "not-supported",
)
SEARCH_TYPE_NEEDED = kind(
    "search.type-needed",
    "The search parameter {name} may lead to several types, and they differ in what follows",
    "Name the type, as in {example}.",
    "value",
)
SEARCH_SORT = kind(
    "search.sort",
    "{type} cannot be sorted by {name}",
    "Sort by _id, _lastUpdated or one of: {supported}.",
    "not-supported",
)
SEARCH_ELEMENT = kind(
    "search.unknown-element",
    "{type} has no element {name}, which _elements asks for",
    "Name top-level elements of {type}, separated by commas.",
    "value",
)
SEARCH_TWICE = kind(
    "search.twice",
    "The parameter {name} is given more than once",
    "Give it once; it cannot have two values.",
    "value",
)
SEARCH_NAME = kind(
    "search.empty-name",
    "The query has a value without the name of a parameter",
    "Write name=value.",
    "structure",
)
SEARCH_TOO_LONG = kind(
    "search.too-long",
    "The query has more than {most} {what}",
    "Ask in several smaller questions.",
    "too-costly",
)
SEARCH_CURSOR = kind(
    "search.cursor",
    "The next-page link cannot be followed: it is too old, was changed, or belongs to somebody else's question",
    "Ask the question again from its first page.",
    "not-found",
    404,
)
SEARCH_FORGOTTEN = kind(
    "search.forgotten",
    "What earlier pages of this walk showed is not known any more: what was changed meanwhile may be there twice",
    "Ask the question again from its first page, or leave out what you have already.",
    "no-store",
    200,
    "warning",
)
SEARCH_INCLUDE = kind(
    "search.include",
    "{name} does not name references that can be followed: {asked}",
    "Write it as Type:parameter, Type:parameter:Target or *; here it can follow: {supported}.",
    "not-supported",
)
SEARCH_INCLUDE_ELSEWHERE = kind(
    "search.include-elsewhere",
    "{name}={asked} does not touch what is searched for, which is {types}",
    "Write {name}:iterate={asked} to follow it from resources that come along themselves.",
    "not-supported",
)
SEARCH_INCLUDE_TEXT = kind(
    "search.include-text",
    "_include and _revinclude do not go together with _summary=text",
    "Leave one of them out.",
    "not-supported",
)
SEARCH_INCLUDES_CUT = kind(
    "search.includes-cut",
    "More resources belong to this page than come along with it: {most} are shown",
    "Ask for fewer matches with _count, or follow fewer references.",
    "incomplete",
    200,
    "warning",
)
SEARCH_INCLUDES_WITHHELD = kind(
    "search.includes-withheld",
    "{asked} was not followed: the token does not give the right to see what it leads to",
    "Ask with a token that has the scope for that type.",
    "suppressed",
    200,
    "warning",
)
SEARCH_HAS = kind(
    "search.has",
    "_has is not written in its form, or names a type that R4 does not have",
    "Write _has:Type:reference:parameter=value, as in _has:Observation:patient:code=8302-2.",
    "value",
)
SEARCH_HAS_ELSEWHERE = kind(
    "search.has-elsewhere",
    "The parameter that _has names does not lead from {source} to {type}",
    "Use one of: {supported}.",
    "not-supported",
)
SEARCH_TYPES = kind(
    "search.types",
    "_type names a type that is not searched here: {name}",
    "Write types separated by commas, as in _type=Patient,Observation; /metadata lists those of this base.",
    "not-supported",
)
SEARCH_OLD_CURSOR = kind(
    "search.old-cursor",
    "The link to another page is too old to be followed",
    "Ask the question again from its first page.",
    "expired",
    410,
)
