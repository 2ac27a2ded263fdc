"""A mapping to start from: what a first look at a file suggests, everything else left out by name."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import PurePath

from gateway.identity.person import NHS_NUMBER
from gateway.problems import Place, refuse
from gateway.problems.inspect import NO_DRAFT
from gateway.service.inspect import Column, Inspection
from gateway.service.looks import NOTHING, SHORT_YEAR, plain, sexes_mapped

UNSEEN = "not looked at yet"


#: What the columns of a Patient are called, the likelier names first.
_CALLED: Mapping[str, tuple[str, ...]] = {
    "surname": (
        "surname",
        "familyname",
        "lastname",
        "family",
        "legalsurname",
        "pupilsurname",
        "childsurname",
    ),
    "forename": (
        *("forename", "firstname", "givenname", "forenames", "given", "legalforename"),
        *("pupilforename", "childforename", "first", "givennames"),
    ),
    "middle": ("middlenames", "middlename", "middle", "otherforenames"),
    "whole": ("name", "fullname", "childname", "pupilname", "childsname", "studentname"),
    "born": ("dob", "dateofbirth", "birthdate", "born", "persondob", "personbirthdate", "birth"),
}
_PLAIN = re.compile(r"[A-Za-z][\w./@-]*")
_NAME = re.compile(r"[A-Za-z_]\w*")
_WORDS_OF_THE_LANGUAGE = frozenset(
    {"and", "or", "xor", "is", "as", "in", "contains", "true", "false", "file", "given", "run", "parent"}
)
_CSV_FILE = "table"


def draft(found: Inspection) -> str:
    """A `mapping.yaml` for a file: a Patient of what is guessed, every other column under `ignore`.

    It is complete and correct as a mapping; whether it says what the file means is for a person to decide,
    and its comments say where to look. No value of the file is in it, but the codes of a sex column.

    Raises:
        Refused: `inspect.no-draft`.
    """
    parts = _Parts(found)
    lines = [
        f"# A mapping to start from, guessed from {_comment(found.file)}: read each line before it is used.",
        "# Then: fhirgate map FILE -m FOLDER --as-test > FOLDER/tests.yaml, and fhirgate test FOLDER.",
        *(f"# {note}" for note in parts.notes),
        "mapping: 1",
        f"id: {parts.id}",
        "version: 0.1.0",
        f"title: {_quoted(f'Records of {found.file}')}",
        "target: {fhir: 4.0.1}",
        "",
        *parts.source(),
        *parts.terms(),
        "emit:",
        *parts.patient(),
    ]
    return "\n".join(lines) + "\n"


class _Parts:
    """The parts of a draft: which column is what, and what each is called in expressions."""

    def __init__(self, found: Inspection) -> None:
        self.found = found
        self.id = _slug(found.file)
        self.notes: list[str] = []
        usable = [each for each in found.columns if each.most <= 1 and not set("`\ufffd") & set(each.name)]
        self.by: dict[str, Column] = dict(_roles(usable))
        if not usable or not found.records:
            raise refuse(NO_DRAFT, place=Place(file=found.file))
        self._note()
        if "born" in self.by and self.by["born"].looks.format == SHORT_YEAR:
            del self.by["born"]
        self.key = self._key(usable)
        self.names = self._field_names()

    def _key(self, usable: list[Column]) -> list[Column]:
        """What tells one record from another: a column in which no value comes twice, or several."""
        for role in ("upn", "nhs-number", "uln"):
            if role in self.by and self.by[role].unique and self.by[role].filled == self.found.records:
                return [self.by[role]]
        whole = [
            each for each in usable if each.unique and each.filled == self.found.records and _is_number(each)
        ]
        if whole:
            return whole[:1]
        people = [
            self.by[role]
            for role in ("upn", "nhs-number", "surname", "forename", "whole", "born")
            if role in self.by
        ]
        self.notes.append("CHECK $key: no column was found that tells every record from the others.")
        return people or usable[:3]

    def _field_names(self) -> dict[str, str]:
        """The name of each used column in expressions: its own in a table, its last step in a tree."""
        used = {each.name for each in (*self.by.values(), *self.key)}
        if self.found.format == "csv":
            return {name: name for name in used}
        names: dict[str, str] = {}
        for path in (each.name for each in self.found.columns if each.name in used):
            wanted = re.sub(r"\W", "", path.rpartition("/")[2]) or "value"
            wanted = wanted[:1].lower() + wanted[1:] if not wanted.isupper() else wanted.lower()
            taken = set(names.values())
            names[path] = next(
                name
                for number in range(len(used) + 1)
                if (name := wanted + (str(number + 1) if number else "")) not in taken
            )
        return names

    def _note(self) -> None:
        born, sex = self.by.get("born"), self.by.get("sex")
        if any("\ufffd" in each.name for each in self.found.columns):
            self.notes.append(
                "CHECK names with \ufffd: the file has characters there that cannot be written here."
            )
        if born and born.looks.format == SHORT_YEAR:
            self.notes.append(
                f"{_comment(born.name)} has years of two digits, which do not say the century: ask for four."
            )
        if born and (born.looks.wrong or born.looks.other):
            count = born.looks.wrong + born.looks.other
            self.notes.append(
                f"{count:,} values of {_comment(born.name)} are no real day: those records are set aside."
            )
        if sex and self._unmapped(sex):
            codes = ", ".join(self._unmapped(sex))
            self.notes.append(
                f"The code map of sex has no {codes}: those records are set aside, "
                "unless a ConceptMap beside this file knows them."
            )

    def _unmapped(self, sex: Column) -> list[str]:
        known = sexes_mapped()
        codes = [code for code, _ in sex.looks.codes]
        return [code for code in codes if (code[:1].upper() if self._spelt(sex) else code) not in known]

    @staticmethod
    def _spelt(sex: Column) -> bool:
        """Whether the sex is written out (`Female`) or in small letters: its initial is the code."""
        return any(len(code) > 1 or code.islower() for code, _ in sex.looks.codes)

    def source(self) -> Iterator[str]:
        """The `source` part."""
        found = self.found
        yield "source:"
        yield f"  format: {found.format}"
        if found.root:
            yield f"  root: {_quoted(found.root)}"
        if (
            nothing := sorted(NOTHING & {"NULL", "N/A", "-"})
            if any(each.nothing for each in found.columns)
            else []
        ):
            yield f"  empty: [{', '.join(map(_quoted, ['', *nothing]))}]"
        if "born" in self.by:
            yield f"  dates: {_quoted(self.by['born'].looks.format)}"
        keys = ", ".join(_quoted(self.names[each.name]) for each in self.key)
        if found.format == "csv":
            columns = ", ".join(_quoted(each.name) for each in found.columns)
            yield "  files:"
            yield f"    {_CSV_FILE}: {{columns: [{columns}], required: true}}"
            yield "  records:"
            yield f"    child: {{file: {_CSV_FILE}, key: [{keys}]}}"
        else:
            yield "  records:"
            yield "    child:"
            yield f"      each: {_quoted(found.each)}"
            yield f"      key: [{keys}]"
            yield "      fields:"
            yield from (f"        {name}: {_quoted(path)}" for path, name in self.names.items())
        yield from self._ignored()
        yield ""

    def _ignored(self) -> Iterator[str]:
        left = [each.name for each in self.found.columns if each.name not in self.names]
        above = f"{_CSV_FILE}." if self.found.format == "csv" else ""
        if left:
            yield "  ignore:"
        for name in left:
            yield f"    - {{path: {_quoted(above + name)}, reason: {UNSEEN}}}"

    def terms(self) -> Iterator[str]:
        """The `terms` part, if a sex is there to be translated."""
        if "sex" in self.by:
            yield "terms:"
            yield '  sex: {map: "{base}/ConceptMap/dfe-sex-gender", unmapped: reject-record}'
            yield ""

    def patient(self) -> Iterator[str]:
        """The one rule."""
        yield "  - resourceType: Patient"
        yield "    $rule: child"
        yield "    $for: child"
        yield f"    $key: [{', '.join(self._expression(each) for each in self.key)}]"
        yield from self._identifiers()
        yield from self._name()
        if "sex" in self.by:
            initial = ".substring(0, 1).upper()" if self._spelt(self.by["sex"]) else ""
            code = initial + ".code('sex')"
            yield f"    gender: {self._expression(self.by['sex'], code)}"
        if "born" in self.by:
            yield f"    birthDate: {self._expression(self.by['born'], self._day(self.by['born']))}"

    def _identifiers(self) -> Iterator[str]:
        systems = {
            "upn": ("{base}/Id/upn", ".upn()"),
            "nhs-number": (NHS_NUMBER, ".nhsNumber()"),
            "uln": ("{base}/Id/uln", ""),
        }
        known = [role for role in systems if role in self.by]
        named = {"surname", "forename", "whole", "born"} & self.by.keys()
        if known or not named or self.key[0] not in self.by.values():
            yield "    identifier:"
        for role in known:
            system, check = systems[role]
            yield f'      - {{system: "{system}", value: {self._expression(self.by[role], check)}}}'
        if not known and (not named or self.key[0] not in self.by.values()):
            yield "      # A number of the file's own: choose a system that says whose it is."
            value = self._expression(self.key[0])
            yield f'      - {{system: "{{base}}/Id/row/{self.id}", value: {value}}}'

    def _name(self) -> Iterator[str]:
        by = self.by
        if "surname" in by or "forename" in by:
            family = f", family: {self._expression(by['surname'])}" if "surname" in by else ""
            given = [self._expression(by["forename"])] if "forename" in by else []
            given += [self._expression(by["middle"], ".split(' ')")] if "middle" in by and given else []
            listed = f", given: [{', '.join(given)}]" if given else ""
            yield "    name:"
            yield f"      - {{use: official{family}{listed}}}"
        elif "whole" in by:
            yield "    name:"
            yield f"      - {{text: {self._expression(by['whole'])}}}"

    @staticmethod
    def _day(born: Column) -> str:
        return (
            ".date()"
            if born.looks.kind == "date"
            else ".substring(0, 10).date('" + born.looks.format[:10] + "')"
        )

    def _expression(self, column: Column, then: str = "") -> str:
        """An expression on a column, quoted as YAML needs it."""
        name = self.names[column.name]
        if not _NAME.fullmatch(name) or name in _WORDS_OF_THE_LANGUAGE:
            name = f"`{name}`"
        text = f"= {name}{then}"
        return text if not re.search(r"[,\[\]{}:#'\"`]", text) else json.dumps(text, ensure_ascii=False)


def _roles(columns: Iterable[Column]) -> Iterator[tuple[str, Column]]:
    """Which column is which part of a Patient; the first that fits."""
    listed = list(columns)
    for kind in ("upn", "nhs-number", "uln", "sex"):
        found = next((each for each in listed if each.looks.kind == kind), None)
        if found:
            yield kind, found
    for role, called in _CALLED.items():
        kinds = ("date", "date-time") if role == "born" else ("text", "code")
        fitting = [each for each in listed if each.looks.kind in kinds and plain(each.name) in called]
        if fitting:
            yield role, min(fitting, key=lambda each: (each.name.count("/"), called.index(plain(each.name))))


def _is_number(column: Column) -> bool:
    """Whether a column looks like one of numbers given to children, not like a name or a birthday."""
    return column.looks.kind in ("integer", "text", "code") and plain(column.name) not in {
        name for called in _CALLED.values() for name in called
    }


def _slug(file: str) -> str:
    """A name for the mapping, from that of the file."""
    made = re.sub(r"[^a-z0-9]+", "-", PurePath(file).stem.lower()).strip("-")
    return made if made[:1].isalpha() else f"file-{made}".strip("-")


def _quoted(text: str) -> str:
    """A text as YAML takes it, plain where that is safe."""
    return text if _PLAIN.fullmatch(text) else json.dumps(text, ensure_ascii=False)


def _comment(text: str) -> str:
    return " ".join(text.split())[:80]
