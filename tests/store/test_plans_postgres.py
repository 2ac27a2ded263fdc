"""PostgreSQL keeps a session's plans: those made while there is nothing must be right when there is much."""

from collections.abc import Callable
from typing import Any

import pytest
from test_plans import postgres_plan

from gateway.store import about, people, resources, search, writing
from gateway.store.opening import open_store

pytest.importorskip("psycopg")

from gateway.store.postgres.session import POSTGRES

_ANY = "= ANY(?)"


@pytest.mark.parametrize(
    ("sql", "args", "index"),
    [
        (writing._KNOWN, (1, 2, "a"), "resource_local"),
        (writing._KNOWN_OF.format(_ANY), (1, 2, ["a", "b"]), "resource_local"),
        (resources.HELD + resources.OF_FEED.format(_ANY), (1, 2, ["a", "b"]), "resource_local"),
        (search.ROW + resources.OF_FEED.format(_ANY), (1, 2, ["a", "b"]), "resource_local"),
        (f"{people._RECORD} WHERE c.rec {_ANY}", ([1, 2],), "record_pkey"),
        (f"{people._RECORD} WHERE c.child {_ANY}", ([1, 2],), "record_child"),
        (f"{people._CHILD} WHERE k.child {_ANY}", ([1, 2],), "child_pkey"),
        (people.patients_sql(POSTGRES, search.ROW, _ANY), ([1, 2],), "resource_pkey"),
        (people.patients_sql(POSTGRES, people._DIGEST, _ANY), ([1, 2],), "resource_pkey"),
        (people.fellows_sql(POSTGRES, _ANY), ([1, 2],), "record_child"),
        (search.READ_LOCAL, (1, 2, "a"), "resource_local"),
        (search.READ_PUBLIC, (2, "a"), "resource_public"),
        (search.READ_COMPOSED, (2, "a"), "resource_public"),
        (about.about_sql(POSTGRES)[0], ("a", 2, 3, 4), "resource_head"),
        (about.about_sql(POSTGRES)[2], ("a", 2, 3), "resource_head"),
        (writing._REC, (1, "a"), "record_feed_local_key"),
        ("DELETE FROM date WHERE rid + 0 = ?", (1,), "date_rid"),
    ],
)
def test_a_plan_made_while_there_is_nothing_is_right_later(
    postgres: Callable[[], str], sql: str, args: tuple[Any, ...], index: str
) -> None:
    store = open_store(postgres())
    with store.lend(steady=True) as session:
        used = [node["Index Name"] for node in postgres_plan(session, sql, args) if "Index Name" in node]
    store.close()

    assert index in used
    assert not [each for each in used if each.startswith("resource") and each not in (index, "resource_pkey")]
