"""Numbers in and out of JSON keep every digit, however long they are."""

import pytest

from gateway.fhir.json import Decimal, read, read_trusted, write
from gateway.fhir.validate import validate
from gateway.problems import Refused

NUMBERS = ["0", "-1", "18446744073709551615", "18446744073709551616", "-9223372036854775809", "92.10", "1e2"]


@pytest.mark.parametrize("number", [*NUMBERS, "1" * 32])
def test_a_number_is_written_as_it_was_read(number: str) -> None:
    text = f'{{"value":{number}}}'.encode()

    assert write(read(text)) == text
    assert write(read_trusted(text)) == text


def test_only_what_has_a_point_or_is_too_long_is_a_decimal() -> None:
    assert [type(read(number)) for number in ("1", "1" * 19, "1" * 21, "1.0")] == [int, int, Decimal, Decimal]


def test_a_number_without_end_is_refused() -> None:
    with pytest.raises(Refused) as caught:
        read("1" * 33)

    assert caught.value.problems[0].kind.code == "json.number"


def test_a_long_number_fits_a_decimal_and_no_integer() -> None:
    start = '{"resourceType":"Observation","status":"final","code":{"text":"x"},'

    quantity = read(start + '"valueQuantity":{"value":123456789012345678901}}')
    integer = read(start + '"valueInteger":123456789012345678901}')

    assert validate(quantity) == []
    assert [each.place.path for each in validate(integer)] == ["Observation.valueInteger"]
