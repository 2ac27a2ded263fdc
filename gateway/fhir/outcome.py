"""Problems in FHIR's own words: an OperationOutcome that says what happened, where, and what to do.

Source: HL7 FHIR R4 OperationOutcome, https://hl7.org/fhir/R4/operationoutcome.html
"""

from collections.abc import Iterable
from typing import Any

from gateway.problems import Problem

#: The last part of the code system that names fhirgate's kinds of problem.
PROBLEM_SYSTEM = "CodeSystem/gateway-problem"


def outcome(problems: Iterable[Problem], base: str) -> dict[str, Any]:
    """Return the OperationOutcome of some problems; of none, that nothing was found wrong.

    What a child's record said (`Problem.value`) is never in it.

    Args:
        problems: in the order in which they are to be read.
        base: the base uri of fhirgate's own code systems, without a slash at its end.
    """
    issues = [_issue(problem, base) for problem in problems]
    return {"resourceType": "OperationOutcome", "issue": issues or [_nothing_wrong()]}


def _issue(problem: Problem, base: str) -> dict[str, Any]:
    kind = problem.kind
    issue: dict[str, Any] = {
        "severity": kind.severity,
        "code": kind.fhir,
        "details": {
            "coding": [{"system": f"{base}/{PROBLEM_SYSTEM}", "code": kind.code}],
            "text": problem.says,
        },
    }
    if problem.fix:
        issue["diagnostics"] = problem.fix
    if line := _line(problem):
        issue["location"] = [line]
    if path := _path(problem):
        issue["expression"] = [path]
    return issue


def _path(problem: Problem) -> str:
    """A path inside the resource, or the header or parameter of the request as FHIR writes it."""
    if problem.place.path or not problem.field:
        return problem.place.path
    asked = problem.kind.code.partition(".")[0] in ("http", "search")
    return f"http.{problem.field}" if asked else ""


def _line(problem: Problem) -> str:
    place = problem.place
    if not place.line:
        return ""
    column = f", column {place.column}" if place.column else ""
    return f"line {place.line}{column}"


def _nothing_wrong() -> dict[str, Any]:
    return {
        "severity": "information",
        "code": "informational",
        "details": {"text": "No problem was found"},
    }
