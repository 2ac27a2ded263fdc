"""R4 ConceptMaps and CodeSystems as tables: a code of the source, and the codings it stands for.

Source: HL7 FHIR R4, https://hl7.org/fhir/R4/conceptmap.html and https://hl7.org/fhir/R4/codesystem.html
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from gateway.mapping.memo import Convert, Doubtful, Unfit
from gateway.problems import Problem, problem
from gateway.problems.mapping import MAPPING_TERM_CLASH, MAPPING_TERM_SHAPE
from gateway.problems.record import RECORD_CODE, RECORD_CODE_KEPT

_NO_MAP = frozenset({"unmatched", "disjoint"})
_BEST = frozenset({"equivalent", "equal"})
_ABSENT_SYSTEM = "http://terminology.hl7.org/CodeSystem/data-absent-reason"
#: Displays of data-absent-reason 4.0.1, https://terminology.hl7.org/CodeSystem-data-absent-reason.html
ABSENT_REASONS: Mapping[str, str] = {
    "unknown": "Unknown",
    "asked-unknown": "Asked But Unknown",
    "temp-unknown": "Temporarily Unknown",
    "not-asked": "Not Asked",
    "asked-declined": "Asked But Declined",
    "masked": "Masked",
    "not-applicable": "Not Applicable",
    "unsupported": "Unsupported",
    "as-text": "As Text",
    "error": "Error",
    "not-a-number": "Not a Number (NaN)",
    "negative-infinity": "Negative Infinity (NINF)",
    "positive-infinity": "Positive Infinity (PINF)",
    "not-performed": "Not Performed",
    "not-permitted": "Not Permitted",
}


@dataclass(frozen=True, slots=True)
class Coding:
    """One target: system, code and display."""

    system: str
    code: str
    display: str = ""

    def json(self) -> str:
        """The Coding as compact JSON."""
        parts = {"system": self.system, "code": self.code, "display": self.display}
        return json.dumps({k: v for k, v in parts.items() if v}, ensure_ascii=False, separators=(",", ":"))


@dataclass(frozen=True, slots=True)
class Table:
    """A ConceptMap made flat.

    Attributes:
        canonical: its url.
        codes: the codings of each source code; empty where the map says there is none.
        source: the source system, where all groups name the same one.
        fixed: what `group.unmapped` gives for other codes, if it is fixed.
        keeps: whether `group.unmapped` keeps the source code.
        whole: whether it has every code there is; of a fragment, an unknown code is no doubt.
    """

    canonical: str
    codes: Mapping[str, tuple[Coding, ...]]
    source: str = ""
    fixed: Coding | None = None
    keeps: bool = False
    whole: bool = True


@dataclass(frozen=True, slots=True)
class Term:
    """A code map of a mapping: a table, and what to do with codes it does not know."""

    name: str
    table: Table
    unmapped: str = "reject-record"
    absent: Mapping[str, str] = field(default_factory=dict)

    def targets(self) -> list[tuple[str, Coding]]:
        """Every source code with each coding it can give."""
        found = [(code, each) for code, codings in self.table.codes.items() for each in codings]
        return [*found, ("*", self.table.fixed)] if self.table.fixed else found

    @property
    def keeps(self) -> bool:
        """Whether a code the map does not know goes into FHIR as it is."""
        return self.unmapped == "keep-source"

    @property
    def doubts(self) -> bool:
        """Whether a code that is kept although it is not known earns a warning."""
        return self.keeps and self.table.whole

    def find(self, text: str) -> tuple[Coding, ...]:
        """The codings for a cell; none for an empty one or for a reason of absence.

        Raises:
            Unfit: `record.unknown-code`, where the mapping wants such a record set aside.
        """
        code = text.strip()
        if not code or code in self.absent:
            return ()
        found = self.table.codes.get(code)
        if found is not None:
            return found
        if self.unmapped == "keep-source":
            return (Coding(self.table.source, code),)
        if self.table.fixed is not None:
            return (self.table.fixed,)
        if self.unmapped == "drop-element":
            return ()
        raise Unfit(RECORD_CODE, map=self.name, canonical=self.table.canonical)

    def converter(self, form: str) -> Convert:
        """What `x.code(…)`, `.coding(…)`, `.concept(…)`, `.absent(…)` and `.display(…)` do with a cell."""
        return {
            "code": self._code,
            "coding": self._coding,
            "concept": self._concept,
            "absent": self._absent,
            "display": self._display,
        }[form]

    def _code(self, text: str) -> str:
        found = self.find(text)
        return self._kept(text, found[0].code) if found else ""

    def _coding(self, text: str) -> str:
        found = self.find(text)
        return self._kept(text, found[0].json()) if found else ""

    def _concept(self, text: str) -> str:
        found = self.find(text)
        if not found:
            return ""
        if not found[0].system:
            made = json.dumps({"text": found[0].code}, ensure_ascii=False, separators=(",", ":"))
        else:
            made = f'{{"coding":[{",".join(each.json() for each in found)}]}}'
        return self._kept(text, made)

    def _kept(self, text: str, made: str) -> str:
        """What was made of a code, with a doubt where the code was not known."""
        known = text.strip() in self.table.codes or not self.doubts
        return made if known else Doubtful(made, RECORD_CODE_KEPT)

    def _display(self, text: str) -> str:
        found = self.find(text)
        return found[0].display if found else ""

    def _absent(self, text: str) -> str:
        reason = self.absent.get(text.strip(), "")
        if not reason:
            return ""
        coding = Coding(_ABSENT_SYSTEM, reason, ABSENT_REASONS[reason])
        return f'{{"coding":[{coding.json()}]}}'


def flatten(resource: Mapping[str, Any]) -> tuple[Table, list[Problem]]:
    """Make a ConceptMap flat, and say what in it cannot be used.

    Within one group the best target wins: `equivalent` or `equal` before any other; two of the same rank
    compete, which is a problem. `unmatched` and `disjoint` mean that there is no target.
    """
    name = str(resource.get("url") or resource.get("id") or "")
    problems: list[Problem] = []
    codes: dict[str, tuple[Coding, ...]] = {}
    fixed: Coding | None = None
    keeps = False
    for group in resource.get("group", ()):
        system = str(group.get("target", ""))
        for element in group.get("element", ()):
            code = str(element.get("code", "")).strip()
            found = _best(name, code, system, element.get("target", ()), problems)
            codes[code] = codes.get(code, ()) + found
        rest = group.get("unmapped") or {}
        keeps = keeps or rest.get("mode") == "provided"
        if rest.get("mode") == "fixed":
            fixed = Coding(system, str(rest.get("code", "")), str(rest.get("display", "")))
        elif rest.get("mode") == "other-map":
            problems.append(problem(MAPPING_TERM_SHAPE, map=name, reason="it leads to another map"))
    if not codes and not fixed:
        problems.append(problem(MAPPING_TERM_SHAPE, map=name, reason="it has no codes"))
    sources = {str(group.get("source", "")) for group in resource.get("group", ())}
    return Table(name, codes, sources.pop() if len(sources) == 1 else "", fixed, keeps), problems


def concepts(resource: Mapping[str, Any]) -> Table:
    """The codes of a CodeSystem as a table in which each stands for itself, at any depth."""
    system = str(resource.get("url", ""))
    codes: dict[str, tuple[Coding, ...]] = {}
    waiting = list(resource.get("concept", ()))
    while waiting:
        each = waiting.pop()
        code = str(each.get("code", ""))
        codes[code] = (Coding(system, code, str(each.get("display", ""))),)
        waiting.extend(each.get("concept", ()))
    return Table(system, codes, system, whole=resource.get("content") != "fragment")


def _best(name: str, code: str, system: str, targets: Any, problems: list[Problem]) -> tuple[Coding, ...]:
    """The one target of a source code within a group, or none."""
    ranks: dict[bool, dict[str, Coding]] = {True: {}, False: {}}
    for target in targets:
        if target.get("dependsOn") or target.get("product"):
            problems.append(problem(MAPPING_TERM_SHAPE, map=name, reason="it depends on other elements"))
        equivalence = target.get("equivalence", "equivalent")
        if equivalence in _NO_MAP or not target.get("code"):
            continue
        coding = Coding(system, str(target["code"]), str(target.get("display", "")))
        ranks[equivalence in _BEST][coding.code] = coding
    found = ranks[True] or ranks[False]
    if len(found) > 1:
        problems.append(problem(MAPPING_TERM_CLASH, map=name, code=code))
    return tuple(found.values())[:1]
