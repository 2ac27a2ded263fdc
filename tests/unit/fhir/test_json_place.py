"""A JSON text that is refused says where."""

import time

import pytest

from gateway.fhir.json import read
from gateway.fhir.validate import validate
from gateway.problems import Refused


@pytest.mark.parametrize(
    ("text", "code", "place"),
    [
        pytest.param(b'{"a":1,\n "b":{"c":1,"c":2}}', "json.duplicate-key", "2:13", id="a key twice"),
        pytest.param(b'{"ab":1,"a\\u0062":2}', "json.duplicate-key", "1:9", id="a key in other signs"),
        pytest.param(b'{"a":"\\"b\\":","b":1,"b":2}', "json.duplicate-key", "1:21", id="a key in a text"),
        pytest.param(
            b'[{"a":1},{"a":1},{"b":{"a":1},"a":[],"a":1}]', "json.duplicate-key", "1:38", id="in lists"
        ),
        pytest.param(b'{"a":[1,\n  NaN]}', "json.number", "2:3", id="not a number"),
        pytest.param(b'{"a":"1e999","b":-Infinity}', "json.number", "1:18", id="infinity"),
        pytest.param(b'{"a":1,"b":1e999999}', "json.number", "1:12", id="too large"),
        pytest.param(b'{"a":' + b"9" * 70 + b"}", "json.number", "1:6", id="too long"),
        pytest.param('{"é":1,\n"a":"é'.encode() + b'\xff"}', "json.syntax", "2:7", id="not UTF-8"),
    ],
)
def test_what_is_refused_has_its_line_and_column(text: bytes, code: str, place: str) -> None:
    with pytest.raises(Refused) as caught:
        read(text)

    (problem,) = caught.value.problems
    assert (problem.kind.code, str(problem.place)) == (code, place)


def test_many_keys_cost_no_more_when_one_is_twice() -> None:
    keys = b",".join(b'"k%d":1' % number for number in range(50_000))

    began = time.process_time()
    read(b"{" + keys + b"}")
    sound = time.process_time() - began
    with pytest.raises(Refused):
        read(b"{" + keys + b',"k49999":1}')
    twice = time.process_time() - began - sound

    assert twice < 10 * sound + 0.1


def test_many_unknown_elements_cost_little_more_than_a_few() -> None:
    resource = {"resourceType": "Patient", **{f"gendr{number}": 1 for number in range(20_000)}}

    began = time.process_time()
    found = validate(resource)

    assert time.process_time() - began < 0.5
    assert "Did you mean gender?" in found[0].fix
