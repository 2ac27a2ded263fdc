"""Every problem of the catalogue is met in some test."""

import importlib.util
from pathlib import Path

_spec = importlib.util.spec_from_file_location("raised", Path(__file__).with_name("raised.py"))
assert _spec and _spec.loader
raised = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(raised)


def test_every_problem_is_mentioned_in_a_test() -> None:
    assert raised.unmentioned() == []
