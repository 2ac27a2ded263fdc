"""What a resource can be found by: the values of all its search parameters, its clinical time, its patient.

For each resource type one function is made, on first need, that walks a resource once.
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from gateway.fhir import facts
from gateway.fhir.composites import pairs
from gateway.fhir.expression import parse
from gateway.fhir.parameters import SHELF
from gateway.fhir.parameters.tokens import PHRASES, TYPED
from gateway.fhir.path_code import Child, Path, Sink, walk_function
from gateway.fhir.paths import PathReader
from gateway.fhir.query import FOREVER, Entry, Span, Target

Resource = dict[str, Any]

EDITION = "2"
"""The form of what `entries` gives; a store that was filled in another one must be indexed anew."""

OLDER = {"1": frozenset({"composite", ":text", ":of-type", "_source"})}
"""What cannot be searched for while a store is in an older form."""

#: What is taken of elements, for each search type: by itself, and for modifiers that look at something else.
_TAKEN = {kind: {"": each.entries} for kind, each in SHELF.items() if each.entries}
_TAKEN["token"] |= {"text": PHRASES, "of-type": TYPED}
_Walk = Callable[[Resource, Callable[[Entry], None]], None]

#: The store has the first two as columns of its own. `phonetic` is not searched by: R4 leaves open how names
#: sound, and a question that two servers hear differently finds different children.
UNSOUND = frozenset({"phonetic"})
_NOT_HERE = frozenset({"_id", "_lastUpdated"}) | UNSOUND

#: Parameters that say when something was so, the best first; a record of the act of writing comes last.
_CLINICAL = (
    *("date", "effective", "effective-time", "onset-date", "onset", "occurrence", "event-date", "started"),
    *("collected", "start-date", "start", "sent", "received", "period", "whenhandedover", "whenprepared"),
    *("datewritten", "datetime", "identified", "when", "authored", "authoredon", "authored-on", "created"),
    *("issued", "recorded", "recorded-date", "entered-date", "timestamp"),
)

#: Parameters that name whom a resource is about; those who performed, wrote or received it are not.
_ABOUT = ("patient", "subject", "beneficiary", "individual", "actor")


class Elements(NamedTuple):
    """What a parameter looks at: the data types it may meet, and the value sets its codes must come from."""

    types: frozenset[str]
    value_sets: frozenset[str]


def entries(resource: Resource, resource_type: str) -> list[Entry]:
    """Every index value of a resource, each once; `_id` and `_lastUpdated` are left to the store.

    Args:
        resource: valid R4, as `gateway.fhir.json` reads it (decimals may keep their text).
        resource_type: its type.
    """
    found: list[Entry] = []
    _walk(resource_type, indexed_codes(resource_type))(resource, found.append)
    found += pairs(resource, resource_type)
    return list(dict.fromkeys(found))


@facts.remembered
def indexed_codes(resource_type: str) -> tuple[str, ...]:
    """The parameters of a type that `entries` gives values for."""
    return tuple(
        code
        for code, parameter in facts.parameters(resource_type).items()
        if parameter.type in _TAKEN
        and parameter.expression
        and code not in _NOT_HERE
        and code not in aliases(resource_type)
    )


@facts.remembered
def aliases(resource_type: str) -> Mapping[str, tuple[str, ...]]:
    """The parameters that look just where others together do, with these: they have no values of their own.

    `combo-code` finds what `code` and `component-code` find.
    """
    reader = PathReader(resource_type)
    # R4's own among each other: another one may not be indexed for all that is here
    looks = {
        code: (parameter.type, frozenset(_paths(reader, parameter.expression)))
        for code, parameter in facts.parameters(resource_type).items()
        if parameter.type in _TAKEN
        and parameter.type != "reference"
        and code not in _NOT_HERE
        and parameter.definition.startswith(facts.PARAMETER_URL)
    }
    found: dict[str, tuple[str, ...]] = {}
    for code, (kind, paths) in sorted(looks.items(), key=lambda each: len(each[1][1])):
        parts = [
            other
            for other, (its_kind, its_paths) in looks.items()
            if its_kind == kind and its_paths and its_paths < paths and other not in found
        ]
        if parts and frozenset().union(*(looks[each][1] for each in parts)) == paths:
            found[code] = tuple(parts)
    return found


def clinical_time(resource: Resource, resource_type: str) -> Span | None:
    """When what the resource tells was so: of its best date the latest value; None if it has no such date."""
    if resource_type == "Patient":
        return None
    for code in _clinical_codes(resource_type):
        found: list[Entry] = []
        _walk(resource_type, (code,))(resource, found.append)
        spans = [entry.value for entry in found if isinstance(entry.value, Span)]
        if spans:
            return max(spans)
    return None


def moment(resource: Resource, resource_type: str) -> int | None:
    """The moment a resource is ordered by, in milliseconds since 1970; None where it has no clinical time.

    The first of its clinical time, or of one that has no beginning the last.
    """
    time = clinical_time(resource, resource_type)
    if time is None:
        return None
    return time.low if time.low > FOREVER.low else time.high


@facts.remembered
def ordered_by(resource_type: str) -> str:
    """The parameter whose value is the clinical time, if a resource has one of it at most; "" if none is."""
    code = next(iter(_clinical_codes(resource_type)), "")
    if not code or resource_type == "Patient":
        return ""
    paths = _paths(PathReader(resource_type), facts.parameters(resource_type)[code].expression)
    names = set[str]()
    for path in paths:
        only = path.steps[0]
        if len(path.steps) != 1 or not isinstance(only, Child) or only.many:
            return ""
        # one element of several types, of which a resource has one
        names.add(only.key.removesuffix(f"{path.type[:1].upper()}{path.type[1:]}"))
    return code if len(names) == 1 else ""


@facts.remembered
def sorted_by_moment(resource_type: str) -> str:
    """The parameter that sorts by the clinical time: `ordered_by`, where no other stands in; or ""."""
    return ordered_by(resource_type) if len(_clinical_codes(resource_type)) == 1 else ""


@facts.remembered
def clinical_elements(resource_type: str) -> tuple[str, ...]:
    """The elements of a type that `clinical_time` looks at."""
    reader = PathReader(resource_type)
    paths = [
        path
        for code in _clinical_codes(resource_type)
        for path in _paths(reader, facts.parameters(resource_type)[code].expression)
    ]
    firsts = (next((step.key for step in path.steps if isinstance(step, Child)), "") for path in paths)
    return tuple(dict.fromkeys(name for name in firsts if name))


def compartment_reference(resource: Resource, resource_type: str) -> str | None:
    """The local reference ("Patient/id") of the patient a resource is about; None if it is about none.

    For a Patient its own. Whoever performed, wrote, received or is in the focus of it does not count.

    Source: https://hl7.org/fhir/R4/compartmentdefinition-patient.html, narrowed to what a resource is about.
    """
    if resource_type == "Patient":
        return f"Patient/{resource['id']}" if "id" in resource else None
    for code in about_codes(resource_type):
        found: list[Entry] = []
        _walk(resource_type, (code,))(resource, found.append)
        for entry in found:
            if isinstance(entry.value, Target) and entry.value.to.startswith("Patient/"):
                return entry.value.to
    return None


@facts.remembered
def elements(resource_type: str, code: str) -> Elements:
    """What the parameter `code` of a type looks at."""
    paths = _paths(PathReader(resource_type), facts.parameters(resource_type)[code].expression)
    return Elements(
        frozenset(path.type for path in paths),
        frozenset(path.value_set for path in paths if path.value_set),
    )


@facts.remembered
def _walk(resource_type: str, codes: tuple[str, ...]) -> _Walk:
    reader = PathReader(resource_type)
    sinks = []
    for code in codes:
        parameter = facts.parameters(resource_type)[code]
        paths = _paths(reader, parameter.expression)
        for modifier, takes in _TAKEN[parameter.type].items():
            name = f"{code}:{modifier}" if modifier else code
            sinks += [
                Sink(path, takes[path.type], name) for path in paths if not modifier or path.type in takes
            ]
    return walk_function(sinks, reader.tests, Entry)


@facts.remembered
def _clinical_codes(resource_type: str) -> tuple[str, ...]:
    own = facts.parameters(resource_type)
    return tuple(code for code in _CLINICAL if code in own and own[code].type == "date")


@facts.remembered
def about_codes(resource_type: str) -> tuple[str, ...]:
    """The parameters that name the Patient a resource of the type is about, the best first."""
    compartment, own = facts.compartment(resource_type), facts.parameters(resource_type)
    if not compartment:
        return ()
    return tuple(code for code in _ABOUT if code in compartment or (code == "patient" and code in own))


def _paths(reader: PathReader, expression: str) -> tuple[Path, ...]:
    return reader.paths(parse(expression)) if expression else ()
