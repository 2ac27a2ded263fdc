from typing import Any

import pytest

from gateway.identity.renewal import Renewal, renewal

NHS = "https://fhir.nhs.uk/Id/nhs-number"
ONE, TWO = "9990123012", "9990123020"


def of(family: str, *numbers: str, old: str = "", before: str = "") -> dict[str, Any]:
    identifiers = [{"system": NHS, "value": number} for number in numbers]
    identifiers += [{"system": NHS, "value": old, "use": "old"}] if old else []
    names = [{"family": family, "given": ["Nia"]}] + ([{"family": before, "use": "old"}] if before else [])
    return {"resourceType": "Patient", "identifier": identifiers, "name": names}


@pytest.mark.parametrize(
    ("before", "told", "expected"),
    [
        pytest.param(
            of("Hill", ONE), of("Field", TWO), Renewal.DROPPED, id="another number, the old dropped"
        ),
        pytest.param(
            of("Hill", ONE), of("Field", TWO, before="Hill"), Renewal.DROPPED, id="a former name is no bridge"
        ),
        pytest.param(of("Hill", ONE), of("Field", TWO, old=ONE), Renewal.KEPT, id="the old kept as a former"),
        pytest.param(of("Hill", ONE), of("HILL", TWO), Renewal.NONE, id="the surname is the same"),
        pytest.param(of("Hill", ONE), of("Field", ONE), Renewal.NONE, id="the number is the same"),
        pytest.param(of("Hill", ONE), of("Field", ONE, TWO), Renewal.NONE, id="both numbers"),
        pytest.param(of("Hill"), of("Field", TWO), Renewal.NONE, id="the first number"),
        pytest.param(of("Hill", ONE), of("Field"), Renewal.NONE, id="no number any more"),
        pytest.param(
            of("Hill", "9990123011"), of("Field", TWO), Renewal.NONE, id="the old one was no number"
        ),
        pytest.param(of("", ONE), of("Field", TWO), Renewal.NONE, id="the first name"),
    ],
)
def test_a_new_identity_has_another_number_and_another_surname(
    before: dict[str, Any], told: dict[str, Any], expected: Renewal
) -> None:
    assert renewal(before, told) is expected
