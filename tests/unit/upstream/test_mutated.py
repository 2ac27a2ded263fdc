"""Search results with one thing wrong anywhere: never an exception, never something missing unsaid."""

import copy
import hashlib
import json
from collections.abc import Iterator
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st
from liar import bundle
from peers import child, observation

from gateway.fhir.json import read_trusted, write
from gateway.upstream import Question, Told, Upstream, account, cursor, gaps, merge
from gateway.upstream.capability import SILENT
from gateway.upstream.plan import Means, plan
from gateway.upstream.remember import Memory
from gateway.upstream.values import Answer

BASE = "https://hospital.example/fhir"
HOSPITAL = Upstream("hospital", BASE)
NUMBER = "9990000018"
OLA = child(NUMBER)
COUNT = 3
MARK = "@@"

#: What stands where something else should: as JSON text, since not all of it can be written by a writer.
ODD = (
    *("null", "true", "0", "-1", "7", "1.5", "1e999", "-1E+9999", "9" * 25, "9" * 5000, "9" * 40 + ".5"),
    *('""', '"x"', '"\\ud800"', '"\\ud83d\\ude00"', '"\\u0000"', '"é"', '"http://[x?a=b"', '"//[x"'),
    *(
        f'"{BASE}/Observation?_page=é"',
        f'"{BASE}/Observation?{"p" * 9000}"',
        '"http://\uff03"',
        '"' + "y" * 70 + '"',
    ),
    *(
        "[]",
        "{}",
        "[null]",
        '[{"reference":7}]',
        '{"reference":{"reference":[]}}',
        '{"reference":"Patient/p1"}',
    ),
    *(
        '{"a":1,"a":2,"reference":"A/b"}',
        '{"reference":"\\ud800"}',
        "[" * 300 + "]" * 300,
        '{"x":' * 200 + "1" + "}" * 200,
    ),
    *(
        '"0000-00-00"',
        '"9999-12-31T23:59:60.9+14:00"',
        '"0001-01-01T00:00:00+14:00"',
        '{"start":"9999","end":"0001"}',
    ),
)


def honest_answers() -> tuple[dict[str, Any], dict[str, Any]]:
    """What an honest server says to the two questions."""
    about = {
        "subject": {"reference": "Patient/p1"},
        "identifier": [{"system": "urn:lab", "value": "1"}],
        "meta": {"versionId": "1", "tag": [{"code": "t"}]},
        "component": [{"valueReference": {"reference": "Device/d", "display": "d"}}],
    }
    days = ["2025-03-01T09:00:00Z", "2025-02-01", "2025-01-01"]
    held = [{**observation(day), **about, "id": f"o{n}"} for n, day in enumerate(days)]
    return bundle([{**OLA, "id": "p1"}], BASE), bundle(held, BASE, "patient=Patient%2Fp1")


def places(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to everything in a JSON value."""
    yield at
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in inside:
        yield from places(each, (*at, key))


def replaced(value: Any, at: tuple[Any, ...], odd: str) -> bytes:
    """The JSON text of a value with something odd at one place."""
    if not at:
        return odd.encode()
    made = copy.deepcopy(value)
    inside = made
    for key in at[:-1]:
        inside = inside[key]
    inside[at[-1]] = MARK
    return json.dumps(made).replace(f'"{MARK}"', odd).encode()


def asked(patients: bytes, observations: bytes, accept: bool = False) -> Told:
    """What a plan makes of a server that answers so."""
    filters = (("code", "x"),) if accept else ()
    question = Question("Observation", "kid", OLA, NUMBER, filters, accept=_read if accept else None)
    steps = plan(question, HOSPITAL, "", Means(Memory(), SILENT, public_id, "https://g.example"))
    request = next(steps)
    try:
        for _ in range(30):
            body = patients if request.path.startswith("Patient") else observations
            request = steps.send(Answer("answered", 200, body))
    except StopIteration as end:
        told: Told = end.value
        return told
    raise AssertionError("it asks for ever")


def public_id(upstream: str, type_: str, id_: str) -> str:
    return hashlib.sha256(f"{upstream}/{type_}/{id_}".encode()).hexdigest()[:24]


def _read(body: bytes) -> bool:
    return bool(read_trusted(body)["code"]["coding"])


PATIENTS, OBSERVATIONS = honest_answers()
MODES = [at for at in places(OBSERVATIONS) if at[-2:] == ("search", "mode")]


def test_the_honest_answers_are_shown_whole() -> None:
    told = asked(json.dumps(PATIENTS).encode(), json.dumps(OBSERVATIONS).encode())

    assert (len(told.rows), told.total, told.problems) == (COUNT, COUNT, ())


@given(
    at=st.sampled_from(
        [("patient", at) for at in places(PATIENTS)] + [("", at) for at in places(OBSERVATIONS)]
    ),
    odd=st.sampled_from(ODD),
    accept=st.booleans(),
)
@example(("", ("entry", 0, "resource", "meta", "tag")), "7", False)
@example(("", ("total",)), "9" * 25, False)
@example(("", ("link", 0, "url")), '"http://[x?a=b"', True)
@example(("", ("entry", 0, "resource", "valueQuantity", "value")), "9" * 5000, False)
@example(("", ("entry", 0, "resource", "valueQuantity", "value")), "9" * 25, False)
@example(("", ("entry", 0, "resource", "code")), "[" * 300 + "]" * 300, False)
@example(("", ("entry", 0, "resource", "code")), "7", True)
def test_one_odd_thing_costs_at_most_what_that_server_says_and_is_declared(
    at: tuple[str, tuple[Any, ...]], odd: str, accept: bool
) -> None:
    whose, way = at
    patients = replaced(PATIENTS, way, odd) if whose else json.dumps(PATIENTS).encode()
    observations = json.dumps(OBSERVATIONS).encode() if whose else replaced(OBSERVATIONS, way, odd)

    told = asked(patients, observations, accept)

    lines = account([told])
    assert lines and all(str(line) for line in lines)
    assert (
        len(told.rows) == COUNT
        or gaps(lines)
        or lines[0].kind.code == "upstream.unknown-child"
        or (way in MODES or way == ("entry",))
    )
    assert told.total is None or 0 <= told.total < 2**31
    merged = merge([[], told.rows], 2)
    following = cursor(merged, [told], more=False)
    json.dumps(following.packed() if following else None)
    for row in told.rows:
        found = read_trusted(row.body)
        assert json.loads(write(found))["id"] == row.id
        assert isinstance(found["meta"].get("tag", []), list)


@given(cut=st.integers(0, 4000), odd=st.binary(max_size=3))
def test_bytes_cut_out_or_put_in_anywhere_are_no_exception(cut: int, odd: bytes) -> None:
    whole = json.dumps(OBSERVATIONS).encode()
    cut %= len(whole)

    told = asked(json.dumps(PATIENTS).encode(), whole[:cut] + odd + whole[cut + 1 :])

    assert account([told])
    for row in told.rows:
        write(read_trusted(row.body))
