from gateway.identity.keys import SIZE, asked_keys, kept_keys
from gateway.identity.person import Person


def of(**attributes: object) -> Person:
    return Person(**{name: frozenset(values) for name, values in attributes.items()})  # type: ignore[arg-type]


def meet(asked: Person, kept: Person) -> bool:
    return bool(asked_keys(asked) & kept_keys(kept))


def test_records_with_one_identifier_in_common_meet() -> None:
    assert meet(of(nhs=["9990123012"]), of(nhs_former=["9990123012"]))
    assert meet(of(upns=["F201900116001"]), of(upns=["F201900116001"]))
    assert meet(of(upns_temporary=["M20190022104V"]), of(upns_former=["M20190022104V"]))
    assert meet(of(la_ids=[("201", "10234")]), of(la_ids=[("201", "10234")]))
    assert meet(of(ulns=["9999001237"]), of(ulns=["9999001237"]))


def test_a_mistyped_check_letter_still_meets() -> None:
    assert meet(of(upns_wrong=["B201900119033"]), of(upns=["F201900119033"]))


def test_one_number_of_two_kinds_does_not_meet() -> None:
    assert not meet(of(nhs=["9990123012"]), of(ulns=["9990123012"]))
    assert not meet(of(la_ids=[("201", "10234")]), of(la_ids=[("202", "10234")]))


def test_surname_part_and_birth_date_meet_also_with_day_and_month_swapped() -> None:
    told = of(families=["okaforbennett", "okafor"], birth_dates=["2012-03-04"])

    assert meet(of(families=["okafor"], birth_dates=["2012-03-04"]), told)
    assert meet(of(families=["okafor"], birth_dates=["2012-04-03"]), told)
    assert not meet(of(families=["okafor"], birth_dates=["2012-03-05"]), told)
    assert meet(
        of(postcodes=["NS101AA"], birth_dates=["2012-03-04"]),
        of(postcodes=["NS101AA"], birth_dates=["2012-03-04"]),
    )


def test_only_the_question_expands() -> None:
    told = of(families=["okafor"], birth_dates=["2012-03-04"])

    # Asked besides: day and month swapped; the surname in the place of the first name.
    assert len(kept_keys(told)) == 1 and len(asked_keys(told)) == 3
    assert kept_keys(told) <= asked_keys(told)


def test_a_key_says_nothing_without_the_secret() -> None:
    told = of(nhs=["9990123012"])

    assert kept_keys(told, b"one") != kept_keys(told, b"other")
    assert {len(key) for key in kept_keys(told, b"x" * 200)} == {SIZE}
