"""HTTP itself: addresses, formats, headers, sizes; the ids are those of the project's REST checklist."""

import gzip
import json
import time
from typing import Any
from uuid import uuid4

import pytest
import requests
from fhir.resources.R4B.operationoutcome import OperationOutcome
from requests.adapters import HTTPAdapter
from served import JSON, Caller, Served, token_for

PATIENT = {"resourceType": "Patient", "name": [{"family": "Beech"}]}
OBSERVATION = {"resourceType": "Observation", "status": "final", "code": {"text": "Height"}}


@pytest.fixture(scope="module")
def clinic(served: Served) -> Caller:
    return served.caller("clinic")


def code(answer: requests.Response) -> str:
    return str(answer.json()["issue"][0]["details"]["coding"][0]["code"])


@pytest.mark.parametrize("base", ["fhir", "feed/clinic"])
@pytest.mark.parametrize("path", ["patient", "Patients", "Patient1", "patient/1", "Parameters"])
def test_H1_an_unknown_type_is_404_and_capitals_count(clinic: Caller, base: str, path: str) -> None:
    answer = clinic.get(f"{base}/{path}")

    assert (answer.status_code, code(answer)) == (404, "http.unknown-type")


def test_H1_a_type_near_to_one_that_exists_is_suggested(clinic: Caller) -> None:
    assert "Did you mean Observation?" in clinic.get("fhir/Observations").json()["issue"][0]["diagnostics"]


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("TRACE", "feed/clinic/Patient", "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT"),
        ("DELETE", "feed/clinic", "GET, HEAD, OPTIONS, POST"),
        ("POST", "feed/clinic/Patient/1", "DELETE, GET, HEAD, OPTIONS, PATCH, PUT"),
        ("PATCH", "feed/clinic/Patient/1/_history", "GET, HEAD, OPTIONS"),
        ("GET", "feed/clinic/Patient/_search", "OPTIONS, POST"),
        ("PUT", "feed/clinic/Patient/1/_history/1", "GET, HEAD, OPTIONS"),
        ("POST", "fhir/metadata", "GET, HEAD, OPTIONS"),
        ("POST", "fhir/Patient", "GET, HEAD, OPTIONS"),
        ("PUT", "fhir/Patient/1", "GET, HEAD, OPTIONS"),
        ("DELETE", "fhir/Observation/1", "GET, HEAD, OPTIONS"),
        ("PATCH", "fhir/Patient/1", "GET, HEAD, OPTIONS"),
        ("PUT", "fhir", "GET, HEAD, OPTIONS, POST"),
        ("DELETE", "fhir/", "GET, HEAD, OPTIONS, POST"),
        ("TRACE", "fhir/Patient/1", "GET, HEAD, OPTIONS"),
        ("PROPFIND", "fhir/Patient/1", "GET, HEAD, OPTIONS"),
        ("TRACE", "feed/clinic/Patient/1", "DELETE, GET, HEAD, OPTIONS, PATCH, PUT"),
    ],
)
def test_H2_a_verb_that_does_not_fit_is_405_with_allow(
    clinic: Caller, method: str, path: str, allow: str
) -> None:
    answer = clinic.ask(method, path)

    assert (answer.status_code, answer.headers["Allow"]) == (405, allow)
    assert answer.json()["resourceType"] == "OperationOutcome"


def test_H2_a_write_on_fhir_says_where_to_write(clinic: Caller) -> None:
    answer = clinic.ask("POST", "fhir/Patient", PATIENT)

    assert code(answer) == "http.write-elsewhere"
    assert answer.json()["issue"][0]["diagnostics"] == "Write to the base of your feed, /feed/<feed>/Patient."


@pytest.mark.parametrize(
    ("accept", "status"),
    [
        ("application/fhir+json", 200),
        ("application/json", 200),
        ("text/json", 200),
        ("*/*", 200),
        ("", 200),
        ("text/html, application/xhtml+xml, */*;q=0.8", 200),
        ("application/fhir+json, application/fhir+xml;q=0.5", 200),
        ("image/png", 406),
        ("application/fhir+json;q=0", 406),
    ],
)
def test_H3_accept_decides_the_format_or_406(clinic: Caller, accept: str, status: int) -> None:
    answer = clinic.get("fhir/Patient?_count=0", Accept=accept)

    assert answer.status_code == status
    assert answer.headers["Content-Type"] == "application/fhir+json; charset=utf-8"


@pytest.mark.parametrize(
    ("wanted", "status"),
    [
        ("json", 200),
        ("application/json", 200),
        ("application/fhir+json", 200),
        ("application/fhir%2Bjson", 200),
        ("text/json", 200),
        ("ttl", 406),
        ("html", 406),
    ],
)
def test_H4_format_beats_accept(clinic: Caller, wanted: str, status: int) -> None:
    assert clinic.get(f"fhir/Patient?_count=0&_format={wanted}", Accept="image/png").status_code == status


def test_H4_a_form_may_hold_the_format_as_well(clinic: Caller) -> None:
    form = "application/x-www-form-urlencoded"

    answers = [
        clinic.ask("POST", "fhir/Patient/_search", f"_count=0&_format={wanted}", Content_Type=form)
        for wanted in ("json", "xml")
    ]

    assert [answer.status_code for answer in answers] == [200, 200]
    types = ["application/fhir+json; charset=utf-8", "application/fhir+xml; charset=utf-8"]
    assert [answer.headers["Content-Type"] for answer in answers] == types


@pytest.mark.parametrize(
    ("content_type", "status"),
    [
        ("", 415),
        ("text/plain", 415),
        ("application/fhir+json; charset=latin-1", 415),
        ("application/fhir+json; charset=UTF-8", 201),
        ("application/json", 201),
    ],
)
def test_H5_the_content_type_of_a_body_counts(clinic: Caller, content_type: str, status: int) -> None:
    answer = clinic.ask("POST", "feed/clinic/Patient", json.dumps(PATIENT), Content_Type=content_type)

    assert answer.status_code == status


def test_H5_a_body_packed_in_an_unknown_way_is_refused_and_not_read_as_json(clinic: Caller) -> None:
    body = gzip.compress(json.dumps(PATIENT).encode())

    answer = clinic.ask("POST", "feed/clinic/Patient", body, Content_Type=JSON, Content_Encoding="br")

    assert (answer.status_code, code(answer)) == (415, "http.content-encoding")
    assert answer.headers["Accept-Encoding"] == "gzip"


@pytest.mark.parametrize("headers", [{}, {"Content_Type": JSON}], ids=["bare", "typed"])
@pytest.mark.parametrize("body", [None, b"", b" \r\n"], ids=["none", "empty", "blank"])
def test_H5_a_write_without_a_resource_says_that_there_is_none(
    clinic: Caller, body: bytes | None, headers: dict[str, str]
) -> None:
    written = clinic.ask("POST", "feed/clinic/Patient", body, **headers)
    updated = clinic.ask("PUT", "feed/clinic/Patient/bodiless", body, **headers)

    untyped = bool(body) and not headers
    wanted = (415, "http.no-content-type") if untyped else (400, "http.empty-body")
    assert [(answer.status_code, code(answer)) for answer in (written, updated)] == [wanted] * 2
    assert clinic.get("feed/clinic/Patient/bodiless").status_code == 404


@pytest.mark.parametrize(("version", "status"), [("4.0", 200), ("4.0.1", 200), ("3.0", 406), ("5.0", 406)])
def test_H6_another_fhir_version_is_refused_in_accept(clinic: Caller, version: str, status: int) -> None:
    accept = f"application/fhir+json; fhirVersion={version}"

    assert clinic.get("fhir/Patient?_count=0", Accept=accept).status_code == status


@pytest.mark.parametrize(("version", "status"), [("4.0", 201), ("3.0", 415)])
def test_H6_another_fhir_version_is_refused_in_a_body(clinic: Caller, version: str, status: int) -> None:
    content_type = f"application/fhir+json; fhirVersion={version}"
    answer = clinic.ask("POST", "feed/clinic/Patient", json.dumps(PATIENT), Content_Type=content_type)

    assert answer.status_code == status


def test_H7_utf8_comes_back_as_it_was_sent_and_a_byte_order_mark_does_no_harm(clinic: Caller) -> None:
    body = json.dumps({**PATIENT, "name": [{"family": "Żółć", "given": ["Zoë", "王"]}]}, ensure_ascii=False)

    answer = clinic.ask("POST", "feed/clinic/Patient", b"\xef\xbb\xbf" + body.encode(), Content_Type=JSON)

    assert answer.status_code == 201
    assert answer.headers["Content-Type"].endswith("charset=utf-8")
    assert answer.json()["name"] == [{"family": "Żółć", "given": ["Zoë", "王"]}]


def test_H8_pretty_changes_white_space_only(clinic: Caller) -> None:
    id = clinic.tell("clinic", PATIENT)["id"]

    plain = clinic.get(f"feed/clinic/Patient/{id}").text
    pretty = clinic.get(f"feed/clinic/Patient/{id}?_pretty=true").text

    assert "\n  " in pretty and "\n" not in plain
    assert json.loads(pretty) == json.loads(plain)


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ('{"resourceType":"Patient","active":true,"active":false}', ""),
        ('{"resourceType":"Patient","favourite":1}', "Patient.favourite"),
        ('{"resourceType":"Patient","name":[]}', "Patient.name"),
        ('{"resourceType":"Patient","name":[{}]}', "Patient.name[0]"),
        ('{"resourceType":"Patient","gender":""}', "Patient.gender"),
        ('{"resourceType":"Patient","gender":null}', "Patient.gender"),
        ('{"resourceType":"Patient","active":"true"}', "Patient.active"),
        ('{"resourceType":"Patient","name":[{"family":7}]}', "Patient.name[0].family"),
    ],
)
def test_H9_json_that_fhir_does_not_allow_is_400_with_its_place(clinic: Caller, body: str, path: str) -> None:
    answer = clinic.ask("POST", "feed/clinic/Patient", body, Content_Type=JSON)

    assert answer.status_code == 400
    assert answer.json()["issue"][0].get("expression", [""])[0] == path


@pytest.mark.parametrize("number", ["1.00", "92.10", "1e-24", "0.000000000000000000000001", "100", "-0.0"])
def test_H10_a_decimal_keeps_its_precision(clinic: Caller, number: str) -> None:
    body = json.dumps({**OBSERVATION, "valueQuantity": "@"}).replace('"@"', '{"value":' + number + "}")
    id = clinic.ask("POST", "feed/clinic/Observation", body, Content_Type=JSON).json()["id"]

    for shape in ("", "?_pretty=true", "?_elements=value"):
        text = clinic.get(f"feed/clinic/Observation/{id}{shape}").text
        assert f'"value":{number}}}' in text.replace(" ", "").replace("\n", "")


def test_H11_a_control_character_that_fhir_does_not_allow_is_refused(clinic: Caller) -> None:
    body = json.dumps({**PATIENT, "name": [{"text": "a\u0001b\u0000"}]})

    answer = clinic.ask("POST", "feed/clinic/Patient", body, Content_Type=JSON)

    assert (answer.status_code, code(answer)) == (422, "resource.value")


@pytest.mark.parametrize("text", ["a\x7fb", "a\tb\r\nc", "\\u0001 \\x00", "\u2028", "\U0001f9d2"])
def test_H11_unusual_characters_come_back(clinic: Caller, text: str) -> None:
    body = {**PATIENT, "name": [{"text": text}]}

    answer = clinic.ask("POST", "feed/clinic/Patient", body)

    assert answer.status_code == 201
    id = answer.json()["id"]
    assert clinic.get(f"feed/clinic/Patient/{id}").json()["name"] == [{"text": text}]


def test_H12_read_vread_create_and_update_carry_etag_and_date(clinic: Caller) -> None:
    created = clinic.ask("POST", "feed/clinic/Patient", PATIENT)
    id = created.json()["id"]
    updated = clinic.ask("PUT", f"feed/clinic/Patient/{id}", {**PATIENT, "id": id, "active": True})
    read = clinic.get(f"feed/clinic/Patient/{id}")
    vread = clinic.get(f"feed/clinic/Patient/{id}/_history/1")

    tags = [answer.headers["ETag"] for answer in (created, updated, read, vread)]
    assert tags == ['W/"1"', 'W/"2"', 'W/"2"', 'W/"1"']
    assert all(answer.headers["Last-Modified"].endswith("GMT") for answer in (created, updated, read, vread))


def test_H13_request_and_correlation_ids_are_echoed_and_only_the_first_is_made(clinic: Caller) -> None:
    given = clinic.get("fhir/Patient?_count=0", X_Request_ID="abc-1.2", X_Correlation_ID="whole:7")
    none = clinic.get("fhir/Patient?_count=0")
    unsafe = clinic.get("fhir/Patient?_count=0", X_Request_ID="a b<c>", X_Correlation_ID="x" * 129)

    assert (given.headers["X-Request-ID"], given.headers["X-Correlation-ID"]) == ("abc-1.2", "whole:7")
    assert len(none.headers["X-Request-ID"]) == 32 and "X-Correlation-ID" not in none.headers
    assert len(unsafe.headers["X-Request-ID"]) == 32 and "X-Correlation-ID" not in unsafe.headers


def test_H14_forwarding_headers_of_anybody_change_no_link(clinic: Caller) -> None:
    sent = {
        "X_Forwarded_Host": "evil.example",
        "X_Forwarded_Proto": "https",
        "Forwarded": "host=evil.example",
    }

    answer = clinic.get("fhir/Patient?_count=0", **sent)

    assert answer.json()["link"][0]["url"] == f"{clinic.url}/fhir/Patient?_count=0"


def test_H14_a_host_that_is_none_does_not_get_into_links(clinic: Caller) -> None:
    answer = clinic.get("fhir/Patient?_count=0", Host='a"b<c>')

    assert "b<c>" not in answer.text


class FromProxy(HTTPAdapter):
    """Sends from the address of the proxy that the gateway trusts."""

    def init_poolmanager(self, *given: Any, **more: Any) -> None:
        super().init_poolmanager(*given, **more, source_address=("127.0.0.2", 0))


@pytest.mark.parametrize(
    ("headers", "origin"),
    [
        ({"X_Forwarded_Proto": "https", "X_Forwarded_Host": "records.example"}, "https://records.example"),
        (
            {"X_Forwarded_Proto": "https", "X_Forwarded_Host": "records.example", "X_Forwarded_Port": "8443"},
            "https://records.example:8443",
        ),
        (
            {
                "X_Forwarded_Proto": "https",
                "X_Forwarded_Host": "records.example:8443",
                "X_Forwarded_Port": "1",
            },
            "https://records.example:8443",
        ),
        (
            {"X_Forwarded_Proto": "https", "X_Forwarded_Host": "records.example", "X_Forwarded_Port": "443"},
            "https://records.example",
        ),
        (
            {"X_Forwarded_Proto": "https", "X_Forwarded_Host": "a.example", "X_Forwarded_Prefix": "/gate/"},
            "https://a.example/gate",
        ),
        ({"Forwarded": "for=192.0.2.1;proto=https;host=records.example"}, "https://records.example"),
        (
            {"Forwarded": 'host=evil.example;proto=http, for=192.0.2.1;proto=https;host="a.example:1"'},
            "https://a.example:1",
        ),
        ({"X_Forwarded_Proto": "https", "X_Forwarded_Host": "a b<c>"}, ""),
        ({"X_Forwarded_Proto": "gopher", "X_Forwarded_Host": "a.example"}, ""),
    ],
)
def test_H14_a_trusted_proxy_decides_where_links_lead(
    clinic: Caller, headers: dict[str, str], origin: str
) -> None:
    proxied = Caller(clinic.url, clinic.token)
    proxied.session.mount("http://", FromProxy())

    links = [proxied.get("fhir/Patient?_count=0", **headers).json()["link"][0]["url"]]
    links.append(proxied.get("fhir/Patient?_count=0&_pretty=true", **headers).json()["link"][0]["url"])
    created = proxied.ask("POST", "feed/clinic/Patient", PATIENT, **headers)

    where = origin or clinic.url
    assert all(link.startswith(f"{where}/fhir/Patient?_count=0") for link in links)
    assert created.headers["Location"].startswith(f"{where}/feed/clinic/Patient/")


def test_H17_an_answer_for_later_is_given_now(clinic: Caller) -> None:
    read = clinic.get("fhir/Patient?_count=0", Prefer="respond-async")
    written = clinic.ask("POST", "feed/clinic/Patient", PATIENT, Prefer="respond-async, return=minimal")

    assert (read.status_code, written.status_code) == (200, 201)
    assert "Content-Location" not in read.headers and written.content == b""


@pytest.mark.parametrize(
    "path", ["fhir/Patient/unknown", "fhir/Patient?_count=1", "feed/clinic/Patient", "x"]
)
def test_H20_nothing_is_to_be_kept_by_caches(clinic: Caller, path: str) -> None:
    assert clinic.get(path).headers["Cache-Control"] == "no-store"


def test_H18_head_is_get_without_the_body(clinic: Caller) -> None:
    id = clinic.tell("clinic", PATIENT)["id"]

    head = clinic.ask("HEAD", f"feed/clinic/Patient/{id}")
    get = clinic.get(f"feed/clinic/Patient/{id}")

    assert (head.status_code, head.content) == (200, b"")
    for name in ("ETag", "Last-Modified", "Content-Type", "Content-Length"):
        assert head.headers[name] == get.headers[name]


def test_H19_options_says_what_can_be_done(clinic: Caller) -> None:
    answer = clinic.ask("OPTIONS", "fhir/Patient/1")

    assert (answer.status_code, answer.headers["Allow"]) == (204, "GET, HEAD, OPTIONS")


ASKS = {"Access_Control_Request_Method": "PUT", "Access_Control_Request_Headers": "authorization,if-match"}


def test_H19_a_page_that_is_let_in_may_ask_and_write(served: Served) -> None:
    path, origin = "feed/clinic/Patient/1", "https://app.example"

    asked = served.caller("").ask("OPTIONS", path, Origin=origin, **ASKS)
    answer = served.caller("clinic").get("fhir/Patient?_count=0", Origin=origin)
    refused = served.caller("").get("fhir/Patient?_count=0", Origin=origin)

    assert asked.status_code == 204
    assert "PUT" in asked.headers["Access-Control-Allow-Methods"].split(", ")
    allowed = asked.headers["Access-Control-Allow-Headers"].lower().split(", ")
    assert {"authorization", "content-type", "if-match", "if-none-exist", "prefer"} <= set(allowed)
    assert refused.status_code == 401
    for each in (asked, answer, refused):
        assert each.headers["Access-Control-Allow-Origin"] == origin
        assert "Origin" in each.headers["Vary"]
        assert "Access-Control-Allow-Credentials" not in each.headers
    assert {"ETag", "Location"} <= set(answer.headers["Access-Control-Expose-Headers"].split(", "))


@pytest.mark.parametrize("origin", ["https://evil.example", "https://app.example.evil.example", "null", ""])
def test_H19_any_other_page_is_not_let_in(served: Served, origin: str) -> None:
    asked = served.caller("").ask("OPTIONS", "feed/clinic/Patient/1", Origin=origin, **ASKS)
    answer = served.caller("clinic").get("fhir/Patient?_count=0", Origin=origin)

    assert all("Access-Control-Allow-Origin" not in each.headers for each in (asked, answer))


@pytest.mark.parametrize("accept", ["gzip", "deflate, gzip;q=0.5", "*", "x-gzip", "GZIP"])
def test_H21_a_long_answer_is_packed_when_that_is_asked_for(clinic: Caller, accept: str) -> None:
    path = "fhir/metadata"

    packed = clinic.get(path, Accept_Encoding=accept)
    plain = clinic.get(path, Accept_Encoding="identity")

    assert packed.headers["Content-Encoding"] == "gzip" and "Content-Encoding" not in plain.headers
    assert int(packed.headers["Content-Length"]) < len(plain.content) / 4
    assert packed.content == plain.content
    assert "Accept-Encoding" in packed.headers["Vary"]


@pytest.mark.parametrize("accept", ["identity", "br", "gzip;q=0", "gzip;q=0.000", "*;q=0", ""])
def test_H21_an_answer_is_not_packed_for_who_does_not_ask(clinic: Caller, accept: str) -> None:
    assert "Content-Encoding" not in clinic.get("fhir/metadata", Accept_Encoding=accept).headers


def test_H21_a_refusal_in_xml_may_be_packed_too(clinic: Caller) -> None:
    answer = clinic.get(
        "fhir/Patient?" + "&".join(f"n{n}=1" for n in range(40)), Accept="text/xml", Accept_Encoding="gzip"
    )

    assert (answer.status_code, answer.headers["Content-Encoding"]) == (400, "gzip")
    assert answer.content.startswith(b"<?xml")


@pytest.mark.parametrize("coding", ["gzip", "x-gzip", "GZIP"])
def test_H21_a_packed_body_is_read(clinic: Caller, coding: str) -> None:
    whole = json.dumps({**PATIENT, "name": [{"family": "Żółć"}]}).encode()
    halves = gzip.compress(whole[:30]) + gzip.compress(whole[30:])

    for body in (gzip.compress(whole), halves):
        answer = clinic.ask("POST", "feed/clinic/Patient", body, Content_Type=JSON, Content_Encoding=coding)
        assert answer.status_code == 201
        assert answer.json()["name"] == [{"family": "Żółć"}]


@pytest.mark.parametrize(
    "body", [b"{}", b"\x1f\x8b", gzip.compress(b"{}" * 99)[:-9]], ids=["json", "head", "cut"]
)
def test_H21_a_body_that_is_not_what_it_says_is_400(clinic: Caller, body: bytes) -> None:
    answer = clinic.ask("POST", "feed/clinic/Patient", body, Content_Type=JSON, Content_Encoding="gzip")

    assert (answer.status_code, code(answer)) == (400, "http.packed")


def test_H21_a_small_body_that_unfolds_to_a_large_one_is_413(clinic: Caller) -> None:
    bomb = gzip.compress(b" " * 50_000_000)
    assert len(bomb) < 100_000

    answer = clinic.ask("POST", "feed/clinic/Patient", bomb, Content_Type=JSON, Content_Encoding="gzip")

    assert (answer.status_code, code(answer)) == (413, "http.too-large")
    assert clinic.get("fhir/Patient?_count=0").status_code == 200


def test_H22_a_body_over_the_limit_is_413(clinic: Caller) -> None:
    body = {**PATIENT, "name": [{"text": "x" * 210_000}]}

    answer = clinic.ask("POST", "feed/clinic/Patient", body)

    assert (answer.status_code, code(answer)) == (413, "http.too-large")


def test_H22_a_body_that_does_not_say_its_length_is_cut_off_at_the_limit(clinic: Caller) -> None:
    headers = {"Authorization": f"Bearer {clinic.token}", "Content-Type": JSON}
    whole = json.dumps({**PATIENT, "active": True}).encode()

    def sent(size: int) -> Any:
        yield b" " * size
        yield whole

    small = requests.post(f"{clinic.url}/feed/clinic/Patient", data=sent(10), headers=headers, timeout=30)
    large = requests.post(
        f"{clinic.url}/feed/clinic/Patient", data=sent(300_000), headers=headers, timeout=30
    )

    assert (small.status_code, large.status_code) == (201, 413)


def test_H22_an_address_over_the_limit_is_414_and_may_be_sent_by_post(clinic: Caller) -> None:
    wanted = f"family={'b' * 40_000}"
    form = "application/x-www-form-urlencoded"

    refused = clinic.get(f"fhir/Patient?{wanted}")

    assert (refused.status_code, code(refused)) == (414, "http.address-long")
    assert "_search" in refused.json()["issue"][0]["diagnostics"]
    assert clinic.get(f"fhir/Patient?family={'b' * 30_000}").status_code == 200
    assert clinic.ask("POST", "fhir/Patient/_search", wanted, Content_Type=form).status_code == 200


def test_H22_too_many_parameters_are_400(clinic: Caller) -> None:
    answer = clinic.get("fhir/Patient?" + "&".join("name=a" for _ in range(600)))

    assert answer.status_code == 400
    assert answer.json()["issue"][0]["code"] == "too-costly"


@pytest.mark.parametrize(
    ("method", "path", "client", "headers", "status"),
    [
        ("GET", "fhir/Patient?nonsense=1", "clinic", {}, 400),
        ("GET", "fhir/Patient/x", "", {}, 401),
        ("GET", "fhir/Patient/x", "", {"Authorization": "Basic YTpi"}, 401),
        ("GET", "fhir/Patient/x", "", {"Authorization": "Bearer nonsense"}, 401),
        ("POST", "feed/clinic/Patient", "", {}, 401),
        ("GET", "fhir/Patient/x", "observer", {}, 403),
        ("GET", "fhir/Observation/x", "nobody", {}, 403),
        ("GET", "feed/council/Patient/x", "clinic", {}, 403),
        ("GET", "feed/there-is-none/Patient/x", "clinic", {}, 403),
        ("GET", "fhir/Patient/x", "clinic", {}, 404),
        ("GET", "nowhere", "clinic", {}, 404),
        ("GET", "feed", "clinic", {}, 404),
        ("GET", "fhir", "clinic", {}, 400),
        ("POST", "feed/clinic", "clinic", {"Content-Type": JSON}, 400),
        ("GET", "fhir/Patient/1/$everything", "clinic", {}, 404),
        ("GET", "fhir//Patient", "clinic", {}, 404),
        ("DELETE", "fhir/Patient", "clinic", {}, 405),
        ("DELETE", "health", "clinic", {}, 405),
        ("GET", "fhir/Patient/x", "clinic", {"Accept": "image/png"}, 406),
        ("PUT", "feed/clinic/Patient/x", "clinic", {"If-Match": 'W/"9"', "Content-Type": JSON}, 412),
        ("POST", "feed/clinic/Patient", "clinic", {"If-None-Exist": "", "Content-Type": JSON}, 412),
        ("POST", "feed/clinic/Patient", "clinic", {"Content-Type": "text/csv"}, 415),
        ("POST", "feed/clinic/Patient", "clinic", {"Content-Type": JSON, "Content-Encoding": "br"}, 415),
    ],
)
def test_H23_every_refusal_is_an_operation_outcome(
    served: Served, method: str, path: str, client: str, headers: dict[str, str], status: int
) -> None:
    body = json.dumps({**PATIENT, "id": "x"}) if method in ("POST", "PUT") else None

    answer = served.caller(client).ask(method, path, body, **headers)

    assert answer.status_code == status
    assert answer.headers["Content-Type"] == "application/fhir+json; charset=utf-8"
    outcome = OperationOutcome.model_validate_json(answer.content)
    assert all(issue.severity == "error" and issue.details.text for issue in outcome.issue)
    assert (status == 401) == ("WWW-Authenticate" in answer.headers) or status == 403


def test_H23_a_token_that_ended_is_401_expired(served: Served) -> None:
    old = Caller(served.url, token_for(served.config, "clinic", time.time() - 7200))

    answer = old.get("fhir/Patient/x")

    assert answer.status_code == 401
    assert answer.json()["issue"][0]["code"] == "expired"
    assert 'error="invalid_token"' in answer.headers["WWW-Authenticate"]


def test_H25_percent_signs_in_query_and_form_mean_the_same(clinic: Caller) -> None:
    family = f"O'Brien-{uuid4().hex[:8]} Smith"
    clinic.tell("clinic", {**PATIENT, "name": [{"family": family}]})
    plus, percent = family.replace(" ", "+"), family.replace(" ", "%20").replace("'", "%27")
    form = "application/x-www-form-urlencoded"

    totals = [clinic.get(f"fhir/Patient?family={word}").json()["total"] for word in (plus, percent)]
    totals += [
        clinic.ask("POST", "fhir/Patient/_search", f"family={word}", Content_Type=form).json()["total"]
        for word in (plus, percent)
    ]

    assert totals == [1, 1, 1, 1]


def test_H25_a_bar_may_be_written_either_way(clinic: Caller) -> None:
    value = uuid4().hex
    clinic.tell("clinic", {**PATIENT, "identifier": [{"system": "urn:x", "value": value}]})

    found = [
        clinic.get(f"feed/clinic/Patient?identifier=urn:x{bar}{value}").json()["total"]
        for bar in ("|", "%7C")
    ]

    assert found == [1, 1]


@pytest.mark.parametrize("query", ["name=%FF", "name=%ED%A0%80", "%FF=1"])
def test_H25_bytes_that_are_no_text_are_400(clinic: Caller, query: str) -> None:
    answer = clinic.get(f"fhir/Patient?{query}")

    assert (answer.status_code, code(answer)) == (400, "http.query-text")


SECRET = "Zebulon9990000018"
BEHIND = (
    "Traceback",
    'File "',
    ".py",
    "sqlite",
    "psycopg",
    "SELECT ",
    "INSERT ",
    "/tmp/",
    "gateway.",
    SECRET,
)
PROVOKING = [
    ("GET", f"fhir/Patient?nonsense={SECRET}", None, {}),
    ("GET", f"fhir/Patient?birthdate={SECRET}", None, {}),
    ("GET", f"fhir/Patient?_cursor={SECRET}", None, {}),
    ("GET", f"fhir/Patient?_format={SECRET}", None, {}),
    ("GET", f"fhir/Patient?link.nonsense={SECRET}", None, {}),
    ("GET", f"fhir/Patient/{SECRET}", None, {}),
    ("GET", f"fhir/Patient/{SECRET}/_history/{SECRET}", None, {}),
    ("GET", f"fhir/{SECRET}", None, {}),
    ("GET", f"fhir/Patient/${SECRET}", None, {}),
    ("GET", f"feed/{SECRET}/Patient", None, {}),
    ("GET", f"feed/clinic/_history?_since={SECRET}", None, {}),
    ("GET", f"{SECRET}", None, {}),
    ("GET", f"fhir/Patient/x?_format=xml&nonsense={SECRET}", None, {}),
    ("PUT", f"feed/clinic/Patient/{SECRET}", PATIENT, {"If-Match": SECRET}),
    ("PUT", "feed/clinic/Patient/x", {**PATIENT, "id": SECRET}, {}),
    ("POST", "feed/clinic/Patient", {**PATIENT, "nonsense": SECRET}, {}),
    ("POST", "feed/clinic/Patient", {**PATIENT, "gender": SECRET}, {}),
    ("POST", "feed/clinic/Patient", {**PATIENT, "birthDate": SECRET}, {}),
    ("POST", "feed/clinic/Patient", {**PATIENT, "name": SECRET}, {}),
    ("POST", "feed/clinic/Patient", {"resourceType": SECRET}, {}),
    ("POST", "feed/clinic/Patient", f'{{"resourceType": "Patient", "a": {SECRET}', {"Content-Type": JSON}),
    ("POST", "feed/clinic/Patient", f"<Patient><{SECRET}></Patient>", {"Content-Type": "text/xml"}),
    ("POST", "feed/clinic/Patient", "x", {"Content-Type": SECRET}),
    ("POST", "feed/clinic/Patient", "x", {"Content-Type": JSON, "Content-Encoding": SECRET}),
    ("POST", "feed/clinic/Patient/_search", f"birthdate={SECRET}", {"Content-Type": "text/plain"}),
    (
        "PATCH",
        "feed/clinic/Patient/x",
        f'[{{"op": "{SECRET}"}}]',
        {"Content-Type": "application/json-patch+json"},
    ),
    ("GET", "fhir/Patient/x", None, {"Accept": SECRET}),
    ("GET", "fhir/Patient/x", None, {"Authorization": f"Bearer {SECRET}"}),
    ("GET", "fhir/Patient/x", None, {"Host": f"{SECRET}<>"}),
]


@pytest.mark.parametrize(("method", "path", "body", "headers"), PROVOKING)
def test_H24_a_refusal_tells_nothing_of_the_inside_and_repeats_no_value(
    clinic: Caller, method: str, path: str, body: Any, headers: dict[str, str]
) -> None:
    answer = clinic.ask(method, path, body, **headers)

    assert 400 <= answer.status_code < 500
    told = answer.text.replace("gateway-problem", "").replace("fhirgate.example", "")
    assert not [word for word in BEHIND if word in told]
