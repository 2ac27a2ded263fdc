from gateway.problems import problem
from gateway.problems.security import SCOPE_MISSING, TOKEN_EXPIRED, TOKEN_MISSING
from gateway.security.challenge import challenge, challenged


def test_a_request_without_a_token_is_only_told_how_to_ask() -> None:
    assert challenge(problem(TOKEN_MISSING)) == 'Bearer realm="fhirgate"'


def test_a_refused_token_is_told_why() -> None:
    assert challenge(problem(TOKEN_EXPIRED)) == (
        'Bearer realm="fhirgate", error="invalid_token", error_description="The access token has ended"'
    )


def test_a_missing_scope_is_named() -> None:
    missing = problem(SCOPE_MISSING, interaction="read", type="Patient", scope="system/Patient.r")

    assert challenge(missing) == (
        'Bearer realm="fhirgate", error="insufficient_scope", '
        'error_description="The client may not do this: read on Patient", scope="system/Patient.r"'
    )


def test_nothing_in_a_challenge_can_end_its_header() -> None:
    missing = problem(SCOPE_MISSING, interaction='a"b\\c\r\nX-Evil: é', type="T", scope='system/"\r\n')

    for char in "\r\n\\é":
        assert char not in challenge(missing)
    assert challenge(missing).count('"') == 8


def test_a_challenged_problem_keeps_what_it_had() -> None:
    missing = problem(SCOPE_MISSING, interaction="read", type="Patient", scope="system/Patient.r")

    with_header = challenged(missing)

    assert with_header.says == missing.says and with_header.details["challenge"] == challenge(missing)
