import pytest

from gateway.mapping.located import MOST_NODES, Table, Text, plain, read
from gateway.problems import Refused


def code_of(text: str) -> str:
    with pytest.raises(Refused) as caught:
        read(text, "m.yaml")
    return caught.value.problems[0].kind.code


def test_no_and_012_and_1_30_and_dates_stay_what_was_typed() -> None:
    found = plain(
        read("NO: NO\na: 012\nb: 1:30\nc: 27/03/2008\nd: 2008-03-27\ne: ~\nf: yes\ng: 1.0\n", "m.yaml")
    )

    assert found == {
        "NO": "NO",
        "a": "012",
        "b": "1:30",
        "c": "27/03/2008",
        "d": "2008-03-27",
        "e": "~",
        "f": "yes",
        "g": "1.0",
    }


def test_every_value_knows_its_line_and_column_and_path() -> None:
    tree = read("a:\n  - b: 'x'\n    c: y\n", "m.yaml")

    item = tree.items("a")[0]
    assert isinstance(item, Table)
    value = item.entries["b"]
    assert isinstance(value, Text)
    assert (value.place.file, value.place.line, value.place.column) == ("m.yaml", 2, 8)
    assert (value.place.path, value.shift) == ("a[0].b", 1)
    assert (item.at("c").line, item.at("c").column) == (3, 5)


def test_json_reads_as_the_same_tree() -> None:
    assert plain(read('{\n\t"a": [true, 1.0, "x\\u00e9"],\n\t"b": {}\n}', "m.json")) == {
        "a": ["true", "1.0", "xé"],
        "b": {},
    }


def test_a_byte_order_mark_is_no_part_of_the_text() -> None:
    assert plain(read("\ufeffa: b\n", "m.yaml")) == {"a": "b"}


def test_an_alias_is_the_same_values_at_the_place_of_its_anchor() -> None:
    tree = read("a: &x {b: c}\nd: *x\n", "m.yaml")

    assert plain(tree) == {"a": {"b": "c"}, "d": {"b": "c"}}
    assert tree.table("d").entries["b"].place.line == 1


@pytest.mark.parametrize(
    ("text", "code"),
    [
        pytest.param("a: [b", "mapping.syntax", id="an open bracket"),
        pytest.param("a: 'b", "mapping.syntax", id="an open quote"),
        pytest.param("- a", "mapping.syntax", id="a list"),
        pytest.param("", "mapping.syntax", id="nothing"),
        pytest.param("a: \x07", "mapping.syntax", id="a control character"),
        pytest.param("? [a, b]\n: c", "mapping.syntax", id="a key of many words"),
        pytest.param("a: b\na: c", "mapping.duplicate-key", id="a key twice"),
        pytest.param("a: !!python/object/apply:os.system [x]", "mapping.tag", id="a tag that would run"),
        pytest.param("a: !!int 3", "mapping.tag", id="a tag of a type"),
        pytest.param("a: &x [*x]", "mapping.too-large", id="an alias of itself"),
        pytest.param("a: *x", "mapping.syntax", id="an alias of nothing"),
        pytest.param("a: " + "[" * 100_000 + "]" * 100_000, "mapping.too-large", id="deep brackets"),
        pytest.param("a:\n " + "- " * 100_000 + "x", "mapping.too-large", id="deep dashes"),
    ],
)
def test_a_text_that_is_no_mapping_is_refused(text: str, code: str) -> None:
    assert code_of(text) == code


@pytest.mark.parametrize("text", ["a: 1\nb:\n\tc: 2", "a:\n  - x: 1\n  \ty: 2", "a:\n\t- b"])
def test_a_tab_in_an_indent_is_called_a_tab(text: str) -> None:
    with pytest.raises(Refused) as caught:
        read(text, "mapping.yaml")

    (found,) = caught.value.problems
    lines = text.split("\n")
    at = next(number for number, line in enumerate(lines, 1) if "\t" in line)
    assert (found.place.line, found.place.column) == (at, lines[at - 1].index("\t") + 1)
    assert "a tab" in found.says and "spaces" in found.says


def test_aliases_cannot_unfold_without_end() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]

    assert MOST_NODES < 10**8
    assert code_of("\n".join(lines)) == "mapping.too-large"
