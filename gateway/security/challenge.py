"""The `WWW-Authenticate` header of a refusal, in the words of OAuth."""

from dataclasses import replace

from gateway.problems import Problem
from gateway.problems.security import TOKEN_MISSING

_REALM = 'Bearer realm="fhirgate"'


def challenge(problem: Problem) -> str:
    """Return the header's value for a 401 or 403.

    Source:
        RFC 6750, section 3.
    """
    if problem.kind is TOKEN_MISSING:
        return _REALM
    error = "invalid_token" if problem.kind.status == 401 else "insufficient_scope"
    parts = [_REALM, f'error="{error}"', f'error_description="{_quotable(problem.says)}"']
    if scope := problem.details.get("scope"):
        parts.append(f'scope="{_quotable(str(scope))}"')
    return ", ".join(parts)


def challenged(problem: Problem) -> Problem:
    """Return the problem with its challenge among its details."""
    return replace(problem, details={**problem.details, "challenge": challenge(problem)})


def _quotable(words: str) -> str:
    return "".join(char for char in words if " " <= char <= "~" and char not in '"\\')
