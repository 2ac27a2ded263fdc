import re
from itertools import product

from gateway.mapping import Ids


def test_an_id_is_one_that_fhir_allows() -> None:
    made = Ids(b"secret", "feed")("Patient", "Zoë \ud800 x")

    assert re.fullmatch(r"[A-Za-z0-9\-.]{26,64}", made)


def test_an_id_follows_from_secret_feed_rule_and_keys() -> None:
    made = {
        Ids(secret, feed)(rule, key)
        for secret, feed, rule, key in product((b"a", b"b"), ("x", "y"), ("P", "Q"), ("1", "2"))
    }

    assert len(made) == 16
    assert Ids(b"a", "x")("P", "1") in made


def test_keys_are_never_run_together() -> None:
    ids = Ids(b"a", "x")
    between = "\x1f"

    keys = [("a", "b"), ("ab", ""), ("", "ab"), (f"a{between}b",), (f"a{between}", "b"), ("a", f"{between}b")]

    assert len({ids("P", *each) for each in keys}) == len(keys)
    assert ids("P", "Q") != ids(f"P{between}Q")


def test_a_long_secret_counts_to_its_last_byte() -> None:
    assert Ids(b"s" * 100 + b"1", "x")("P", "1") != Ids(b"s" * 100 + b"2", "x")("P", "1")
