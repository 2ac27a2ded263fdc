"""What is remembered of upstreams, and for how long."""

from gateway.upstream.remember import Memory

NUMBER = "9990000018"


def test_a_patient_is_remembered_for_its_life_and_no_longer() -> None:
    now = [100.0]
    memory = Memory(life=10, clock=lambda: now[0])
    memory.keep("h", NUMBER, "p1", {"birthDate": "2014-05-06", "address": [{}]}, "http://inside/fhir")

    now[0] = 109.9
    known = memory.find("h", NUMBER)
    now[0] = 110.1

    assert known is not None
    assert (known.id, known.base, known.patient) == ("p1", "http://inside/fhir", {"birthDate": "2014-05-06"})
    assert memory.find("h", NUMBER) is None


def test_another_server_and_another_number_are_not_mixed_up() -> None:
    memory = Memory()
    memory.keep("h", NUMBER, "p1", {}, "")

    assert memory.find("m", NUMBER) is None
    assert memory.find("h", "9990000026") is None


def test_what_is_dropped_is_gone() -> None:
    memory = Memory()
    memory.keep("h", NUMBER, "p1", {}, "")

    memory.drop("h", NUMBER)
    memory.drop("h", NUMBER)

    assert memory.find("h", NUMBER) is None


def test_no_nhs_number_is_kept_as_it_is() -> None:
    memory = Memory()
    memory.keep("h", NUMBER, "p1", {"name": [{"family": "Canary"}]}, "")

    assert NUMBER not in repr(vars(memory))
    assert "Canary" not in repr(vars(memory))


def test_a_server_without_post_is_remembered() -> None:
    memory = Memory()

    memory.gets_only("h")

    assert (memory.posts("h"), memory.posts("m")) == (False, True)
