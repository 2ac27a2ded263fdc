"""A key that very many records share: nobody is joined by it, few entries come of it, and it stays quick."""

import time

from gates import load, ndjson

from gateway.identity.match import MOST_REVIEWS
from gateway.service import Gateway

MANY = 500


def test_a_home_of_many_children_born_on_one_day(gate: Gateway) -> None:
    """Beyond the cap of candidates the key gives nobody, below it a person looks at few."""
    told = [
        {
            "resourceType": "Patient",
            "id": f"p{number}",
            "birthDate": "2012-01-01",
            "name": [{"family": "Same", "given": [f"Child{number}"]}],
            "address": [{"postalCode": "ZZ10 1AA"}],
        }
        for number in range(MANY)
    ]
    began = time.process_time()

    report = load(gate, "school", ndjson(*told))

    taken = time.process_time() - began
    assert (report.kept, report.new) == (MANY, MANY)
    by_record: dict[int, int] = {}
    for entry in gate.store.reviews():
        by_record[entry.rec] = by_record.get(entry.rec, 0) + 1
    assert max(by_record.values()) <= MOST_REVIEWS
    assert taken < 30, "40 ms a record would be a key that is compared with everybody"


def test_a_number_that_very_many_records_share_still_joins_those_that_agree(gate: Gateway) -> None:
    number = {"system": "https://fhir.nhs.uk/Id/nhs-number", "value": "9990123012"}
    told = [
        {"resourceType": "Patient", "id": f"p{n}", "birthDate": "2012-01-02", "identifier": [number]}
        for n in range(120)
    ]

    report = load(gate, "clinic", ndjson(*told))

    assert (report.new, report.known, report.review) == (1, 119, 0)
