"""What a problem says can be shown on any terminal and written as any JSON."""

import pytest

from gateway.problems import Place, problem, shown
from gateway.problems.source import MISSING_COLUMN, UNREADABLE


@pytest.mark.parametrize(
    "odd",
    ["\udcff", "\x1b[2J", "\x00", "\x9b", "\u202e", "\r"],
    ids=["half a pair", "escape", "zero", "C1", "turned", "return"],
)
def test_a_problem_never_says_what_no_terminal_can_show(odd: str) -> None:
    found = problem(MISSING_COLUMN, place=Place(file=f"a{odd}.csv", line=1), field=odd, columns=f"A{odd}B")

    for text in (found.says, found.fix, str(found), str(found.place), found.field):
        assert odd not in text
        text.encode()
    assert "A\ufffd" in found.says


def test_names_and_lines_stay_as_they_are() -> None:
    assert shown("Zoë, 李\n\tnext") == "Zoë, 李\n\tnext"
    assert problem(UNREADABLE, reason="ſtraße").says.endswith("ſtraße")
