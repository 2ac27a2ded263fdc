import pytest

from gateway.problems import Refused
from gateway.web.words import correlation_id, pairs, request_id, value_of


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("", []),
        ("a=1&b=2&a=3", [("a", "1"), ("b", "2"), ("a", "3")]),
        ("name=J%C3%B6rg+Ray", [("name", "Jörg Ray")]),
        ("identifier=a%7Cb|c", [("identifier", "a|b|c")]),
        ("a", [("a", "")]),
        ("=x", [("", "x")]),
        ("a=b%3Dc%26d", [("a", "b=c&d")]),
        ("date:x=1;2", [("date:x", "1;2")]),
    ],
)
def test_a_query_is_read_as_pairs(text: str, read: list[tuple[str, str]]) -> None:
    assert pairs(text) == read


@pytest.mark.parametrize("text", ["a=%FF", "%C3=1", "a=%ED%A0%80"])
def test_bytes_that_are_no_utf8_are_refused(text: str) -> None:
    with pytest.raises(Refused) as caught:
        pairs(text)

    assert caught.value.problems[0].kind.code == "http.query-text"


def test_more_parameters_than_anybody_needs_are_refused() -> None:
    with pytest.raises(Refused) as caught:
        pairs("&".join(["a=1"] * 501))

    assert caught.value.problems[0].kind.code == "http.query-long"


def test_one_value_is_found_without_reading_the_rest() -> None:
    assert value_of("a=1&_format=json", "_format") == "json"
    assert value_of("a=_format", "_format") is None
    assert value_of("", "_format") is None


@pytest.mark.parametrize("sent", ["abc", "a-b.c:d/e_f", "x" * 128, "urn:uuid:7f2c"])
def test_a_safe_id_is_echoed(sent: str) -> None:
    assert request_id(sent) == correlation_id(sent) == sent


@pytest.mark.parametrize("sent", [None, "", "a b", "a\nb", "x" * 129, "<a>", "é"])
def test_any_other_id_is_made_anew_or_left_out(sent: str | None) -> None:
    assert len(request_id(sent)) == 32
    assert request_id(sent) != request_id(sent)
    assert correlation_id(sent) == ""
