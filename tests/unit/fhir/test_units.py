"""Units of UCUM; the expected numbers are those of the units' definitions (SI, NIST SP 811)."""

import pytest

from gateway.fhir.units import converted, unit


@pytest.mark.parametrize(
    ("number", "here", "there", "expected"),
    [
        (5.4, "g", "mg", 5400.0),
        (5400.0, "mg", "g", 5.4),
        (1.0, "kg/m2", "g/cm2", 0.1),
        (120.0, "mm[Hg]", "kPa", 15.99864),
        (1.0, "[lb_av]", "kg", 0.45359237),
        (1.0, "[ft_i]", "cm", 30.48),
        (5.0, "mmol/L", "mol/m3", 5.0),
        (60.0, "/min", "Hz", 1.0),
        (1.0, "10*3/uL", "10*9/L", 1.0),
        (2.0, "m/s", "m.s-1", 2.0),
        (1.0, "10.L/min", "L/min", 10.0),
        (1.0, "L/(min.m2)", "l.min-1.m-2", 1.0),
        (1.0, "wk", "d", 7.0),
        (7.0, "%", "1", 0.07),
        (3.0, "mg{total}", "g", 0.003),
        (3.0, "{score}", "1", 3.0),
        (37.0, "Cel", "[degF]", 98.6),
        (98.6, "[degF]", "Cel", 37.0),
        (0.0, "Cel", "K", 273.15),
        (-40.0, "Cel", "[degF]", -40.0),
        (1.0, "[IU]/L", "[iU]/L", 1.0),
        (7.4, "[pH]", "[pH]", 7.4),
        (float("inf"), "g", "mg", float("inf")),
    ],
)
def test_a_number_reads_in_another_unit(number: float, here: str, there: str, expected: float) -> None:
    assert converted(number, here, there) == expected


@pytest.mark.parametrize(
    ("here", "there"),
    [
        ("g", "m"),
        ("[IU]", "g"),
        ("[pH]", "mol/L"),
        ("K", "nonsense"),
        ("g", "m/s/s"),
        ("[arb'U]", "[IU]"),
    ],
)
def test_what_measures_something_else_does_not_compare(here: str, there: str) -> None:
    assert converted(1.0, here, there) is None


@pytest.mark.parametrize(
    "code",
    [
        *("", " ", "mg dl", "k", "g//m", "g/", "(g", "g)", "{", "m[", "g.", ".g", "Cel2", "Cel/m", "m1000"),
        *("(" * 99, "é", "m" * 101, "kwk", "g g", "(m/s)2", "-5", "10*99999", "/"),
    ],
)
def test_what_is_no_unit_is_none(code: str) -> None:
    assert unit(code) is None
