import pytest

from gateway.identity.names import family_forms, folded, same_given


def given(text: str) -> tuple[str, ...]:
    return tuple(folded(text).split())


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Daniel", "DANIEL"),
        ("Zoë", "Zoe"),
        ("Seán", "Sean"),
        ("Amelia Grace", "Amelia"),
        ("Amelia Grace", "Amelia G"),
        ("A", "Amelia"),
        ("Mohammed Yusuf", "Mohammad"),
        ("Muhammad", "Mohamed"),
        ("Mo", "Mohammed"),
        ("Danny", "Daniel"),
        ("Millie", "Amelia"),
        ("Ava-Mae", "Ava Mae"),
        ("Ava-Mae", "Avamae"),
        ("Ava", "Ava-Mae"),
        ("Yousef", "Yusuf"),
        ("Sarah", "Sara"),
        ("محمد", "محمد"),
    ],
)
def test_one_name_in_two_dresses_agrees(one: str, other: str) -> None:
    assert same_given(given(one), given(other))
    assert same_given(given(other), given(one))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param("Ava-Mae", "Ava-Rae", id="hyphenated twins"),
        pytest.param("Avamae", "Ava-Rae", id="hyphenated twins, one without its hyphen"),
        pytest.param("Hasan", "Husayn", id="twins by tradition"),
        pytest.param("Hassan", "Hussain", id="twins by tradition, doubled"),
        pytest.param("Mohammed Yusuf", "Mohammed Ali", id="brothers told apart by the second name"),
        pytest.param("Lily", "Lila", id="one vowel"),
        pytest.param("Mia", "Maya", id="short"),
        pytest.param("Amelia", "Emily", id="same consonants"),
        pytest.param("Kiran", "Karen", id="other first vowel"),
        pytest.param("Tom", "Tim", id="one letter"),
        pytest.param("Jack", "Oliver", id="nothing in common"),
        pytest.param("محمد", "يوسف", id="another script"),
    ],
)
def test_two_names_do_not_agree(one: str, other: str) -> None:
    assert not same_given(given(one), given(other))
    assert not same_given(given(other), given(one))


def test_a_girl_and_a_boy_need_the_very_same_name() -> None:
    assert same_given(("daniel",), ("danielle",))
    assert not same_given(("daniel",), ("danielle",), exact=True)
    assert same_given(("robin",), ("robin", "lee"), exact=True)


@pytest.mark.parametrize(
    ("written", "forms"),
    [
        ("Okafor-Bennett", {"okaforbennett", "okafor", "bennett"}),
        ("OKAFOR BENNETT", {"okaforbennett", "okafor", "bennett"}),
        ("O’Neil", {"oneil"}),
        ("van der Berg", {"vanderberg", "berg"}),
        ("Łukasz", {"lukasz"}),
        ("王", {"王"}),
        ("-", set()),
    ],
)
def test_a_surname_is_found_under_each_of_its_forms(written: str, forms: set[str]) -> None:
    assert family_forms(written) == forms
