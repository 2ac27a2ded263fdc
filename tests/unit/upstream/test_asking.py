"""Questions to a server that misbehaves: what is shown, and what is said about what is not."""

import hashlib
import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from liar import HABITS, Liar, Reply, bundle, honest, only_observations
from peers import child, new_nhs_number, observation

from gateway.upstream import Cursor, Question, Row, Told, Upstream, Upstreams, account, cursor, gaps, merge
from gateway.upstream.capability import Capabilities, Capability
from gateway.upstream.remember import Memory

NUMBER = new_nhs_number()
OLA = child(NUMBER)
DAYS = [f"2025-{month:02d}-{day:02d}" for month in range(1, 4) for day in range(1, 29)]


def public_id(upstream: str, type_: str, id_: str) -> str:
    return hashlib.sha256(f"{upstream}/{type_}/{id_}".encode()).hexdigest()[:24]


class Connected:
    """One habit of the liar as the only upstream."""

    def __init__(self, liar: Liar, habit: str, **more: Any) -> None:
        self.memory = Memory()
        upstream = Upstream(habit, liar.base(habit), timeout=more.pop("timeout", 5.0), title="The Hospital")
        self.upstreams = Upstreams(
            [upstream], base_uri="https://g.example", public_id=public_id, memory=self.memory, **more
        )

    def told(self, at: Cursor | None = None, nhs_number: str = NUMBER, **more: Any) -> Told:
        after = None if at is None else at.after
        question = Question("Observation", "kid", more.pop("person", OLA), nhs_number, after=after, **more)
        (told,) = self.upstreams.begin(question, time.monotonic() + 8, at).finish()
        return told


def codes(told: Told) -> list[str]:
    return [line.kind.code for line in account([told])]


def asked_for(liar: Liar, type_: str) -> int:
    return sum(each.path.startswith(type_) for each in liar.asked)


@pytest.fixture(autouse=True)
def held(liar: Liar) -> None:
    liar.holds(OLA, [observation(day) for day in DAYS] + [observation("")])


@pytest.mark.parametrize(
    ("habit", "expected"),
    [
        ("hang", "upstream.timeout"),
        ("hang-later", "upstream.timeout"),
        ("drip", "upstream.timeout"),
        ("reset", "upstream.reset"),
        ("cut", "upstream.reset"),
        ("error", "upstream.status"),
        ("error-later", "upstream.status"),
        ("redirect", "upstream.status"),
        ("throttled", "upstream.throttled"),
        ("denied", "upstream.denied"),
        ("truncated", "upstream.nonsense"),
        ("deep", "upstream.nonsense"),
        ("html", "upstream.nonsense"),
        ("latin", "upstream.nonsense"),
        ("not-a-bundle", "upstream.nonsense"),
        ("history", "upstream.nonsense"),
        ("wrong-shape", "upstream.nonsense"),
        ("bomb", "upstream.too-large"),
        ("outcome", "upstream.ambiguous"),
        ("two-children", "upstream.ambiguous"),
        ("other-child", "upstream.other-child"),
        ("other-number", "upstream.other-child"),
    ],
)
def test_a_server_that_does_not_answer_well_is_a_declared_gap(liar: Liar, habit: str, expected: str) -> None:
    told = Connected(liar, habit, timeout=0.4 if "timeout" in expected else 5.0).told()

    assert codes(told) == [expected]
    assert (told.rows, told.answered, told.total) == ((), False, None)
    assert gaps(account([told]))


@pytest.mark.parametrize("habit", ["error", "other-child", "warns", "other-subjects", "elsewhere", "outcome"])
def test_what_is_said_of_a_server_names_no_address_and_nobody(liar: Liar, habit: str) -> None:
    said = " ".join(f"{line} {line.fix}" for line in account([Connected(liar, habit).told()]))

    assert "The Hospital" in said
    for secret in (
        NUMBER,
        "9990000018",
        "127.0.0.1",
        "10.0.0.7",
        "secret",
        "Ola",
        "ngstr",
        "2014",
        "2009",
        "p1",
    ):
        assert secret not in said


def test_an_honest_server_is_asked_twice_the_first_time_and_once_from_then_on(liar: Liar) -> None:
    connected = Connected(liar, "honest")

    first = connected.told(limit=5)
    second = connected.told(limit=5)

    assert codes(first) == codes(second) == ["upstream.answered"]
    assert first.rows == second.rows
    assert (asked_for(liar, "Patient"), asked_for(liar, "Observation")) == (1, 2)
    assert first.total == 85


def test_the_nhs_number_is_in_no_address(liar: Liar) -> None:
    Connected(liar, "honest").told()

    assert NUMBER not in " ".join(
        each.path + each.query for each in liar.asked if "metadata" not in each.path
    )


def test_a_server_without_post_is_asked_by_get_and_not_posted_to_again(liar: Liar) -> None:
    connected = Connected(liar, "no-post")

    first = connected.told()
    connected.memory.drop("no-post", NUMBER)
    second = connected.told()

    assert codes(first) == codes(second) == ["upstream.answered"]
    assert [each.method for each in liar.asked if each.path.startswith("Patient")] == ["POST", "GET", "GET"]


def test_a_remembered_patient_is_compared_again_with_what_is_known_of_the_child_now(liar: Liar) -> None:
    connected = Connected(liar, "honest")
    connected.told()

    told = connected.told(person={**OLA, "birthDate": "2014-05-07"})

    assert codes(told) == ["upstream.other-child"]


def test_a_child_without_a_name_or_birth_date_is_not_guessed(liar: Liar) -> None:
    assert codes(Connected(liar, "honest").told(person={"resourceType": "Patient"})) == [
        "upstream.cannot-tell"
    ]


def test_a_number_nobody_has_there_is_an_answer(liar: Liar) -> None:
    told = Connected(liar, "honest").told(nhs_number="9990000018")

    assert codes(told) == ["upstream.unknown-child"]
    assert told.answered
    assert not gaps(account([told]))


@pytest.mark.parametrize(
    ("more", "reason"),
    [({"nhs_number": ""}, "no verified NHS number"), ({"about": "patient"}, "do not name Observation")],
)
def test_a_server_that_is_not_asked_is_mentioned_with_the_reason(
    liar: Liar, more: dict[str, str], reason: str
) -> None:
    connected = Connected(liar, "honest")
    if reason.startswith("do not"):
        only = Upstream("x", liar.base("honest"), types=("Condition",))
        connected.upstreams = Upstreams([only], base_uri="https://g.example", public_id=public_id)

    told = connected.told(**more)

    assert codes(told) == ["upstream.not-asked"]
    assert reason in account([told])[0].says
    assert not liar.asked


def test_what_is_about_somebody_else_is_dropped_and_counted(liar: Liar) -> None:
    liar.holds(OLA, [observation(day) for day in DAYS[:20]])

    told = Connected(liar, "other-subjects").told()

    assert len(told.rows) == 10
    assert all(json.loads(row.body)["subject"] == {"reference": "Patient/kid"} for row in told.rows)
    assert {(p.kind.code, p.details["count"]) for p in told.problems} == {
        ("upstream.other-subject", 8),
        ("upstream.other-type", 2),
    }
    assert told.total is None


@pytest.mark.parametrize("habit", ["unsorted", "no-sort"])
def test_a_server_that_keeps_no_order_is_read_whole_and_sorted_here(liar: Liar, habit: str) -> None:
    told = Connected(liar, habit).told(limit=5)

    days = [json.loads(row.body).get("effectiveDateTime", "") for row in told.rows]
    assert days == [*sorted(DAYS, reverse=True), ""]
    assert codes(told) == ["upstream.answered"]


@pytest.mark.parametrize("habit", ["endless", "circle", "elsewhere"])
def test_pages_that_lead_nowhere_end_in_a_declared_gap(liar: Liar, habit: str) -> None:
    told = Connected(liar, habit).told()

    assert codes(told) == ["upstream.answered", "upstream.incomplete"]
    assert len(told.rows) == 1
    assert asked_for(liar, "Observation") <= 11


def test_an_unsorted_server_with_more_than_is_read_is_declared(liar: Liar) -> None:
    liar.holds(OLA, [observation(f"{1900 + n // 300}-01-{n % 28 + 1:02d}") for n in range(1500)])

    told = Connected(liar, "unsorted").told()

    assert "upstream.incomplete" in codes(told)
    assert 500 <= len(told.rows) <= 1100
    assert not told.more


def test_a_filter_that_was_not_applied_shows_nothing_unless_it_can_be_applied_here(liar: Liar) -> None:
    connected = Connected(liar, "ignores-filters")
    filters = (("date", "ge2025-03-01"),)

    without = connected.told(filters=filters)
    here = connected.told(
        filters=filters,
        accept=lambda body: json.loads(body).get("effectiveDateTime", "") >= "2025-03-01",
        limit=50,
    )

    assert codes(without) == ["upstream.filter-ignored"]
    assert "date" in account([without])[0].says
    assert without.rows == ()
    assert len(here.rows) == 28
    assert here.total is None
    assert not gaps(account([here]))


def test_a_parameter_the_server_says_it_lacks_is_not_sent(liar: Liar) -> None:
    capabilities = Capabilities()
    capabilities.of = lambda upstream: Capability({"Observation": frozenset({"patient"})})  # type: ignore[method-assign]
    connected = Connected(liar, "honest", capabilities=capabilities)

    refused = connected.told(filters=(("date:missing", "false"),))
    here = connected.told(
        filters=(("date:missing", "false"),), accept=lambda body: b"effectiveDateTime" in body
    )

    assert codes(refused) == ["upstream.filter-ignored"]
    assert codes(here) == ["upstream.answered"]
    assert [each for each in liar.asked if "date" in each.query.replace("_sort=-date", "")] == []


def test_a_warning_of_the_server_is_passed_on_by_its_code(liar: Liar) -> None:
    told = Connected(liar, "warns").told()

    assert codes(told) == ["upstream.answered", "upstream.said"]
    assert "incomplete" in account([told])[1].says


def test_a_server_behind_a_proxy_is_understood_by_its_inner_address(liar: Liar) -> None:
    told = Connected(liar, "inner-base").told(limit=60)

    assert codes(told) == ["upstream.answered"]
    assert len(told.rows) >= 60
    assert all(b"inside.example" not in row.body for row in told.rows)


@pytest.mark.parametrize("habit", ["honest", "unsorted", "no-sort", "inner-base"])
@pytest.mark.parametrize("limit", [1, 7, 30, 500])
def test_walking_page_by_page_shows_everything_once_and_in_order(liar: Liar, habit: str, limit: int) -> None:
    ties = [observation("2025-02-14T10:00:00Z") for _ in range(60)]
    liar.holds(OLA, [observation(day) for day in DAYS[::3]] + ties + [observation("")] * 3)
    connected = Connected(liar, habit)
    walked: list[Row] = []
    at: Cursor | None = None

    for _ in range(200):
        told = connected.told(at, limit=limit)
        merged = merge([[], told.rows], limit, at.seen if at else ())
        assert not gaps(told.problems)
        walked += merged.rows
        at = cursor(merged, [told], more=False)
        if at is None:
            break

    assert len(walked) == len({row.id for row in walked}) == len(liar.observations)
    keys = [(row.time is None, -(row.time or 0), row.id) for row in walked]
    assert keys == sorted(keys)


def test_what_came_before_a_server_hung_up_is_shown_and_the_rest_declared(
    liar: Liar, monkeypatch: pytest.MonkeyPatch
) -> None:
    honest = HABITS["honest"]
    monkeypatch.setitem(HABITS, "honest", lambda *a: "reset" if "_offset" in a[2].query else honest(*a))
    liar.holds(OLA, [observation("2025-02-14") for _ in range(60)] + [observation("2025-03-01")])

    told = Connected(liar, "honest").told()

    assert codes(told) == ["upstream.answered", "upstream.reset"]
    assert [json.loads(row.body)["effectiveDateTime"] for row in told.rows] == ["2025-03-01"]
    assert told.total is None


def test_a_gap_is_asked_again_on_the_next_page(liar: Liar) -> None:
    told = Connected(liar, "error").told()

    assert told.place((0, "x")) == ""


def broken_link(relation: str) -> Callable[..., Reply]:
    """A server one of whose links is no address."""

    def reply(*asked: Any) -> Reply:
        made: Reply = honest(*asked)
        links = [each for each in made.content["link"] if each["relation"] != relation]
        made.content["link"] = [*links, {"relation": relation, "url": "http://[x?a=b"}]
        return made

    return only_observations(reply)


@pytest.mark.parametrize(
    ("relation", "expected"),
    [("self", ["upstream.answered"]), ("next", ["upstream.answered", "upstream.incomplete"])],
)
def test_a_link_that_is_no_address_costs_no_more_than_what_it_led_to(
    liar: Liar, monkeypatch: pytest.MonkeyPatch, relation: str, expected: list[str]
) -> None:
    liar.holds(OLA, [observation(day) for day in DAYS[:20]])
    monkeypatch.setitem(HABITS, "honest", broken_link(relation))

    told = Connected(liar, "honest").told()

    assert codes(told) == expected
    assert len(told.rows) == 20


@pytest.mark.parametrize("odd", [7, {"x": 1}, ["o1"], None, "ö", ""])
@pytest.mark.parametrize("name", ["id", "resourceType"])
def test_a_result_with_an_odd_name_is_left_out_and_counted(
    liar: Liar, monkeypatch: pytest.MonkeyPatch, name: str, odd: Any
) -> None:
    liar.holds(OLA, [observation(day) for day in DAYS[:3]])
    liar.observations[1][name] = odd
    monkeypatch.setitem(
        HABITS,
        "honest",
        only_observations(
            lambda *_: Reply({**bundle([], ""), "entry": [{"resource": each} for each in liar.observations]})
        ),
    )

    told = Connected(liar, "honest").told()

    assert len(told.rows) == 2
    assert [(each.kind.code, each.details["count"]) for each in told.problems] == [("upstream.other-type", 1)]


def test_what_nobody_foresaw_is_the_gap_of_one_server_and_the_others_are_shown(
    liar: Liar, caplog: pytest.LogCaptureFixture
) -> None:
    def fragile(upstream: str, type_: str, id_: str) -> str:
        if upstream == "hospital":
            raise ZeroDivisionError(f"canary {id_}")
        return public_id(upstream, type_, id_)

    servers = [Upstream(name, liar.base("honest")) for name in ("clinic", "hospital", "surgery")]
    upstreams = Upstreams(servers, base_uri="https://g.example", public_id=fragile)
    question = Question("Observation", "kid", OLA, NUMBER)

    told = upstreams.begin(question, time.monotonic() + 8).finish()

    assert [codes(each) for each in told] == [
        ["upstream.answered"],
        ["upstream.nonsense"],
        ["upstream.answered"],
    ]
    assert (told[1].answered, told[1].rows, told[1].place((0, "x"))) == (False, (), "")
    assert len(told[0].rows) == len(told[2].rows) > 0
    assert "ZeroDivisionError" in caplog.text
    assert "canary" not in caplog.text


def test_work_of_ours_goes_on_while_servers_are_asked(liar: Liar) -> None:
    connected = Connected(liar, "honest")
    connected.told()
    question = Question("Observation", "kid", OLA, NUMBER)

    asking = connected.upstreams.begin(question, time.monotonic() + 5)
    time.sleep(0.2)
    asked = asked_for(liar, "Observation")
    (told,) = asking.finish()

    assert asked == 2
    assert told.answered


def test_a_question_prints_nothing_of_the_child() -> None:
    question = Question("Observation", "kid", OLA, NUMBER, filters=(("code", "canary"),))

    assert not [text for text in (NUMBER, "Ola", "ngstr", "2014", "canary") if text in repr(question)]


@pytest.mark.parametrize(
    ("version", "asked"), [("5.0.0", False), ("3.0.2", False), ("4.3.0", False), ("4.0.1", True), ("", True)]
)
def test_a_server_that_says_it_speaks_another_fhir_is_a_gap_and_asked_nothing(
    liar: Liar, monkeypatch: pytest.MonkeyPatch, version: str, asked: bool
) -> None:
    capabilities = Capabilities()
    connected = Connected(liar, "honest", capabilities=capabilities)
    said = {"resourceType": "CapabilityStatement"} | ({"fhirVersion": version} if version else {})
    with monkeypatch.context() as lying:
        lying.setitem(HABITS, "honest", lambda *_: Reply(json.dumps(said).encode()))
        capabilities.learn(connected.upstreams.upstreams[0])
    liar.asked.clear()

    told = connected.told()

    assert bool(told.rows) is asked and told.answered is asked
    assert [each.path for each in liar.asked if "metadata" not in each.path] == [] or asked
    assert codes(told) == (["upstream.answered"] if asked else ["upstream.not-r4"])
    assert bool(gaps(told.problems)) is not asked
