"""Many records joined at once, in two processes: as good as one after the other, and nearly the same."""

from functools import partial
from pathlib import Path

import pytest

pytest.importorskip("duckdb")

from gateway.batch.first import joined
from gateway.identity.grade import Matcher
from gateway.identity.model import shipped
from gateway.testing.measuring import cluster, judged
from gateway.testing.tables import read_table, write_tables

CHILDREN = 2_500


def test_a_first_link_joins_what_real_time_joins(tmp_path: Path) -> None:
    parts, truths = write_tables(tmp_path, CHILDREN, 77)
    persons = [who for part in range(parts) for _, who in read_table(tmp_path, part)]

    found = joined(partial(read_table, tmp_path), parts, shipped(), CHILDREN, str(tmp_path))

    by_child: dict[int, list[int]] = {}
    for place in range(len(truths)):
        by_child.setdefault(found.get(place, place), []).append(place)
    at_once = judged(truths, by_child.values(), 0.0)
    slowly = cluster(Matcher.of(shipped()), list(zip(truths, persons, strict=True)), registered=CHILDREN)
    one_by_one = judged(truths, slowly.values(), 0.0)
    assert at_once.precision >= 0.999 and at_once.mixed <= 1
    assert at_once.recall == pytest.approx(one_by_one.recall, abs=0.002), "the order is another one"
    together = {tuple(sorted(places)) for places in by_child.values()}
    same = sum(tuple(sorted(places)) in together for places in slowly.values())
    assert same > 0.995 * len(together)


def test_the_table_says_what_offices_say(tmp_path: Path) -> None:
    parts, truths = write_tables(tmp_path, 200, 5)

    rows = [row for part in range(parts) for row in read_table(tmp_path, part)]

    assert [place for place, _ in rows] == list(range(len(truths)))
    assert all(who.names and who.birth_dates for _, who in rows)
