"""Several sources as one list."""

import json
import random

from gateway.upstream.merge import Cursor, Row, identifiers, mark, merge, order


def row(time: int | None, id_: str, source: str = "", *numbers: str) -> Row:
    return Row(time, id_, b"", source, numbers)


def ids(rows: tuple[Row, ...]) -> list[str]:
    return [each.id for each in rows]


def test_rows_stand_newest_first_then_by_id_and_those_without_a_time_last() -> None:
    own = [row(30, "b"), row(10, "a"), row(None, "a2")]
    hospital = [row(30, "a1", "h"), row(20, "z", "h"), row(None, "a0", "h")]

    merged = merge([own, hospital], 10)

    assert ids(merged.rows) == ["a1", "b", "z", "a", "a0", "a2"]
    assert not merged.more


def test_a_page_ends_at_its_limit_and_says_that_there_is_more() -> None:
    merged = merge([[row(3, "a"), row(2, "b"), row(1, "c")]], 2)

    assert (ids(merged.rows), merged.more) == (["a", "b"], True)


def test_the_same_id_from_one_source_twice_is_shown_once() -> None:
    merged = merge([[], [row(3, "a", "h"), row(3, "a", "h")]], 5)

    assert (ids(merged.rows), merged.duplicates) == (["a"], {"h": 1})


def test_one_thing_told_by_two_sources_is_shown_once_and_ours_stays() -> None:
    own = [row(3, "z", "", "Observation|lab|7")]
    hospital = [row(3, "a", "h", "Observation|lab|7"), row(3, "b", "h", "Observation|lab|8")]

    merged = merge([own, hospital], 5)

    assert (ids(merged.rows), merged.duplicates) == (["b", "z"], {"h": 1})


def test_an_identifier_that_one_source_gives_to_several_rows_hides_none_of_them() -> None:
    own = [row(3, "z", "", "Observation|order|7")]
    hospital = [row(3, "a", "h", "Observation|order|7"), row(3, "b", "h", "Observation|order|7")]

    assert len(merge([own, hospital], 5).rows) == 3


def test_one_identifier_at_two_times_is_two_things() -> None:
    own = [row(4, "z", "", "Observation|lab|7")]
    hospital = [row(3, "a", "h", "Observation|lab|7")]

    assert len(merge([own, hospital], 5).rows) == 2


def test_a_duplicate_on_the_next_page_is_still_known() -> None:
    own = [row(3, "a", "", "Observation|lab|7")]
    hospital = [row(3, "b", "h", "Observation|lab|7"), row(2, "c", "h")]
    first = merge([own, hospital[:1]], 1)

    second = merge([[], hospital], 1, first.seen)

    assert first.seen == (mark("Observation|lab|7"),)
    assert (ids(second.rows), second.duplicates) == (["c"], {"h": 1})


def test_marks_of_an_earlier_time_do_not_hide_later_rows() -> None:
    seen = (mark("Observation|lab|7"),)
    merged = merge([[row(5, "x"), row(3, "b", "", "Observation|lab|7")]], 5, seen)

    assert ids(merged.rows) == ["x", "b"]


def test_walking_page_by_page_is_the_same_as_sorting_everything() -> None:
    dice = random.Random(20260101)
    for _ in range(50):
        sources = [
            [
                row(dice.choice([None, *range(6)]), f"{dice.randrange(10**6):06d}-{name}-{n}", name)
                for n in range(20)
            ]
            for name in ("", "h", "m")
        ]
        for source in sources:
            source.sort(key=lambda each: order((each.time, each.id)))
        walked: list[Row] = []
        seen: tuple[str, ...] = ()
        while True:
            rest = [
                [
                    e
                    for e in s
                    if not walked or order((e.time, e.id)) > order((walked[-1].time, walked[-1].id))
                ]
                for s in sources
            ]
            merged = merge(rest, 7, seen)
            walked += merged.rows
            seen = merged.seen
            if not merged.more:
                break

        assert walked == sorted(
            (e for s in sources for e in s), key=lambda e: (e.time is None, -(e.time or 0), e.id)
        )


def test_business_identifiers_have_a_type_a_system_and_a_value() -> None:
    body = {
        "resourceType": "Observation",
        "identifier": [{"system": "lab", "value": "7"}, {"value": "8"}, {"system": "lab"}, "9"],
        "contained": [{"resourceType": "Device", "identifier": [{"system": "d", "value": "1"}]}],
    }

    assert identifiers(json.dumps(body).encode()) == ("Observation|lab|7",)
    assert identifiers(b'{"resourceType":"Observation"}') == ()
    assert identifiers(b'{"resourceType":"Observation","identifier":"7"}') == ()


def test_a_cursor_survives_being_written_as_json() -> None:
    cursor = Cursor((None, "a"), {"h": "?_getpages=1", "m": None}, ("x",))

    assert Cursor.unpacked(json.loads(json.dumps(cursor.packed()))) == cursor
