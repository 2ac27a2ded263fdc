import pytest

from gateway.service.events import Author, signed, voice


@pytest.mark.parametrize(
    ("name", "by", "kept"),
    [
        ("Ann Field", "cms", "Ann Field (cms)"),
        ("", "jo at the command line", "jo at the command line"),
        ("jo", "jo", "jo"),
        ("Ann (night shift)", "cms", "Ann (night shift) (cms)"),
        ("Ann", "c(m)s", "Ann (c[m]s)"),
    ],
)
def test_whose_word_it_counts_as_is_read_from_what_is_kept(name: str, by: str, kept: str) -> None:
    assert signed(name, by) == kept
    assert voice(kept) == by.replace("(", "[").replace(")", "]")


def test_no_name_makes_one_client_another() -> None:
    for name in ("Bob (other)", "Bob (other", "other)", "(other)", "other"):
        assert voice(signed(name, "cms")) == "cms"


def test_another_name_is_another_person_only_where_one_person_plays_both() -> None:
    bob, said = signed("Bob", "cms"), signed("Ann", "cms")

    assert Author(bob, "", 0).repeats(said)
    assert not Author(bob, "", 0, by_name=True).repeats(said)
    assert Author(bob, "", 0, by_name=True).repeats(bob)
    assert not Author(bob, "", 0).repeats(signed("Bob", "other"))
