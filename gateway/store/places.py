"""Nobody is found by where they live if that must not be told: restricted children, on `ASK`.

Their Patients are composed and indexed without places; this is for whatever else is about them and says one.
"""

from dataclasses import replace

from gateway.fhir import facts
from gateway.fhir.query import Criterion, Target
from gateway.store.numbers import REC_BITS, REC_MOST
from gateway.store.view import Clause, Sql, View, exists

_TYPES = frozenset({"RelatedPerson", "Person"})
_PARAMS = frozenset(
    (
        *("address", "address-city", "address-country", "address-postalcode", "address-state"),
        *("address-use", "email", "phone", "telecom"),
    )
)
_WHERE = frozenset({"Organization", "Location", "HealthcareService"})
_COUNCIL = "/Id/dfe-la-code"
_CONFIDENTIALITY = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"


def tells(view: View, param: str) -> bool:
    """Whether a parameter of the view's type leads to where a child lives."""
    return view.feed is None and view.type in _TYPES and param in _PARAMS


def leads(view: View, criterion: Criterion) -> bool:
    """Whether a criterion asks for what is done at a place, or by who is at one: a school, a ward."""
    if view.feed is not None or criterion.kind != "reference":
        return False
    known = facts.parameters(view.type).get(criterion.param)
    if known is None or _WHERE.isdisjoint(known.targets):
        return False
    asked = [value.value for value in criterion.values if isinstance(value.value, Target)]
    if criterion.modifier == "identifier":
        return not all(each.system.endswith(_COUNCIL) for each in asked)
    return any(each.to.partition("/")[0] in _WHERE for each in asked)


def told(view: View, found: Clause) -> Clause:
    """The condition, of those resources alone that are about a child of whom a place may be told."""
    shut, values = restricted(view)
    members = tuple(
        (f"SELECT u.rid FROM ({text}) u WHERE NOT {shut.replace('{r}', 'u')}", (*args, *values))
        for text, args in found.members
    )
    test, args = found.test
    return replace(found, members=members, test=(f"({test} AND NOT {shut})", (*args, *values)))


def restricted(view: View) -> Sql:
    """The test that the resource `{r}` is about a restricted child."""
    security = view.numbers.param(view.connection, view.numbers.type(view.connection, "Patient"), "_security")
    labels = view.dialect.within.format("SELECT ps.slot FROM slot ps WHERE ps.param = ? AND ps.system = ?")
    where = (
        f"pc.rec = (({{r}}.rid >> {REC_BITS}) & {REC_MOST}) AND px.rid = (pc.child << {REC_BITS})"
        f" AND px.slot {labels} AND px.code IN ('R', 'V')"
    )
    return exists(view, "record pc CROSS JOIN token px", where, security, _CONFIDENTIALITY)
