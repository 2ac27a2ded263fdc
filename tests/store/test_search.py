"""Searches: each kind of parameter, both bases, and what a caller must not search by."""

import pytest
from told import NHS, UPN, child_of, composed, date, ids, missing, patient, to, token, version

from gateway.fhir.query import (
    FOREVER,
    Criterion,
    Entry,
    Number,
    Quantity,
    Query,
    Sort,
    Span,
    Target,
    Text,
    Token,
    Uri,
    Value,
)
from gateway.problems import Refused
from gateway.store.base import ASK, Delete, Store


def one_of(param: str, kind: str, *values: object, modifier: str = "", prefix: str = "eq") -> Criterion:
    return Criterion(param, kind, modifier, tuple(Value(value, prefix) for value in values))  # type: ignore[arg-type]


@pytest.fixture
def observations(store: Store) -> Store:
    """Five observations of one feed, about two children."""
    with store.write() as work:
        work.put(
            [
                patient("p1", name="Ada"),
                patient("p2", name="Ben"),
                version(
                    "a", time=50, entries=(Entry("code", Token("loinc", "1")), Entry("date", Span(50, 60)))
                ),
                version(
                    "b", time=70, entries=(Entry("code", Token("loinc", "2")), Entry("date", Span(70, 80)))
                ),
                version("c", time=60, entries=(Entry("code", Token("", "1")), Entry("date", Span(60, 100)))),
                version("d", about="p2", time=90, entries=(Entry("code", Token("own", "1")),)),
                version("e", about="p2", entries=(Entry("date", Span(FOREVER.low, 65)),)),
            ]
        )
        identifiers = (
            Entry("identifier", Token(NHS, "9990000018")),
            Entry("identifier", Token(UPN, "H801200001001")),
        )
        named = (Entry("name", Text("ada", "Ada")),)
        child_of(work, "school", "p1", "ada", *identifiers, *named)
        child_of(work, "school", "p2", "ben", Entry("identifier", Token(UPN, "Z801200001002")))
    return store


@pytest.mark.parametrize("base", [ASK, "school"])
def test_without_criteria_the_newest_clinical_time_comes_first_and_none_last(
    observations: Store, base: str
) -> None:
    assert ids(observations, "Observation", base=base) == ["d", "b", "c", "a", "e"]


@pytest.mark.parametrize("base", [ASK, "school"])
@pytest.mark.parametrize(
    ("system", "code", "found"),
    [
        pytest.param("*", "1", ["d", "c", "a"], id="code of any system"),
        pytest.param("loinc", "1", ["a"], id="system and code"),
        pytest.param("", "1", ["c"], id="no system"),
        pytest.param("loinc", "*", ["b", "a"], id="any code of a system"),
        pytest.param("other", "1", [], id="a system nobody used"),
        pytest.param("*", "9", [], id="a code nobody used"),
    ],
)
def test_tokens(observations: Store, base: str, system: str, code: str, found: list[str]) -> None:
    assert ids(observations, "Observation", token("code", code, system), base=base) == found


def test_alternatives_are_joined_by_or_and_criteria_by_and(observations: Store) -> None:
    either = one_of("code", "token", Token("loinc", "1"), Token("own", "*"))

    assert ids(observations, "Observation", either) == ["d", "a"]
    assert ids(observations, "Observation", either, token("code", "1"), date("date", 0, 60)) == ["a"]


def test_not_includes_what_has_no_such_element(observations: Store) -> None:
    assert ids(observations, "Observation", token("code", "1", modifier="not")) == ["b", "e"]
    neither = one_of("code", "token", Token("*", "1"), Token("*", "2"), modifier="not")
    assert ids(observations, "Observation", neither) == ["e"]


def test_missing(observations: Store) -> None:
    assert ids(observations, "Observation", missing("code", "token")) == ["e"]
    assert ids(observations, "Observation", missing("code", "token", False)) == ["d", "b", "c", "a"]
    assert ids(observations, "Observation", missing("date", "date")) == ["d"]
    assert ids(observations, "Observation", missing("never-indexed", "string")) == ["d", "b", "c", "a", "e"]
    assert ids(observations, "Observation", missing("never-indexed", "string", False)) == []


# Stored: a [50,60), b [70,80), c [60,100), e (-inf,65); asked [60,80)
@pytest.mark.parametrize(
    ("prefix", "found"),
    [
        ("eq", ["b"]),
        ("ne", ["c", "a", "e"]),
        ("gt", ["c"]),
        ("lt", ["a", "e"]),
        ("ge", ["b", "c", "e"]),
        ("le", ["b", "c", "a", "e"]),
        ("sa", []),
        ("eb", ["a"]),
        ("ap", ["b", "c", "e"]),
    ],
)
def test_prefixes_compare_intervals(observations: Store, prefix: str, found: list[str]) -> None:
    assert ids(observations, "Observation", date("date", 60, 80, prefix)) == found


def test_numbers_and_quantities_with_their_units(store: Store) -> None:
    def quantity(low: float, system: str = "ucum", code: str = "mg", unit: str = "mg") -> Entry:
        return Entry("value", Quantity(low, low + 0.001, system, code, unit))

    with store.write() as work:
        work.put(
            [
                version("a", time=4, entries=(quantity(5.4), Entry("probability", Number(0.5, 0.501)))),
                version("b", time=3, entries=(quantity(5.4, code="g", unit="g"),)),
                version("c", time=2, entries=(quantity(7, system="", code="", unit="mg"),)),
                version("d", time=1, entries=(quantity(5.4, system="own"),)),
            ]
        )

    def find(*asked: str, prefix: str = "eq") -> list[str]:
        wanted = one_of("value", "quantity", Quantity(5.35, 5.45, *asked), prefix=prefix)
        return ids(store, "Observation", wanted, base="school")

    assert find("*", "*", "*") == ["a", "b", "d"]
    assert find("ucum", "mg", "*") == ["a"]
    assert find("*", "mg", "mg") == ["a", "d"]
    assert find("*", "mg", "mg", prefix="gt") == ["c"]
    half = one_of("probability", "number", Number(0.45, 0.55))
    assert ids(store, "Observation", half, base="school") == ["a"]


def test_strings_by_their_beginning_exactly_or_anywhere(store: Store) -> None:
    with store.write() as work:
        work.put([patient("1", name="Anna"), patient("2", name="ANNABEL"), patient("3", name="Joanna")])

    def find(text: str, modifier: str = "") -> list[str]:
        wanted = one_of("name", "string", Text(text.lower(), text), modifier=modifier)
        return ids(store, "Patient", wanted, base="school")

    assert find("anna") == ["1", "2"]
    assert find("ANNABEL", "exact") == ["2"]
    assert find("annabel", "exact") == []
    assert find("nna", "contains") == ["1", "2", "3"]
    assert find("%", "contains") == []
    assert find("_nna") == []


def test_uris(store: Store) -> None:
    with store.write() as work:
        work.put([version("a", entries=(Entry("_profile", Uri("http://x/1")),))])

    assert ids(store, "Observation", one_of("_profile", "uri", Uri("http://x/1")), base="school") == ["a"]
    assert ids(store, "Observation", one_of("_profile", "uri", Uri("http://x")), base="school") == []


def test_a_reference_to_the_child_finds_what_its_records_say_about_it(observations: Store) -> None:
    assert ids(observations, "Observation", to("patient", "Patient/id-ada")) == ["b", "c", "a"]
    assert ids(observations, "Observation", to("patient", "Patient/id-nobody")) == []
    assert ids(observations, "Observation", to("patient", "Patient/p1")) == []
    assert ids(observations, "Observation", to("patient", "Patient/p1"), base="school") == ["b", "c", "a"]


def test_the_fast_form_finds_the_same_as_the_search(observations: Store) -> None:
    first = observations.about("id-ada", "Observation", "patient", limit=2)
    second = observations.about("id-ada", "Observation", "patient", limit=2, after=first.rows[-1].key)

    assert [row.local for row in first.rows + second.rows] == ["b", "c", "a"]
    assert (first.more, first.total, second.more, second.total) == (True, 3, False, 3)
    searched = observations.search(ASK, Query("Observation", (to("patient", "Patient/id-ada"),)), limit=9)
    assert searched.rows == first.rows + second.rows
    assert observations.about("id-ada", "Observation", "subject", limit=2).total == 0


def test_a_child_with_records_of_two_feeds_has_them_in_one_order(observations: Store) -> None:
    with observations.write() as work:
        work.put([version("x", feed="council", about="c1", time=65)])
        rec = work.recs("council", ["c1"])["c1"]
        child = work.child(id="id-ada")
        assert child is not None
        from told import linked

        work.link([linked(rec, child.number)])

    found = observations.about("id-ada", "Observation", "patient", limit=9)

    assert [row.local for row in found.rows] == ["b", "x", "c", "a"]
    assert ids(observations, "Observation", to("patient", "Patient/id-ada")) == ["b", "x", "c", "a"]


def test_references_between_resources_go_by_the_id_of_the_base(observations: Store) -> None:
    with observations.write() as work:
        visit = (Entry("encounter", Target("Encounter/e1", "", "")),)
        work.put([version("e1", "Encounter"), version("f", entries=visit)])

    assert ids(observations, "Observation", to("encounter", "Encounter/e1"), base="school") == ["f"]
    assert ids(observations, "Observation", to("encounter", "Encounter/school-Encounter-e1")) == ["f"]
    assert ids(observations, "Observation", to("encounter", "Encounter/e1")) == []
    assert ids(observations, "Observation", to("encounter", "NeverSeen/e1")) == []


def test_absolute_references_are_compared_as_they_are(store: Store) -> None:
    with store.write() as work:
        work.put([version("a", entries=(Entry("device", Target("https://x.example/Device/1", "", "")),))])
        child_of(work, "school", "p1", "ada")

    for base in (ASK, "school"):
        assert ids(store, "Observation", to("device", "https://x.example/Device/1"), base=base) == ["a"]


def test_a_reference_that_is_only_an_identifier(store: Store) -> None:
    with store.write() as work:
        work.put([version("a", entries=(Entry("performer", Target("", "gmc", "123")),))])

    asked = one_of("performer", "reference", Target("", "gmc", "123"), modifier="identifier")
    assert ids(store, "Observation", asked, base="school") == ["a"]
    assert ids(store, "Observation", missing("performer", "reference"), base="school") == []


def chain(param: str, type: str, inner: Criterion) -> Criterion:
    return Criterion(param, "reference", type, chained=inner)


def test_a_chain_on_the_child_asks_the_composed_patient(observations: Store) -> None:
    nhs = chain("patient", "Patient", token("identifier", "9990000018", NHS))
    assert ids(observations, "Observation", nhs) == ["b", "c", "a"]
    assert ids(
        observations, "Observation", chain("patient", "", one_of("name", "string", Text("ad", "ad")))
    ) == [
        "b",
        "c",
        "a",
    ]
    assert ids(observations, "Observation", nhs, token("code", "2")) == ["b"]
    assert ids(observations, "Observation", chain("patient", "Patient", token("_id", "id-ben"))) == ["d", "e"]


def test_a_chain_on_a_feed_asks_what_the_feed_told(observations: Store) -> None:
    ben = chain("patient", "Patient", one_of("name", "string", Text("ben", "ben")))

    assert ids(observations, "Observation", ben, base="school") == ["d", "e"]
    assert ids(observations, "Observation", ben, base="council") == []


def test_chains_of_two_links(observations: Store) -> None:
    with observations.write() as work:
        org = version("o1", "Organization", about=None, entries=(Entry("name", Text("st mary", "St Mary")),))
        visit = version(
            "e1", "Encounter", entries=(Entry("service-provider", Target("Organization/o1", "", "")),)
        )
        work.put([org, visit, version("f", entries=(Entry("encounter", Target("Encounter/e1", "", "")),))])

    name = one_of("name", "string", Text("st", "st"))
    asked = chain("encounter", "Encounter", chain("service-provider", "Organization", name))
    assert ids(observations, "Observation", asked, base="school") == ["f"]
    # an organisation is about no child, so those who ask cannot look through it
    assert ids(observations, "Observation", asked) == []
    own = chain("encounter", "Encounter", chain("patient", "Patient", token("_id", "id-ada")))
    assert ids(observations, "Observation", own) == ["f"]


def test_hidden_systems_match_nothing_in_any_form(observations: Store) -> None:
    upn = token("identifier", "H801200001001", UPN)
    for asked in (upn, token("identifier", "H801200001001"), token("identifier", "*", UPN)):
        assert "id-ada" in ids(observations, "Patient", asked)
        assert ids(observations, "Patient", asked, hidden=UPN) == []
    chained = chain("patient", "Patient", upn)
    assert ids(observations, "Observation", chained) == ["b", "c", "a"]
    assert ids(observations, "Observation", chained, hidden=UPN) == []
    # Ben has no other identifier: for this caller he has none, and `not` tells nothing either
    assert ids(observations, "Patient", missing("identifier", "token"), hidden=UPN) == ["id-ben"]
    excluded = token("identifier", "H801200001001", UPN, "not")
    assert ids(observations, "Patient", excluded, hidden=UPN) == ["id-ada", "id-ben"]
    by_identifier = (Sort("identifier"),)
    assert ids(observations, "Patient", sort=by_identifier, hidden=UPN) == ["id-ada", "id-ben"]


def test_a_hidden_system_that_ends_in_a_slash_stands_for_all_that_begin_so(store: Store) -> None:
    councils = "https://fhirgate.example/Id/la-child-id/"
    with store.write() as work:
        work.put([patient("p1"), patient("p2"), version("a")])
        child_of(work, "school", "p1", "ada", Entry("identifier", Token(f"{councils}201", "9")))
        child_of(work, "school", "p2", "ben", Entry("identifier", Token(f"{councils}202", "1")))
    for system in ("*", f"{councils}201"):
        asked = token("identifier", "9", system)
        assert ids(store, "Patient", asked) == ["id-ada"]
        assert ids(store, "Patient", asked, hidden=councils) == []
        assert ids(store, "Observation", chain("patient", "", asked), hidden=councils) == []
    by_identifier = (Sort("identifier"),)
    assert ids(store, "Patient", sort=by_identifier) == ["id-ben", "id-ada"]
    assert ids(store, "Patient", sort=by_identifier, hidden=councils) == ["id-ada", "id-ben"]


def test_ids_and_times_of_change(observations: Store) -> None:
    assert ids(observations, "Observation", token("_id", "school-Observation-a")) == ["a"]
    assert ids(observations, "Observation", token("_id", "a")) == []
    assert ids(observations, "Observation", token("_id", "a"), base="school") == ["a"]
    assert ids(
        observations, "Observation", one_of("_id", "token", Token("*", "a"), Token("*", "b")), base="school"
    ) == [
        "b",
        "a",
    ]
    assert ids(observations, "Observation", date("_lastUpdated", 1001, 1002)) == ["d", "b", "c", "a", "e"]
    assert ids(observations, "Observation", date("_lastUpdated", 1001, 1002, "gt")) == []
    assert ids(observations, "Patient", date("_lastUpdated", 5, 6, "le")) == ["id-ada", "id-ben"]


def test_deleted_resources_are_not_found(observations: Store) -> None:
    with observations.write() as work:
        work.delete([Delete("school", "Observation", "b", 2, 2000)])

    assert ids(observations, "Observation") == ["d", "c", "a", "e"]
    assert ids(observations, "Observation", to("patient", "Patient/id-ada")) == ["c", "a"]


@pytest.mark.parametrize("base", [ASK, "school"])
def test_sorting_puts_what_has_no_value_last_in_both_directions(observations: Store, base: str) -> None:
    def sorted_by(*sort: Sort) -> list[str]:
        return ids(observations, "Observation", base=base, sort=sort)

    # by the moment that resources are ordered by
    assert sorted_by(Sort("date")) == ["a", "c", "b", "d", "e"]
    assert sorted_by(Sort("date", True)) == ["d", "b", "c", "a", "e"]
    assert sorted_by(Sort("code"), Sort("date")) == ["a", "c", "d", "b", "e"]
    assert sorted_by(Sort("code", True), Sort("date", True)) == ["b", "d", "c", "a", "e"]
    assert sorted_by(Sort("_id", True)) == ["e", "d", "c", "b", "a"]
    assert sorted_by(Sort("never-indexed"), Sort("_id")) == ["a", "b", "c", "d", "e"]


def test_sorting_by_several_values_takes_the_least_upwards_and_the_greatest_downwards(store: Store) -> None:
    def said(*starts: int) -> tuple[Entry, ...]:
        return tuple(Entry("value-date", Span(start, start + 1)) for start in starts)

    with store.write() as work:
        work.put(
            [
                version("a", entries=said(1, 9)),
                version("b", entries=said(3)),
                version("c", entries=said(2, 4)),
            ]
        )

    assert ids(store, "Observation", base="school", sort=(Sort("value-date"),)) == ["a", "c", "b"]
    assert ids(store, "Observation", base="school", sort=(Sort("value-date", True),)) == ["a", "c", "b"]


def test_a_kind_or_modifier_without_an_index_is_refused(store: Store) -> None:
    for asked in (
        token("code", "1", modifier="sounds-like"),
        Criterion("x", "position"),
        one_of("d", "date", modifier="not"),
    ):
        with pytest.raises(Refused) as caught:
            store.search("school", Query("Observation", (asked,)), limit=1)
        assert caught.value.problems[0].kind.code == "store.cannot-search"


def test_a_type_nobody_told_of_is_empty(store: Store) -> None:
    for base in (ASK, "school"):
        assert ids(store, "Basic", token("code", "1"), base=base) == []
        assert ids(store, "Basic", base=base) == []
    assert store.search(ASK, Query("Basic"), limit=0, total=False).total is None


def test_a_patient_composed_anew_is_found_by_its_new_values_only(observations: Store) -> None:
    child = observations.child(id="id-ada")
    assert child is not None
    with observations.write() as work:
        work.compose({child.number: composed("new", Entry("name", Text("zoe", "Zoe")))})

    assert ids(observations, "Patient", one_of("name", "string", Text("zoe", "zoe"))) == ["id-ada"]
    assert ids(observations, "Patient", one_of("name", "string", Text("ada", "ada"))) == []
    with observations.write() as work:
        work.compose({child.number: None})
    assert ids(observations, "Patient") == ["id-ben"]
    assert observations.read(ASK, "Patient", "id-ada") is None


@pytest.mark.parametrize("base", [ASK, "school"])
@pytest.mark.parametrize("sort", [(), (Sort("date"),)], ids=["default order", "sorted"])
def test_thousands_of_alternatives_are_one_question(
    observations: Store, base: str, sort: tuple[Sort, ...]
) -> None:
    public = "school-Observation-" if base == ASK else ""
    every = {
        "_id": one_of(
            "_id", "token", *(Token("*", f"{public}{id}") for id in ["a", "b", *map(str, range(3000))])
        ),
        "code": one_of(
            "code", "token", *(Token(system, str(at)) for at in range(3000) for system in ("*", "s"))
        ),
        "string": one_of("note", "string", *(Text(f"t{at}", f"T{at}") for at in range(700))),
        "date": one_of("date", "date", *(Span(at, at + 20) for at in range(700))),
        "reference": one_of("device", "reference", *(Target(f"Device/{at}", "", "") for at in range(3000))),
    }
    found = {
        name: set(ids(observations, "Observation", asked, base=base, sort=sort))
        for name, asked in every.items()
    }

    assert found == {
        "_id": {"a", "b"},
        "code": {"a", "b", "c", "d"},
        "string": set(),
        "date": {"a", "b"},
        "reference": set(),
    }
