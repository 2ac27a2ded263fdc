"""The operations about who a child is, over HTTP: `$ihe-pix`, `$merge`, `$cci-…`, and HAPI's `$mdm-…`."""

from collections.abc import Iterator
from typing import Any

import pytest
from deciders import Client, deciding
from gates import BASE, load, ndjson
from invented import NHS, nhs, upn

from gateway.identity import cci as ccis
from gateway.security import audit
from gateway.service import Gateway
from gateway.web.site import Site

ENDED = {"tag": [{"system": f"{BASE}/CodeSystem/life", "code": "ended"}]}
UPN, CCI = f"{BASE}/Id/upn", f"{BASE}/Id/cci"


@pytest.fixture
def site(tmp_path: Any) -> Iterator[Site]:
    with deciding(tmp_path) as made:
        yield made


def person(id: str, given: str, born: str, **numbers: str) -> dict[str, Any]:
    systems = {"nhs": NHS, "upn": UPN}
    return {
        "resourceType": "Patient",
        "id": id,
        "birthDate": born,
        "name": [{"family": "Canarybird", "given": [given]}],
        "identifier": [{"system": systems[name], "value": value} for name, value in numbers.items()],
    }


@pytest.fixture
def gateway(site: Site) -> Gateway:
    """Two children of two records each, and something about the first."""
    gateway = site.door.gateway
    about = {
        "resourceType": "Observation",
        "id": "o1",
        "status": "final",
        "code": {"text": "canarynote"},
        "subject": {"reference": "Patient/a2"},
    }
    one = {"nhs": nhs(1), "upn": upn(1)}
    load(
        gateway,
        "clinic",
        ndjson(person("a1", "Ola", "2012-03-04", nhs=nhs(1)), person("b1", "Kari", "2013-05-06", nhs=nhs(2))),
    )
    load(
        gateway,
        "school",
        ndjson(
            person("a2", "Ola", "2012-03-04", **one), about, person("b2", "Kari", "2013-05-06", nhs=nhs(2))
        ),
    )
    return gateway


@pytest.fixture
def registrar(site: Site, gateway: Gateway) -> Client:
    return Client(site, "registrar")


@pytest.fixture
def health(site: Site, gateway: Gateway) -> Client:
    return Client(site, "clinic")


def patient(client: Client, number: str) -> dict[str, Any]:
    (entry,) = client.get(f"/fhir/Patient?identifier={NHS}|{number}").json["entry"]
    return dict(entry["resource"])


def named(answer: Any, name: str) -> list[Any]:
    assert answer.status_code < 300, answer.text
    return [
        next(value for key, value in each.items() if key != "name")
        for each in answer.json.get("parameter", [])
        if each["name"] == name
    ]


def issue(answer: Any) -> tuple[int, str, str]:
    (first, *_) = answer.json["issue"]
    return answer.status_code, first["code"], first["details"]["coding"][0]["code"]


def test_pix_gives_the_other_numbers_of_a_child_and_never_the_one_asked_by(registrar: Client) -> None:
    answer = registrar.get(f"/fhir/Patient/$ihe-pix?sourceIdentifier={NHS}|{nhs(1)}")

    found = {each["system"]: each["value"] for each in named(answer, "targetIdentifier")}
    assert found[UPN] == upn(1) and NHS not in found and CCI in found
    (reference,) = named(answer, "targetId")
    assert reference["reference"].endswith(f"/fhir/Patient/{patient(registrar, nhs(1))['id']}")
    only = registrar.get(f"/fhir/Patient/$ihe-pix?sourceIdentifier={NHS}|{nhs(1)}&targetSystem={CCI}")
    assert [each["system"] for each in named(only, "targetIdentifier")] == [CCI]
    assert named(only, "targetId") == []
    as_xml = registrar.ask(
        "GET", f"/fhir/Patient/$ihe-pix?sourceIdentifier={NHS}|{nhs(1)}", Accept="application/fhir+xml"
    )
    assert as_xml.status_code == 200 and "<Parameters" in as_xml.text


def test_pix_says_what_it_does_not_know(registrar: Client, health: Client) -> None:
    path = "/fhir/Patient/$ihe-pix"

    assert issue(registrar.get(path))[:2] == (400, "required")
    assert issue(registrar.get(f"{path}?sourceIdentifier=7"))[:2] == (400, "value")
    unknown = registrar.get(f"{path}?sourceIdentifier={NHS}|{nhs(9)}")
    assert issue(unknown) == (404, "not-found", "pix.unknown")
    assert "sourceIdentifier Patient Identifier not found" in unknown.text
    domain = registrar.get(f"{path}?sourceIdentifier=https://nobody.example|1")
    assert issue(domain) == (400, "code-invalid", "pix.source-domain")
    target = registrar.get(f"{path}?sourceIdentifier={NHS}|{nhs(1)}&targetSystem=https://nobody.example")
    assert issue(target) == (403, "code-invalid", "pix.target-domain")
    # to health, a UPN is a number of no domain, known or not
    for number in (upn(1), upn(8)):
        assert issue(health.get(f"{path}?sourceIdentifier={UPN}|{number}"))[2] == "pix.source-domain"
    assert (
        issue(health.get(f"{path}?sourceIdentifier={NHS}|{nhs(1)}&targetSystem={UPN}"))[2]
        == "pix.target-domain"
    )
    assert upn(1) not in health.get(f"{path}?sourceIdentifier={NHS}|{nhs(1)}").text


def test_a_merge_over_http_takes_two_persons_and_can_be_seen_before(registrar: Client) -> None:
    first, second = patient(registrar, nhs(1)), patient(registrar, nhs(2))
    refs = {
        "source_patient": {"reference": f"Patient/{first['id']}"},
        "target_patient": {"reference": f"Patient/{second['id']}"},
    }

    (seen,) = named(registrar.does("/fhir/Patient/$merge", preview="true", **refs), "result")
    assert seen["link"] == [{"other": {"reference": f"Patient/{first['id']}"}, "type": "replaces"}]
    assert "link" not in registrar.get(f"/fhir/Patient/{second['id']}").json
    for _ in range(2):
        waits = registrar.does("/fhir/Patient/$merge", **refs)
        (told,) = named(waits, "outcome")
        assert (waits.status_code, told["issue"][0]["details"]["coding"][0]["code"]) == (202, "life.waits")

    # another name of the same client is not another person
    assert registrar.does("/fhir/Patient/$merge", author="bob", **refs).status_code == 202

    done = Client(registrar.site, "trust").does("/fhir/Patient/$merge", author="bob", **refs)

    assert named(done, "result")[0]["id"] == second["id"]
    old = registrar.get(f"/fhir/Patient/{first['id']}").json
    assert old["active"] is False and old["link"][0]["type"] == "replaced-by"
    pix = registrar.get(f"/fhir/Patient/$ihe-pix?sourceIdentifier={NHS}|{nhs(1)}")
    assert any(each["reference"].endswith(second["id"]) for each in named(pix, "targetId"))
    back = registrar.does(f"/fhir/Patient/{first['id']}/$cci-unmerge")
    assert named(back, "result")[0]["id"] == first["id"]
    assert patient(registrar, nhs(1)) == first and patient(registrar, nhs(2)) == second


def test_a_person_that_the_token_names_is_one_through_whatever_client(
    registrar: Client, site: Site, gateway: Gateway
) -> None:
    first, second = patient(registrar, nhs(1)), patient(registrar, nhs(2))
    refs = {
        "source_patient": {"reference": f"Patient/{first['id']}"},
        "target_patient": {"reference": f"Patient/{second['id']}"},
    }
    ann, bob = (Client(site, "registrar", person=name) for name in ("ann@council", "bob@council"))
    assert issue(registrar.does("/fhir/Patient/$merge", author="", **refs))[2] == "operation.missing"

    assert ann.does("/fhir/Patient/$merge", author="", **refs).status_code == 202
    assert ann.does("/fhir/Patient/$merge", author="Bob Hill", **refs).status_code == 202
    again = Client(site, "trust", person="ann@council")
    assert again.does("/fhir/Patient/$merge", author="Bob Hill", **refs).status_code == 202
    assert bob.does("/fhir/Patient/$merge", author="Bob Hill", **refs).status_code == 200

    child = gateway.store.child(id=first["id"])
    assert child is not None
    (event,) = [one for one in gateway.store.life(child=child.number, what="merged") if one.stands]
    assert event.author == f"Bob Hill (bob@council of {BASE})"
    assert event.second == f"ann@council of {BASE}"
    looks = [audit.read(body).name for body in gateway.trail.looks(first["id"])]
    assert "bob@council at registrar" in looks and "registrar" in looks


def test_who_may_not_decide_is_refused_and_nothing_changes(
    registrar: Client, health: Client, gateway: Gateway
) -> None:
    first = patient(registrar, nhs(1))
    before = list(gateway.store.dump())

    for path in (
        "/fhir/Patient/$merge",
        "/fhir/Patient/$cci-unseal",
        "/fhir/Patient/$cci-confirm",
        *(f"/fhir/Patient/{first['id']}/$cci-{what}" for what in ("seal", "split", "unmerge", "distinct")),
    ):
        assert issue(health.does(path))[2] == "security.may-not-decide", path
        nameless = registrar.ask("POST", path, {"resourceType": "Parameters"})
        assert nameless.status_code in (400, 422), path
    twice = {"reference": f"Patient/{first['id']}"}
    assert (
        issue(registrar.does("/fhir/Patient/$merge", source_patient=twice, target_patient=twice))[2]
        == "life.itself"
    )
    both = {
        "source_patient": twice,
        "target_patient": {"reference": f"Patient/{patient(registrar, nhs(2))['id']}"},
    }
    assert issue(registrar.does("/fhir/Patient/$merge", preview="yes", **both))[2] == "operation.value"
    nowhere = registrar.does(f"/fhir/Patient/{first['id']}/$cci-split", record="nowhere/a2")
    assert issue(nowhere)[2] == "service.unknown-feed"
    gone = {"reference": "Patient/nobody"}
    assert (
        issue(registrar.does("/fhir/Patient/$merge", source_patient=twice, target_patient=gone))[2]
        == "operation.one-child"
    )
    assert list(gateway.store.dump()) == before


def test_a_seal_is_confirmed_by_two_persons_over_http(
    registrar: Client, site: Site, gateway: Gateway
) -> None:
    first = patient(registrar, nhs(1))
    (seal,) = named(registrar.does(f"/fhir/Patient/{first['id']}/$cci-seal"), "seal")
    path, given = "/fhir/Patient/$cci-confirm", {"seal": str(seal)}

    assert issue(registrar.does(path, author="bob", **given))[2] == "life.known", "the client is one person"
    for wrong, expected in (("x", "operation.value"), ("999", "life.not-sealed")):
        assert issue(registrar.does(path, seal=wrong))[2] == expected
    done = Client(site, "registrar", person="bob").does(path, **given)

    assert done.status_code == 200 and first["id"] not in done.text
    assert [persons for _, persons in gateway.lives.seals()] == [2]
    school = patient(registrar, nhs(2))
    load(gateway, "school", ndjson(person("b2", "Kari", "2013-05-06", nhs=nhs(2)) | {"meta": ENDED}))
    assert registrar.get(f"/fhir/Patient/{school['id']}").status_code == 404
    _, announced = (event.number for event, _ in gateway.lives.seals())
    assert registrar.does(path, seal=str(announced)).status_code == 202, "a file is nobody"
    assert Client(site, "trust").does(path, seal=str(announced)).status_code == 200


def test_a_split_and_twins_over_http(registrar: Client) -> None:
    first, second = patient(registrar, nhs(1)), patient(registrar, nhs(2))

    (part,) = named(registrar.does(f"/fhir/Patient/{first['id']}/$cci-split", record="school/a2"), "result")
    assert part["id"] not in (first["id"], second["id"])
    apart = registrar.does(
        f"/fhir/Patient/{first['id']}/$cci-distinct", other={"reference": f"Patient/{part['id']}"}
    )
    assert apart.status_code == 200
    refs = {
        "source_patient": {"reference": f"Patient/{part['id']}"},
        "target_patient": {"reference": f"Patient/{first['id']}"},
    }
    assert issue(registrar.does("/fhir/Patient/$merge", **refs))[2] == "life.distinct"


def test_links_are_explained_in_words_and_in_hapis_shape(registrar: Client, health: Client) -> None:
    first = patient(registrar, nhs(1))

    explained = named(registrar.get(f"/fhir/Patient/{first['id']}/$cci-explain"), "link")
    said = [
        {each["name"]: next(v for k, v in each.items() if k != "name") for each in link} for link in explained
    ]
    assert [(one["feed"], one["what"], one["reason"]) for one in said] == [
        ("clinic", "linked", "new-child"),
        ("school", "linked", "same-nhs-number"),
    ]
    assert all(one["sentence"].endswith(".") for one in said)
    links = registrar.get(f"/fhir/$mdm-query-links?goldenResourceId=Patient/{first['id']}")
    assert len(named(links, "link")) == 2 and "feed/school/Patient/a2" in links.text
    assert (
        "feed/school" not in health.get(f"/fhir/$mdm-query-links?goldenResourceId=Patient/{first['id']}").text
    )
    paged = registrar.get("/fhir/$mdm-query-links?_count=3")
    assert len(named(paged, "link")) == 3
    rest = registrar.get(named(paged, "next")[0].partition("localhost")[2])
    assert len(named(rest, "link")) == 1
    history = registrar.get("/fhir/$mdm-link-history?resourceId=feed/school/Patient/a2")
    assert len(named(history, "historical-link")) == 1
    assert issue(registrar.get("/fhir/$mdm-link-history"))[:2] == (400, "required")
    assert named(registrar.get("/fhir/$mdm-duplicate-golden-resources"), "link") == []


def test_a_sealed_child_is_nowhere_on_the_base_of_those_who_ask(
    registrar: Client, gateway: Gateway, site: Site
) -> None:
    first = patient(registrar, nhs(1))
    (observation,) = [e["resource"] for e in registrar.get("/fhir/Observation").json["entry"]]
    cci = next(each["value"] for each in first["identifier"] if each["system"] == CCI)
    page = registrar.get("/fhir/Patient?_count=1").json
    following = next(link["url"] for link in page["link"] if link["relation"] == "next")
    paths = [
        "Patient/{id}",
        "Patient/{id}/_history",
        "Patient/{id}/_history/1",
        "Patient/{id}/Observation",
        "Patient/{id}/$everything",
        "Patient/{id}/$cci-explain",
        "Patient?_id={id}",
        "Patient?identifier=" + NHS + "|{nhs}",
        "Patient?identifier=" + UPN + "|{upn}",
        "Patient?identifier=CCI|{cci}",
        "Patient/$ihe-pix?sourceIdentifier=" + NHS + "|{nhs}",
        "Observation/{observation}",
        "Observation?patient={id}",
        "Observation?subject=Patient/{id}",
        "Observation?patient.identifier=" + NHS + "|{nhs}",
        "Observation?patient.identifier=" + NHS + "|{nhs}&_include=Observation:subject",
        "$mdm-query-links?goldenResourceId=Patient/{id}",
        "$mdm-link-history?goldenResourceId=Patient/{id}",
        "$mdm-link-history?resourceId=feed/school/Patient/a2",
        "$mdm-query-links?resourceId=feed/school/Patient/a2",
    ]
    known = {"id": first["id"], "nhs": nhs(1), "upn": upn(1), "cci": cci, "observation": observation["id"]}
    nobody = {
        "id": "a" * 26,
        "nhs": nhs(8),
        "upn": upn(8),
        "cci": ccis.mint(lambda below: 7 % below, lambda _: False),
        "observation": "b" * 26,
    }
    feeds = registrar.get(f"/fhir/Patient?identifier={NHS}|{nhs(2)}").json

    done = registrar.does(f"/fhir/Patient/{first['id']}/$cci-seal")

    (seal,) = named(done, "seal")
    for path in paths:
        sealed = registrar.get("/fhir/" + path.format(**known))
        never = registrar.get("/fhir/" + path.format(**nobody))
        assert sealed.status_code == never.status_code, path
        assert blank(sealed.text, known) == blank(never.text, nobody), path
    for path in ("Patient", "Observation", "$mdm-query-links", "Patient?family=Canarybird"):
        text = registrar.get(f"/fhir/{path}").text
        assert first["id"] not in text and nhs(1) not in text and "canarynote" not in text, path
    assert first["id"] not in registrar.get(following.partition("localhost")[2]).text
    assert registrar.get(f"/fhir/Patient?identifier={NHS}|{nhs(2)}").json == feeds
    # its feed reads on what it told, with no pointer to anything else
    school = Client(site, "school")
    told = school.get("/feed/school/Patient/a2")
    assert told.status_code == 200 and cci not in told.text and first["id"] not in told.text
    assert school.get("/feed/school/Observation/o1").json["subject"] == {"reference": "Patient/a2"}
    assert registrar.does("/fhir/Patient/$cci-unseal", seal=str(seal)).status_code == 202
    assert registrar.does("/fhir/Patient/$cci-unseal", author="bob", seal=str(seal)).status_code == 202
    bob = Client(site, "registrar", person="bob")
    back = bob.does("/fhir/Patient/$cci-unseal", author="", seal=str(seal))
    assert named(back, "result")[0] == first


def blank(text: str, known: dict[str, str]) -> str:
    """An answer without what it repeats of the question."""
    for value in known.values():
        text = text.replace(value, "…")
    return text


def test_a_merge_that_is_only_shown_shows_no_more_than_the_caller_may_see(
    site: Site, registrar: Client
) -> None:
    one, other = patient(registrar, nhs(1)), patient(registrar, nhs(2))
    sides = {
        "source_patient": {"reference": f"Patient/{other['id']}"},
        "target_patient": {"reference": f"Patient/{one['id']}"},
    }
    body = [
        {"name": name.replace("_", "-"), "valueReference": reference} for name, reference in sides.items()
    ]
    asked = {
        "resourceType": "Parameters",
        "parameter": [*body, {"name": "preview", "valueBoolean": True}],
    }

    shown = Client(site, "trust").ask("POST", "/fhir/Patient/$merge", asked)
    known = registrar.ask("POST", "/fhir/Patient/$merge", asked)

    assert shown.status_code == known.status_code == 200
    assert upn(1) in known.text and nhs(1) in shown.text
    assert upn(1) not in shown.text


@pytest.mark.parametrize(
    "operation", ["$mdm-query-links", "$mdm-link-history", "$mdm-duplicate-golden-resources"]
)
def test_links_are_told_to_those_who_may_search_patients(
    site: Site, gateway: Gateway, operation: str
) -> None:
    answer = Client(site, "observer").get(f"/fhir/{operation}")

    assert issue(answer)[0] == 403
    assert "Patient.s" in answer.text and not any(
        child.id in answer.text for child in gateway.store.children([1, 2]).values()
    )


def test_a_match_of_which_nothing_is_shown_is_a_look_at_each_child_that_it_counts(
    registrar: Client, gateway: Gateway
) -> None:
    one = gateway.store.children([1])[1]
    before = len(list(gateway.trail.looks(one.id)))
    asked = person("x", "Ola", "2012-03-04", nhs=nhs(1))
    body = [{"name": "resource", "resource": asked}, {"name": "count", "valueInteger": 0}]

    answer = registrar.ask("POST", "/fhir/Patient/$match", {"resourceType": "Parameters", "parameter": body})

    assert (answer.json["total"], answer.json.get("entry")) == (1, None)
    assert len(list(gateway.trail.looks(one.id))) == before + 1


def test_what_is_taken_away_from_a_child_is_a_look_at_it_as_well(site: Site, gateway: Gateway) -> None:
    school = Client(site, "school")
    first, second = (gateway.store.children([number])[number] for number in (1, 2))

    def looks() -> list[int]:
        return [len(list(gateway.trail.looks(each.id))) for each in (first, second)]

    before = looks()
    told = school.get("/feed/school/Observation/o1").json
    moved = school.ask("PUT", "/feed/school/Observation/o1", {**told, "subject": {"reference": "Patient/b2"}})

    assert moved.status_code == 200
    assert looks() == [before[0] + 2, before[1] + 1], "read, and written; the other one is only written"
