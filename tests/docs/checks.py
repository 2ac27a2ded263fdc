"""The project's REST checklist: what each check asks, and where it stands.

A check is passed when a test in tests/conformance/ begins with its id (`test_H1_...`). What is refused on
purpose, in whole or in part, has its reason here; what is left has one too, and there should be none.
"""

import re
from collections.abc import Iterator
from pathlib import Path

CONFORMANCE = Path(__file__).parents[1] / "conformance"
_NAME = re.compile(r"^def test_((?:[A-Z]{1,2}\d+_)+)", re.M)

CHECKS = {
    "HTTP": {
        "H1": "A type that R4 does not have is 404; `patient` is not `Patient`",
        "H2": "A verb that the address does not take is 405, with `Allow`",
        "H3": "`Accept` chooses the format, in any of its six names; 406 where none fits",
        "H4": "`_format` is stronger than `Accept`; a format nobody has is 406",
        "H5": "A body without a type, or of a type that is not read, is 415",
        "H6": "`fhirVersion=4.0` is taken; another version is 406 or 415",
        "H7": "Answers are UTF-8 and say so; a byte order mark before a body does no harm",
        "H8": "`_pretty` changes white space and nothing else",
        "H9": "Doubled keys, unknown or empty elements, nulls and wrong JSON types are 400 with their place",
        "H10": "A decimal comes back with the digits it was sent with, through every format",
        "H11": "Control characters: JSON keeps what FHIR allows, XML has a rule for what it cannot say",
        "H12": "`ETag`, `Last-Modified` and, where something was created, an absolute `Location`",
        "H13": "`X-Request-ID` is echoed or made; `X-Correlation-ID` is only echoed",
        "H14": "Forwarding headers change links only when a trusted proxy sends them",
        "H15": "`Prefer: return=` minimal, representation or OperationOutcome",
        "H16": "`Prefer: handling=` strict or lenient, for searches and `$everything`",
        "H17": "`Prefer: respond-async` is passed over where nothing is done in the background",
        "H18": "HEAD is GET without its body",
        "H19": "OPTIONS, and the questions that a browser asks before a request",
        "H20": "Nothing about a child may be kept by a cache",
        "H21": "Answers are compressed when asked; a compressed body is limited by what it unfolds to",
        "H22": "What is too large is 413 or 414; too many parameters are 400",
        "H23": "Every 4xx and 5xx has an OperationOutcome, in the format that was asked for",
        "H24": "No refusal tells a stack, SQL, an address behind us or another child's values",
        "H25": "Percent-encoding means the same in an address and in a form",
    },
    "One resource": {
        "I1": "A read has id, version and date, and the ETag is the version",
        "I2": "An id nobody used is 404, a deleted one 410",
        "I3": "Ids have 1 to 64 of the signs R4 allows; capitals count",
        "I4": "A read may be shortened with `_summary` and `_elements`, and is marked SUBSETTED",
        "I5": "A version that the caller has is 304",
        "I6": "Each version can be read; one nobody made is 404, that of a deletion 410",
        "I7": "An update makes a version; the same content again makes none",
        "I8": "The id in the body is that of the address",
        "I9": "A sent version and date are passed over; what else is in `meta` is kept as documented",
        "I10": "An update of an id that is free creates it, where the base says so",
        "I11": "`If-Match` of a version that no longer stands is 412",
        "I12": "`If-None-Match: *` creates, and never replaces",
        "I13": "What cannot be read is 400; what breaks a rule is 422",
        "I14": "A create gives a new id whatever the body says",
        "I15": "JSON Patch, XML Patch and FHIRPath Patch; another patch is 415",
        "I16": "A patch whose test does not hold, or whose result breaks a rule, is 422; the id stays",
        "I17": "Deleting is 204 as often as it is asked; then 410, not found, and in the history",
        "I18": "What may not be deleted is 409, where it is never deleted 405",
        "I19": "History of a resource, a type and a base: newest first, with request and response",
        "I20": "History by `_count`, `_since`, `_at`; its pages hold still while others write",
        "I21": "A deleted resource has a history; an id nobody used has none",
        "I22": "Narrative that could act in a browser does not come back",
    },
    "Conditional": {
        "K1": "`If-None-Exist`: none creates, one is 200 and writes nothing, several are 412",
        "K2": "`PUT [type]?…`: creates, updates, or says why it can do neither",
        "K3": "`PATCH [type]?…`: none is 404, several are 412",
        "K4": "`DELETE [type]?…`: none, one, or several, as the base says of itself",
        "K5": "Fifty equal conditional creates at once make one resource",
        "K6": "A condition that is not understood matches nothing and is refused",
        "K7": "Whether there is one already is judged over everything, seen by the caller or not",
    },
    "Batch and transaction": {
        "B1": "The entries of a batch stand alone, and are answered in their order",
        "B2": "A transaction happens whole or leaves everything as it was",
        "B3": "Deletions go before creations, these before updates, reads come last",
        "B4": "References between entries lead to the ids that were given, in narrative too",
        "B5": "A reference by search leads to exactly one resource",
        "B6": "A resource named twice in a transaction is refused",
        "B7": "An entry's conditions count as the headers do",
        "B8": "Reads and searches among the entries, each with the caller's own rights",
        "B9": "A Bundle of another kind, or none at all, is 400",
        "B10": "`Prefer: return=` counts for entries; there is a most of them",
        "B11": "What a limit stops in a batch is said for each entry that was not done",
    },
    "Search": {
        "S1": "GET, POST with a form, and both at once",
        "S2": "Compartments: `Patient/[id]/[type]` and `Patient/[id]/*`",
        "S3": "A search over types with `_type` and the parameters that all types have",
        "S4": "Nothing found is 200 with a total of 0",
        "S5": "`self` tells what was used, and can be asked again",
        "S6": "A parameter or modifier that is not known is refused; lenient: left out and named",
        "S7": "A value that cannot be read is 400, in a chain as well",
        "S8": "A parameter without a value is passed over",
        "S9": "A code or id that nothing has is an empty answer",
        "S10": "Entries have absolute addresses and say what they are; outcomes are not counted",
        "S11": "A repeated parameter narrows, a comma widens",
        "S12": "`\\,` `\\$` `\\|` and `\\\\` stand for the sign itself",
        "S13": "Only what stands now is found",
        "S14": "Capitals count in the names of parameters",
        "S15": "A parameter over several elements finds what any of them holds",
        "S16": "`:missing` on each type of parameter",
        "S17": "The same question has the same order, documented, with ties broken",
        "S18": "`patient=x`, `subject=Patient/x`, the compartment and the own absolute address agree",
    },
    "Traps of Patient": {
        "PA1": "`deceased` of a date, of nothing, and of a deleted Patient",
        "PA2": "`phonetic` says how it hears, or is refused",
        "PA3": "A number with spaces is found without them",
        "PA4": "A postcode is found however it is spaced",
        "PA5": "Apostrophes, hyphens, letters of other alphabets and double given names",
        "PA6": "A birth date by month, and between two days",
        "PA7": "Former and temporary names and numbers are found, and still marked as such",
    },
    "Traps of Observation": {
        "OB1": "`code` is the observation's own; `combo-code` is that of its components too",
        "OB2": "`value-string` looks at the text of a coded value too",
        "OB3": "`value-quantity` looks at sampled data, and at values given as less or more than",
        "OB4": "A composite is met by one component, not by two together",
        "OB5": "`focus` and a Patient as performer do not make it that Patient's",
        "OB6": "`date` of periods and timings by overlap; none is found only as missing",
        "OB7": "What was entered in error is found, unless the question says otherwise",
    },
    "Shape of the answer": {
        "Q1": "`_sort` by several keys, both ways, with a place for what has no value",
        "Q2": "`_count` limits matches; 0 counts; below 0 is refused",
        "Q3": "A walk over the pages meets each match once, whatever is written meanwhile",
        "Q4": "`_total`, and never more than the caller may see",
        "Q5": "`_summary` in its five forms, marked SUBSETTED",
        "Q6": "`_elements` keeps what must be there; an unknown element is refused",
        "Q7": "`_include`, its wildcard and iterations, without doubles and outside the count",
        "Q8": "`_revinclude`, the same",
        "Q9": "Chains, by type, nested, with alternatives at the end",
        "Q10": "`_has`, nested too",
        "Q11": "A chain over the wrong type or an unknown parameter is refused",
        "Q12": "`_contained`, `_list`, `_text`, `_content`, `_filter`, `_query`: done or refused",
        "Q13": "`_id`, alone and with others",
        "Q14": "`_lastUpdated` by the rules of dates, losing nothing between two halves",
        "Q15": "`_tag`, `_security`, `_profile`, `_source`",
    },
    "Operations": {
        "O1": "`$everything` of a child: types, dates, pages; an id nobody used is 404",
        "O2": "`$everything` never brings in another child",
        "O3": "`$validate` of a type and of a resource, by profile and by mode: 200 whatever it finds",
        "O4": "`$match`: graded candidates, and nobody is found by trying numbers",
        "O5": "`$lastn`: the newest of each code, with ties",
        "O7": "`$meta`, `$meta-add`, `$meta-delete`",
        "O8": "An operation nobody has is 404, at the wrong level 405, by GET only where it changes nothing",
    },
    "What a base says of itself": {
        "M1": "Anybody may read what a base can do, with types, parameters and operations",
        "M2": "`metadata` by mode and element, and 304",
        "M3": "What is said works, and what works is said",
        "M4": "`.well-known/smart-configuration`",
    },
}

REFUSED: dict[str, str] = {
    "PA2": "R4 leaves open how names sound, and two servers that hear differently find different children",
}
"""Checks that are not met on purpose: what is answered instead, and why."""

IN_PART: dict[str, str] = {
    "B11": "there is no limit of requests; what does not get its turn to write is 503 and not tried again",
    "I18": "no deletion is held back: a reference to what is not there is taken, whichever comes first",
    "M4": "only what the settings say of an issuer is told; how it wants to be asked is its own to tell",
    "Q3": "`previous` and `last` are not given: while others write, nobody can say where these pages are",
    "Q12": "`_list` of kept Lists is done; `_text` and `_content` would find what is hidden, and are refused"
    " as `_contained`, `_filter`, `_query` and lists that are worked out (`$current-…`) are",
    "S3": "sorted only by `_id` and `_lastUpdated`, or as usual",
}
"""Checks that are met but for a part, which is refused on purpose."""

LEFT: dict[str, str] = {}
"""Checks nobody has come to yet, and what is missing."""


def tested() -> frozenset[str]:
    """The ids that a conformance test begins with."""
    found: set[str] = set()
    for file in CONFORMANCE.glob("test_*.py"):
        for ids in _NAME.findall(file.read_text("utf-8")):
            found.update(ids.rstrip("_").split("_"))
    return frozenset(found)


def rows() -> Iterator[tuple[str, str, str, str]]:
    """Each check: its id, what it asks, its state, and what is to be said about that."""
    met = tested()
    for checks in CHECKS.values():
        for id, asks in checks.items():
            if id in REFUSED:
                yield id, asks, "refused on purpose", REFUSED[id]
            elif id in met:
                yield id, asks, "passed", IN_PART.get(id, "")
            else:
                yield id, asks, "left", LEFT.get(id, "")
