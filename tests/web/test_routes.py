import pytest

from gateway.problems import Refused
from gateway.web.routes import ROUTES, Found, allowed, find, interactions, types


@pytest.mark.parametrize(
    ("feed", "method", "path", "found"),
    [
        ("", "GET", "metadata", Found("capabilities")),
        ("", "GET", "Patient", Found("search-type", "Patient")),
        ("", "HEAD", "Patient/a", Found("read", "Patient", "a")),
        ("", "POST", "Patient/_search", Found("search-type", "Patient")),
        ("x", "GET", "Patient/$everything", Found("$everything", "Patient")),
        ("", "GET", "Patient/a/$everything", Found("$everything", "Patient", "a")),
        ("", "POST", "Observation/$validate", Found("$validate", "Observation")),
        ("x", "POST", "Patient", Found("create", "Patient")),
        ("x", "PUT", "Patient/a", Found("update", "Patient", "a")),
        ("x", "DELETE", "Patient/a", Found("delete", "Patient", "a")),
        ("x", "PATCH", "Patient/a", Found("patch", "Patient", "a")),
        ("x", "GET", "Patient/a/_history", Found("history-instance", "Patient", "a")),
        ("", "GET", "Patient/a/_history", Found("history-instance", "Patient", "a")),
        ("x", "GET", "Patient/_history", Found("history-type", "Patient")),
        ("x", "GET", "_history", Found("history-system")),
        ("x", "GET", "Patient/a/_history/2", Found("vread", "Patient", "a", "2")),
        ("x", "POST", "$load", Found("$load")),
        ("x", "PUT", "Patient", Found("conditional-update", "Patient")),
        ("x", "PATCH", "Patient", Found("conditional-patch", "Patient")),
        ("x", "DELETE", "Patient", Found("conditional-delete", "Patient")),
        ("x", "POST", "", Found("batch")),
        ("", "GET", "", Found("search-system")),
        ("x", "POST", "_search", Found("search-system")),
        ("", "GET", "Patient/a/Observation", Found("search-type", "Observation", "a")),
        ("", "POST", "Patient/a/Observation/_search", Found("search-type", "Observation", "a")),
        ("x", "GET", "Patient/a/*", Found("search-system", "", "a")),
        ("x", "POST", "Patient/a/_search", Found("search-system", "", "a")),
        ("", "POST", "", Found("batch")),
        ("", "GET", "Task", Found("search-type", "Task")),
        ("", "POST", "Task/_search", Found("search-type", "Task")),
        ("", "HEAD", "Task/7", Found("read", "Task", "7")),
        ("x", "GET", "Task/7/_history", Found("history-instance", "Task", "7")),
    ],
)
def test_a_request_finds_its_interaction(feed: str, method: str, path: str, found: Found) -> None:
    assert find(feed, method, path) == found


@pytest.mark.parametrize(
    ("feed", "method", "path", "problem"),
    [
        ("", "GET", "Patient/a/Group", "http.not-in-compartment"),
        ("", "GET", "Patient/a/Patient", "http.not-in-compartment"),
        ("x", "GET", "Patient/a/Organization", "http.not-in-compartment"),
        ("", "POST", "Patient/a/Observation", "http.write-elsewhere"),
        ("x", "GET", "Observation/a/Observation", "http.no-route"),
        ("x", "PUT", "", "http.method"),
        ("", "DELETE", "", "http.write-elsewhere"),
        ("", "TRACE", "Patient/a", "http.method"),
        ("", "GET", "patient", "http.unknown-type"),
        ("", "GET", "Organization/1", "http.not-about-children"),
        ("", "GET", "Parameters", "http.unknown-type"),
        ("x", "GET", "Patient/", "http.no-route"),
        ("x", "GET", "/Patient", "http.no-route"),
        ("x", "GET", "Patient/a/b", "http.no-route"),
        ("x", "GET", "Patient/a/_history/", "http.no-route"),
        ("x", "GET", "Patient/a/$nonsense", "http.no-operation"),
        ("x", "GET", "Observation/a/$everything", "operation.level"),
        ("x", "GET", "Patient/a/b/$everything", "operation.level"),
        ("x", "POST", "$nonsense", "http.no-operation"),
        ("x", "GET", "$load", "http.method"),
        ("x", "GET", "Patient/a b", "http.id-form"),
        ("x", "TRACE", "Patient", "http.method"),
        ("", "POST", "Patient", "http.write-elsewhere"),
        ("", "POST", "$load", "http.write-elsewhere"),
        ("", "GET", "Patient/_history", "http.no-route"),
        ("", "GET", "_history", "http.no-route"),
        ("", "PUT", "Task/7", "http.decide-elsewhere"),
        ("", "GET", "Task/7/_history", "http.no-route"),
        ("", "GET", "Task/7/$meta", "http.no-operation"),
        ("", "POST", "Task/$validate", "http.no-operation"),
        ("", "TRACE", "Task/7", "http.method"),
        ("", "GET", "Patient/a/Task", "http.not-in-compartment"),
    ],
)
def test_a_request_that_leads_nowhere_says_why(feed: str, method: str, path: str, problem: str) -> None:
    with pytest.raises(Refused) as caught:
        find(feed, method, path)

    assert caught.value.problems[0].kind.code == problem


def test_each_method_that_is_allowed_is_found() -> None:
    for route in ROUTES:
        whole = route.path.replace("[base]", "")
        type = "Observation" if whole.startswith("Patient/") else "Patient"
        path = whole.replace("[type]", type).replace("[id]", "a").replace("[vid]", "1")
        for base in route.bases:
            feed = "" if base == "ask" else "x"
            assert route.method in allowed(feed, path)
            # that a Bundle is a transaction is known once it is read
            wanted = "batch" if route.interaction == "transaction" else route.interaction
            assert find(feed, route.method, path).interaction == wanted


def test_on_fhir_stands_what_is_about_children_and_nothing_is_written() -> None:
    assert {"Patient", "Observation", "Flag", "CarePlan", "CareTeam"} <= set(types("ask"))
    assert not {"Organization", "Practitioner", "Bundle", "Parameters"} & set(types("ask"))
    assert interactions("ask") == ("read", "vread", "history-instance", "search-type")
    assert len(types("tell")) == 145
