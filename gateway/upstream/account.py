"""What each upstream did, as problems for one OperationOutcome: no answer leaves a source unmentioned."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from gateway.problems import Problem, Refused
from gateway.problems.upstream import UPSTREAM_ANSWERED, UPSTREAM_DUPLICATES
from gateway.upstream.question import Told, note


def account(told: Sequence[Told], duplicates: Mapping[str, int] | None = None) -> list[Problem]:
    """One line or more for each upstream: asked, answered, how many, or why not.

    Args:
        told: what the upstreams told.
        duplicates: `Merged.duplicates`, if they were merged.
    """
    lines: list[Problem] = []
    for each in told:
        if each.asked and each.answered and not _explained(each):
            count = len(each.rows) if each.total is None else each.total
            at_least = "at least " if each.total is None and each.more else ""
            lines.append(
                note(each.upstream, UPSTREAM_ANSWERED, ms=each.elapsed_ms, count=f"{at_least}{count}")
            )
        lines += each.problems
        twice = (duplicates or {}).get(each.upstream.name, 0)
        if twice:
            lines.append(note(each.upstream, UPSTREAM_DUPLICATES, count=twice))
    return lines


def gaps(lines: Iterable[Problem]) -> list[Problem]:
    """The lines that say that something may be missing."""
    return [line for line in lines if line.kind.severity != "information"]


def strict(lines: Sequence[Problem]) -> Refused | None:
    """What `Prefer: handling=strict` makes of an account with gaps: all of it as an error, else None.

    Its status is 504 when time was all that lacked, 503 when every gap is a server that wants to be left
    alone for now, else 502.
    """
    found = gaps(lines)
    if not found:
        return None
    statuses = {line.kind.status for line in found}
    status = statuses.pop() if len(statuses) == 1 else 502
    errors = [replace(line, kind=replace(line.kind, severity="error", status=status)) for line in found]
    return Refused(*errors, *(line for line in lines if line not in found))


def _explained(told: Told) -> bool:
    """Whether its problems already say that it answered (it knows no such Patient)."""
    return any(problem.kind.severity == "information" for problem in told.problems)
