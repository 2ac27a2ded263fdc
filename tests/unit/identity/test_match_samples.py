"""The samples' answer key, with the persons that the three mappings make of the sample files."""

from itertools import permutations
from typing import Any

from gateway.identity.match import Decision, Known, decide
from gateway.identity.person import Person, person

BASE = "https://fhirgate.example"


def told(
    born: str,
    name: str = "",
    *,
    upn: str = "",
    former: str = "",
    case: str = "",
    home: str = "",
    usual: str = "",
) -> Person:
    """A record's person; `name` is "Given Names/Family"."""
    councils = f"{BASE}/Id/la-child-id/201"
    identifiers: list[dict[str, Any]] = [
        {"system": f"{BASE}/Id/upn", "value": upn},
        {"system": f"{BASE}/Id/upn", "value": former, "use": "old"},
        {"system": councils, "value": case},
    ]
    names = [
        {"given": given.split(), "family": family}
        for given, _, family in (written.partition("/") for written in (name, usual) if written)
    ]
    return person(
        {
            "identifier": [one for one in identifiers if one["value"]],
            "name": names,
            "birthDate": born,
            "address": [{"postalCode": home}],
        },
        BASE,
    )


CTF = {
    "C1": told(
        "2012-03-04",
        "Amelia Grace/Okafor-Bennett",
        usual="Millie/Okafor-Bennett",
        upn="F201900116001",
        home="ZZ10 1AA",
    ),
    "C2": told("2010-11-09", "Mohammed Yusuf/Rahman", upn="M20190022104V", home="ZZ11 2BB"),
    "C3": told("2015-06-21", "DANIEL/KOWALSKI", upn="F201900119033", home="ZZ12 3CC"),
    "C4": told("2013-09-30", "Ava-Mae/Thompson", upn="T201900118051", home="ZZ13 4DD"),
    "C5": told("2013-09-30", "Ava-Rae/Thompson", upn="G201900118052", home="ZZ13 4DD"),
}
SSDA903 = {
    "C1": told("2012-04-03", upn="F201900116001", case="0010234", home="ZZ10 1AA"),
    "C2": told("2010-11-09", upn="F201900115027", case="0009871", home="ZZ17 8HH"),
    "C3": told("2015-06-21", upn="B201900119033", case="0010655"),
    "C7": told("2008-07-01", upn="UN2", case="0010901"),
    "C8": told("2006-08-15", upn="U201900110090", case="0007714"),
}
CSC = {
    "C1": told("2012-03-04", "Amelia/Okafor-Bennett", upn="F201900116001", case="10234", home="ZZ15 6FF"),
    "C2": told("2010-11-09", "Mohammed/Rahman", former="M20190022104V", case="9871", home="ZZ17 8HH"),
    "C3": told("2015-06-21", "Daniel/Smith", upn="F201900119033", case="10655"),
}
FILES = {"ctf": CTF, "ssda903": SSDA903, "csc": CSC}


def linked(order: tuple[str, ...]) -> tuple[dict[tuple[str, str], int], list[Decision]]:
    """The child number of each (file, child of the answer key), loading the files in this order."""
    links: dict[tuple[str, str], int] = {}
    decisions: list[Decision] = []
    known: list[Known] = []
    for file in order:
        for truth, one in FILES[file].items():
            decision = decide(one, known)
            record = len(known)
            child = decision.child if decision.child is not None else record
            known.append(Known(child, record, one))
            links[file, truth] = child
            decisions.append(decision)
    return links, decisions


def test_in_every_order_of_loading_no_two_children_are_joined() -> None:
    for order in permutations(FILES):
        links, _ = linked(order)
        for one, child in links.items():
            assert {truth for (_, truth), other in links.items() if other == child} == {one[1]}, order


def test_in_every_order_of_loading_the_answer_key_is_reached_but_for_the_misses_named_here() -> None:
    for order in permutations(FILES):
        links, _ = linked(order)

        missed = {truth for _, truth in links if len({c for (_, t), c in links.items() if t == truth}) > 1}
        # C2 has only a temporary UPN at school; C3's UPN is mistyped in the council's return, which the
        # council's own API record bridges only where it comes before the school's file.
        assert "C2" in missed
        assert missed <= {"C2", "C3"}, order


def test_every_miss_is_an_entry_to_review() -> None:
    for order in permutations(FILES):
        links, decisions = linked(order)
        reviewed = {
            frozenset({child, review.child})
            for child, decision in zip(links.values(), decisions, strict=True)
            for review in decision.reviews
        }
        for truth in ("C2", "C3"):
            children = {child for (_, other), child in links.items() if other == truth}
            assert len(children) <= 2
            assert len(children) == 1 or frozenset(children) in reviewed, (order, truth)


def test_the_twins_are_looked_at_and_never_joined() -> None:
    links, decisions = linked(("ctf",))

    assert links["ctf", "C4"] != links["ctf", "C5"]
    assert [(r.child, r.code) for r in decisions[4].reviews] == [(links["ctf", "C4"], "perhaps-twins")]


def test_the_swapped_birth_date_is_named_in_the_reason() -> None:
    _, decisions = linked(("ctf", "ssda903"))

    assert decisions[5].reason.sentence == "Same UPN and dates of birth with day and month swapped."
