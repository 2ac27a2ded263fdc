"""What a gateway notes about itself, and that it is held to it once there are records."""

from collections.abc import Callable

import pytest
from told import patient

from gateway.problems import Refused
from gateway.service.notes import BASE, SECRET, claim
from gateway.store.base import Store

FIRST = {SECRET: "aa", BASE: "https://one.example"}


def codes(store: Store, used: dict[str, str]) -> list[str]:
    try:
        claim(store, used)
    except Refused as refused:
        return [each.kind.code for each in refused.problems]
    return []


def test_a_note_is_kept_and_the_later_one_of_a_name_stands(open_store: Callable[[], Store]) -> None:
    store = open_store()
    assert store.notes() == {}

    with store.write() as work:
        work.note({"a": "1", "b": "é"})
    with store.write() as work:
        work.note({"a": "2"})

    assert open_store().notes() == {"a": "2", "b": "é"}


@pytest.mark.parametrize(
    ("used", "told"),
    [
        (FIRST, []),
        (FIRST | {SECRET: "bb"}, ["service.secret-differs"]),
        (FIRST | {SECRET: ""}, ["service.secret-differs"]),
        (FIRST | {BASE: "https://two.example"}, ["service.base-differs"]),
        ({SECRET: "bb", BASE: "https://two.example"}, ["service.secret-differs", "service.base-differs"]),
    ],
)
def test_a_store_with_records_stays_with_what_it_was_first_used_with(
    store: Store, used: dict[str, str], told: list[str]
) -> None:
    claim(store, FIRST)
    with store.write() as work:
        work.put([patient("p1")])

    assert codes(store, used) == told
    assert store.notes() == FIRST


def test_a_store_without_records_takes_another_base_and_secret(store: Store) -> None:
    claim(store, FIRST)
    claim(store, {SECRET: "bb", BASE: "https://two.example"})

    assert store.notes() == {SECRET: "bb", BASE: "https://two.example"}


def test_a_store_from_before_notes_is_held_to_its_next_use(store: Store) -> None:
    with store.write() as work:
        work.put([patient("p1")])

    assert codes(store, FIRST) == []
    assert codes(store, FIRST | {SECRET: "bb"}) == ["service.secret-differs"]
