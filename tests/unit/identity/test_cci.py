import random
from itertools import combinations

import pytest

from gateway.identity.cci import ALPHABET, FIRST, checks, is_cci, mint, read, show, suggest
from gateway.problems import Refused

EXAMPLE = "B7K2M9QX93"


def bodies(count: int) -> list[str]:
    dice = random.Random(7)
    return [dice.choice(FIRST) + "".join(dice.choices(ALPHABET, k=7)) for _ in range(count)]


def code(text: str) -> str:
    with pytest.raises(Refused) as caught:
        read(text)
    return caught.value.problems[0].kind.code


def replaced(text: str, *slips: tuple[int, str]) -> str:
    letters = list(text)
    for place, letter in slips:
        letters[place] = letter
    return "".join(letters)


def test_the_published_example_has_its_checks() -> None:
    assert checks("B7K2M9QX") == "93"
    assert show(EXAMPLE) == "B7K2M-9QX93"


@pytest.mark.parametrize(
    "written", ["b7k2m-9qx93", "B7K2M 9QX93", " B7K2M9QX93\n", "B7K2M–9QX93", "B-7-K-2-M-9-Q-X-9-3"]
)
def test_a_cci_is_read_as_people_write_it(written: str) -> None:
    assert read(written) == EXAMPLE


def test_letters_that_look_like_digits_are_read_as_digits() -> None:
    body = "A0110101"
    cci = body + checks(body)

    assert read("aOiLoIol" + checks(body)) == cci


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        pytest.param("B7K2M9QX9", "identity.cci-length", id="nine characters"),
        pytest.param("B7K2M9QX933", "identity.cci-length", id="eleven characters"),
        pytest.param("", "identity.cci-length", id="nothing"),
        pytest.param("U7K2M9QX93", "identity.cci-character", id="U"),
        pytest.param("B7K2M9QX9é", "identity.cci-character", id="accent"),
        pytest.param("9990123012", "identity.cci-character", id="an NHS number"),
        pytest.param("B7K2M9QX94", "identity.cci-typed", id="wrong check"),
    ],
)
def test_what_is_no_cci_is_refused_with_its_reason(written: str, expected: str) -> None:
    assert code(written) == expected


def test_a_refusal_never_prints_what_was_written() -> None:
    with pytest.raises(Refused) as caught:
        read("B7K2M9QX94")

    assert "B7K2M9QX94" not in str(caught.value)


def test_every_single_wrong_character_is_noticed_and_put_right() -> None:
    for body in bodies(25):
        cci = body + checks(body)
        for place in range(10):
            for letter in ALPHABET:
                if letter != cci[place]:
                    slip = replaced(cci, (place, letter))
                    assert not is_cci(slip)
                    assert suggest(slip) == cci


def test_every_swap_of_neighbours_is_noticed_and_never_mended_to_another_child() -> None:
    for body in bodies(400):
        cci = body + checks(body)
        for place in range(9):
            if cci[place] != cci[place + 1]:
                slip = replaced(cci, (place, cci[place + 1]), (place + 1, cci[place]))
                assert not is_cci(slip)
                assert suggest(slip) in (cci, None)


def test_every_two_wrong_characters_are_noticed() -> None:
    cci = "B7K2M9QX" + checks("B7K2M9QX")
    for one, other in combinations(range(10), 2):
        for first in ALPHABET:
            for second in ALPHABET:
                if first != cci[one] and second != cci[other]:
                    assert not is_cci(replaced(cci, (one, first), (other, second)))


def test_a_character_outside_the_alphabet_is_put_right_too() -> None:
    assert suggest("B7K2U-9QX93") == EXAMPLE
    assert suggest("B7U2U-9QX93") is None


@pytest.mark.parametrize("written", [EXAMPLE[:9], EXAMPLE + "0", ""])
def test_nothing_is_suggested_where_characters_are_lost_or_added(written: str) -> None:
    assert suggest(written) is None


def test_a_minted_cci_is_valid_free_and_begins_with_a_letter() -> None:
    dice = random.Random(1)
    issued: set[str] = set()
    for _ in range(2000):
        cci = mint(dice.randrange, issued.__contains__)
        assert is_cci(cci) and read(cci) == cci and cci[0].isalpha() and cci not in issued
        issued.add(cci)


def test_a_cci_that_was_ever_issued_is_not_issued_again() -> None:
    first = mint(random.Random(3).randrange, lambda cci: False)

    second = mint(random.Random(3).randrange, {first}.__contains__)

    assert second != first


def test_a_body_that_reads_as_a_word_is_skipped() -> None:
    def values(text: str) -> list[int]:
        return [FIRST.index(text[0]), *(ALPHABET.index(letter) for letter in text[1:])]

    thrown = iter(values("AFAGAAAA") + values("BD1CKBBB") + values("B7K2M9QX"))

    assert mint(lambda n: next(thrown), lambda cci: False) == EXAMPLE


def test_a_source_that_is_not_random_ends_with_a_problem() -> None:
    with pytest.raises(Refused) as caught:
        mint(lambda n: 1, lambda cci: True)

    assert caught.value.problems[0].kind.code == "identity.cci-none-free"
