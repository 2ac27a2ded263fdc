"""A first look at a file, and the mapping drafted from it."""

from io import BytesIO
from pathlib import Path

import pytest
import yaml

from gateway.mapping import load
from gateway.mapping.folder import concept_maps
from gateway.problems import Refused
from gateway.resources import shipped
from gateway.service.draft import draft
from gateway.service.inspect import Inspection, inspect
from gateway.testing import children, translate, upn, write_ctf


def looked(content: str | bytes, name: str = "spring.csv") -> Inspection:
    return inspect({name: BytesIO(content.encode() if isinstance(content, str) else content)})


def table(**columns: list[str]) -> str:
    rows = zip(*columns.values(), strict=True)
    return "\n".join([",".join(columns), *(",".join(row) for row in rows)]) + "\n"


SPRING = table(
    UPN=[upn(number) for number in range(12)],
    Surname=["Khan", "Lee", "Okafor"] * 4,
    Forename=["Ada", "Kim", "Temi"] * 4,
    DOB=["31/12/2012", "01/02/2013", "31/02/2013"] * 4,
    Sex=["F", "M", "F"] * 4,
    SENprovision=["K", "", "E"] * 4,
)


def test_the_columns_of_a_table_are_counted() -> None:
    found = looked(SPRING)

    assert (found.records, found.encoding, found.delimiter, found.broken) == (12, "utf-8", ",", 0)
    seen = {each.name: (each.filled, each.distinct, each.looks.kind) for each in found.columns}
    assert seen == {
        "UPN": (12, 12, "upn"),
        "Surname": (12, 3, "text"),
        "Forename": (12, 3, "text"),
        "DOB": (12, 3, "date"),
        "Sex": (12, 2, "sex"),
        "SENprovision": (8, 2, "code"),
    }
    assert [each.name for each in found.columns if each.unique] == ["UPN"]


def test_a_table_without_names_of_columns_is_doubted() -> None:
    found = looked(f"{upn(1)},Khan,31/12/2012\n{upn(2)},Lee,01/02/2013\n")

    assert [each.kind.code for each in found.warnings] == ["inspect.no-header"]
    assert upn(1) not in str(found.warnings[0])


def test_files_of_fhir_are_known() -> None:
    assert looked('{"resourceType": "Patient"}\n{"resourceType": "Patient"}\n').fhir
    assert not looked('[{"a": 1}]').fhir


def proved(text: str) -> None:
    """Load a mapping with the code maps that ship; anything wrong with it is raised."""
    maps = concept_maps([shipped("profiles")])
    mapping = load(text, concept_maps=maps)
    assert not mapping.warnings


def test_a_draft_of_a_table_is_a_sound_mapping_that_translates_it(tmp_path: Path) -> None:
    text = draft(looked(SPRING))
    proved(text)
    (tmp_path / "mapping.yaml").write_text(text)
    row = {"UPN": upn(3), "Surname": "Khan", "Forename": "Ada", "DOB": "31/12/2012", "Sex": "F"}

    told = translate(tmp_path, {"table": [row]})

    assert told.patient["identifier"] == [{"system": "https://fhirgate.example/Id/upn", "value": upn(3)}]
    assert told.patient["name"] == [{"use": "official", "family": "Khan", "given": ["Ada"]}]
    assert (told.patient["gender"], told.patient["birthDate"]) == ("female", "2012-12-31")


def test_a_draft_names_each_column_that_it_leaves_out() -> None:
    tree = yaml.safe_load(draft(looked(SPRING)))

    assert tree["source"]["ignore"] == [{"path": "table.SENprovision", "reason": "not looked at yet"}]
    assert "4 values of DOB are no real day" in draft(looked(SPRING))


def test_a_draft_has_no_value_of_the_file() -> None:
    text = draft(looked(SPRING))

    assert not [value for value in ("Khan", "Okafor", "Temi", "2012", upn(0)) if value in text]


HARD = {
    "names of columns that are no names": table(
        **{"Child's No": ["1", "2"], "Date of birth": ["31/12/2012"] * 2, "first: name": ["Ada", "Kim"]}
    ),
    "words of the language": table(**{"file": ["a-1", "a-2"], "is": ["x", "y"], "and": ["p", "q"]}),
    "YAML's own words": table(NO=["17", "18"], yes=["x y", "z"], null=["a b", "c d"]),
    "accents": table(**{"Prénom": ["Ada", "Kim"], "N°": ["7", "8"], "forename": ["A", "B"]}),
    "a quotation mark": '"a ""b""",dob\n1,31/12/2012\n2,01/02/2013\n',
    "no key": table(sex=["M", "F", "M", "F"], dob=["01/02/2013"] * 4),
    "one column": "UPN\n" + upn(1) + "\n",
    "sex in words": table(id=["1", "2"], gender=["Male", "Female"], dob=["2013-02-01"] * 2),
    "sex with a code nobody knows": table(id=["1", "2", "3"], sex=["M", "F", "I"]),
    "years of two digits": table(id=["1", "2"], dob=["01/02/13", "03/04/14"]),
    "a time for a birthday": table(id=["1", "2"], dob=["2013-02-01 00:00:00"] * 2),
    "NULL": table(id=["1", "2", "3"], surname=["NULL", "Khan", "Lee"]),
    "a whole name": table(id=["1", "2"], name=["Ada Khan", "Kim Lee"]),
    "json": '[{"a": {"upn": "F201900116001"}, "b": {"upn": "x"}, "kids": [{"x": 1}, {"x": 2}]}]',
    "json with dots": '[{"a.b": "x1", "c d": "y"}, {"a.b": "x2", "c d": "z"}]',
    "names that cannot be shown": b"\xffid,N\xc3\xb6m,N\xc3\xa4m,UPN\n1,2,3,4\n2,3,4,5\n",
    "json names that cannot be shown": '[{"\\ud800a": "x", "b": "y"}, {"b": "z"}]',
    "xml attributes": "<R><P id='7'><Name>Ada</Name></P><P id='8'><Name>Kim</Name></P></R>",
    "xml text": "<R><P>7</P><P>8</P></R>",
    "xml, the whole": "<R><UPN>1</UPN><DOB>2013-02-01</DOB></R>",
}


@pytest.mark.parametrize("name", HARD)
def test_a_draft_is_sound_whatever_columns_are_called(name: str) -> None:
    proved(draft(looked(HARD[name], "Über 1.csv")))


def test_a_draft_of_sex_in_words_takes_its_initial(tmp_path: Path) -> None:
    (tmp_path / "mapping.yaml").write_text(draft(looked(HARD["sex in words"])))

    told = translate(tmp_path, {"table": [{"id": "1", "gender": "Female", "dob": "2013-02-01"}]})

    assert told.patient["gender"] == "female"


def test_a_draft_says_what_it_could_not_know() -> None:
    assert "The code map of sex has no I" in draft(looked(HARD["sex with a code nobody knows"]))
    assert "do not say the century" in draft(looked(HARD["years of two digits"]))
    assert "CHECK $key" in draft(looked(HARD["no key"]))


def test_a_draft_of_a_common_transfer_file_translates_every_pupil(tmp_path: Path) -> None:
    file = BytesIO()
    write_ctf(file, children(40))
    (tmp_path / "mapping.yaml").write_text(draft(inspect({"ctf.xml": file})))

    told = translate(tmp_path, file.getvalue().decode())

    first = next(children(1))
    assert told.problems == ()
    assert told.patient["birthDate"] == first.born
    assert told.patient["name"][0]["family"] == first.surname


@pytest.mark.parametrize("content", ["A,B\n", "<R><P/><P/></R>", "[{}, {}]", "[]"])
def test_nothing_can_be_drafted_from_a_file_without_values(content: str) -> None:
    with pytest.raises(Refused, match=r"inspect\.no-draft"):
        draft(looked(content))
