import pytest

from gateway.web.habits import in_r4_words


@pytest.mark.parametrize(
    ("name", "sent", "meant"),
    [
        pytest.param("_elements", "name,resourceType,id", "name,id", id="the type is always there"),
        pytest.param("_elements", "resourceType", "id", id="the type alone"),
        pytest.param("_elements", "name", "name", id="elements as R4 has them"),
        pytest.param("family", "resourceType", "resourceType", id="a name like that"),
        pytest.param("birthdate", ">2015", "gt2015", id="after"),
        pytest.param("birthdate", ">=2015-03", "ge2015-03", id="from"),
        pytest.param("birthdate", "<2015", "lt2015", id="before"),
        pytest.param("birthdate", "<=2015", "le2015", id="until"),
        pytest.param("birthdate", "ge2015", "ge2015", id="a prefix as R4 has it"),
        pytest.param("family", ">2015", ">2015", id="a text that begins so"),
        pytest.param("nonsense", "<1", "<1", id="a parameter that nobody knows"),
        pytest.param("_totalMethod", "maybe", "maybe", id="another way of counting"),
    ],
)
def test_what_clients_say_in_their_own_words_is_understood(name: str, sent: str, meant: str) -> None:
    assert in_r4_words("Patient", [("a", "b"), (name, sent)]) == [("a", "b"), (name, meant)]


def test_another_word_for_counting_is_understood() -> None:
    assert in_r4_words("Patient", [("_totalMethod", "count")]) == [("_total", "accurate")]
