import json

from gateway.fhir.outcome import outcome
from gateway.problems import Place, problem
from gateway.problems.http import HTTP_ETAG
from gateway.problems.json import JSON_SYNTAX
from gateway.problems.resource import RESOURCE_CODE, RESOURCE_MORE

BASE = "https://gateway.example"


def test_a_problem_becomes_an_issue_that_says_what_where_and_what_to_do() -> None:
    found = problem(
        RESOURCE_CODE, place=Place(path="Patient.gender"), name="gender", listed="male, female", meant=""
    )

    assert outcome([found], BASE) == {
        "resourceType": "OperationOutcome",
        "issue": [
            {
                "severity": "error",
                "code": "code-invalid",
                "details": {
                    "coding": [
                        {
                            "system": "https://gateway.example/CodeSystem/gateway-problem",
                            "code": "resource.code",
                        }
                    ],
                    "text": "gender has a code that R4 does not list for it",
                },
                "diagnostics": "Use one of male, female.",
                "expression": ["Patient.gender"],
            }
        ],
    }


def test_what_the_record_said_is_not_in_the_outcome() -> None:
    found = problem(RESOURCE_CODE, value="Canary Sunshine", name="gender", listed="male", meant="")

    assert "Canary" not in json.dumps(outcome([found], BASE))


def test_a_header_is_named_as_fhir_names_what_came_by_http() -> None:
    issue = outcome([problem(HTTP_ETAG, field="If-Match")], BASE)["issue"][0]

    assert issue["expression"] == ["http.If-Match"]
    assert issue["details"]["text"] == "The header If-Match does not hold a version that can be read"


def test_a_place_in_a_text_is_given_as_line_and_column() -> None:
    found = problem(JSON_SYNTAX, place=Place(line=3, column=7), reason="expecting value")

    assert outcome([found], BASE)["issue"][0]["location"] == ["line 3, column 7"]


def test_problems_keep_their_order_and_their_severity() -> None:
    made = outcome([problem(HTTP_ETAG), problem(RESOURCE_MORE, most=100)], BASE)

    assert [issue["severity"] for issue in made["issue"]] == ["error", "warning"]


def test_no_problem_is_said_in_one_issue() -> None:
    (issue,) = outcome([], BASE)["issue"]

    assert (issue["severity"], issue["code"]) == ("information", "informational")


def test_another_library_reads_the_outcome() -> None:
    from fhir.resources.R4B.operationoutcome import OperationOutcome

    found = [problem(HTTP_ETAG, field="If-Match"), problem(JSON_SYNTAX, place=Place(line=1), reason="x")]

    for problems in (found, []):
        assert OperationOutcome.model_validate(outcome(problems, BASE)).issue
