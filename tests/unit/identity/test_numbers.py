import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.check_digits import UPN_LETTERS, upn_check_letter
from gateway.identity.numbers import (
    UpnKind,
    la_child_id,
    nhs_number,
    uln,
    upn,
    upn_kind,
)


@pytest.mark.parametrize(
    ("written", "number"),
    [
        pytest.param("9990123012", "9990123012", id="ten digits"),
        pytest.param("999 012 3012", "9990123012", id="in groups"),
        pytest.param("999-012-3012", "9990123012", id="with hyphens"),
        pytest.param("9990123013", None, id="last digit mistyped"),
        pytest.param("9990132012", None, id="two digits swapped"),
        pytest.param("999012301", None, id="nine digits"),
        pytest.param("٩٩٩٠١٢٣٠١٢", None, id="digits of another script"),
        pytest.param("9999999999", None, id="all nines"),
        pytest.param("0000000000", None, id="all zeros"),
        pytest.param("", None, id="nothing"),
    ],
)
def test_an_nhs_number_is_ten_digits_with_a_fitting_check(written: str, number: str | None) -> None:
    assert nhs_number(written) == number


def test_of_every_nine_digits_at_most_one_check_digit_fits() -> None:
    for start in range(999_012_000, 999_012_300):
        assert sum(nhs_number(f"{start}{digit}") is not None for digit in range(10)) <= 1


# Check letters as published with the tests of other people's software (see the reference's worked examples).
@pytest.mark.parametrize(
    ("body", "letter"),
    [("201100018042", "R"), ("20110001804V", "T"), ("801200005001", "B"), ("201900116001", "F")],
)
def test_the_check_letter_agrees_with_published_examples(body: str, letter: str) -> None:
    assert upn_check_letter(body) == letter


@pytest.mark.parametrize(
    ("written", "kind"),
    [
        pytest.param("F201900116001", UpnKind.PERMANENT, id="permanent"),
        pytest.param("f 2019 0011 6001", UpnKind.PERMANENT, id="lower case and spaces"),
        pytest.param("M20190022104V", UpnKind.TEMPORARY, id="temporary"),
        pytest.param("B201900119033", UpnKind.WRONG_LETTER, id="wrong letter"),
        pytest.param("UN4", UpnKind.NOT_ONE, id="code for no UPN"),
        pytest.param("S201900116001", UpnKind.NOT_ONE, id="S is not a check letter"),
        pytest.param("F20190011600", UpnKind.NOT_ONE, id="too short"),
        pytest.param("F٢٠١٩٠٠١١٦٠٠١", UpnKind.NOT_ONE, id="digits of another script"),
    ],
)
def test_a_upn_is_told_from_what_stands_in_its_place(written: str, kind: UpnKind) -> None:
    assert upn_kind(upn(written)) is kind


@given(st.from_regex(r"[0-9]{12}", fullmatch=True), st.integers(0, 11), st.integers(1, 9))
def test_every_single_wrong_digit_of_a_upn_is_noticed(body: str, place: int, step: int) -> None:
    letter = upn_check_letter(body)
    wrong = body[:place] + str((int(body[place]) + step) % 10) + body[place + 1 :]

    assert upn_kind(letter + body) is UpnKind.PERMANENT
    assert upn_kind(letter + wrong) is UpnKind.WRONG_LETTER


def test_a_upn_has_twenty_three_letters() -> None:
    assert len(UPN_LETTERS) == 23 and not set(UPN_LETTERS) & set("IOS")


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("9999001237", "9999001237"),
        ("1000000000", "1000000000"),
        ("9999001238", None),
        ("9999999999", None),
        ("999900123", None),
    ],
)
def test_a_uln_is_ten_digits_with_a_fitting_check(written: str, number: str | None) -> None:
    assert uln(written) == number


@pytest.mark.parametrize(
    ("written", "compared"), [("0010234", "10234"), ("10234", "10234"), (" 00a-12 ", "A12"), ("000", "")]
)
def test_a_council_s_child_id_is_compared_without_its_padding(written: str, compared: str) -> None:
    assert la_child_id(written) == compared
