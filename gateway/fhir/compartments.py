"""The compartment of a Patient: what is about it, as one more criterion of a search.

R4 puts into it also what a Patient performed, wrote or is in the focus of. Such a resource is about somebody
else, and is not told of under the Patient's id.

Source: https://hl7.org/fhir/R4/compartmentdefinition-patient.html
"""

from dataclasses import replace

from gateway.fhir import facts
from gateway.fhir.index import about_codes
from gateway.fhir.query import Criterion, Query, Target, Value


@facts.remembered
def in_compartment(resource_type: str) -> bool:
    """Whether a resource of the type can be in a Patient's compartment."""
    return bool(about_codes(resource_type))


@facts.remembered
def compartment_types() -> tuple[str, ...]:
    """The types that can be in a Patient's compartment."""
    return tuple(each for each in facts.resource_types() if in_compartment(each))


def within(query: Query, patient: str) -> Query:
    """The question, asked only of what is about one Patient."""
    if query.each:
        return replace(query, each=tuple(within(each, patient) for each in query.each))
    code = about_codes(query.type)[0]
    target = Value(Target(f"Patient/{patient}", "", ""), text=f"Patient/{patient}")
    own = Criterion(code, "reference", "", (target,), text=f"{code}=Patient/{patient}")
    return replace(query, criteria=(own, *query.criteria))
