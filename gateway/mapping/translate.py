"""Rows to FHIR: the fast path for the many, the slow one for those that need a reason."""

import re
from collections.abc import Mapping as Dict
from typing import Any, NamedTuple

from gateway.mapping.compile import Compiled, IdOf, Made, compile_rules
from gateway.mapping.explain import Explanation, explain
from gateway.mapping.file import Mapping
from gateway.mapping.hints import listed, near
from gateway.mapping.memo import Unfit
from gateway.mapping.sites import warnings
from gateway.problems import Place, Problem, Refused, problem, refuse
from gateway.problems.mapping import (
    MAPPING_SETTING_DIFFERS,
    MAPPING_SETTING_MISSING,
    MAPPING_SETTING_UNKNOWN,
    MAPPING_SETTING_VALUE,
)
from gateway.records import Row


class Translation(NamedTuple):
    """What became of a row.

    Attributes:
        resources: (number of the rule, resource type, id, JSON text); empty if there are problems.
        problems: why the record is set aside; empty if it is not.
        dropped: why single resources were left out, where the mapping allows it.
        warnings: doubts about values that were kept.
    """

    resources: list[Made]
    problems: tuple[Problem, ...] = ()
    dropped: tuple[Problem, ...] = ()
    warnings: tuple[Problem, ...] = ()


class Translator:
    """Translates the rows of one file with one mapping."""

    def __init__(
        self,
        mapping: Mapping,
        ids: IdOf,
        *,
        given: Dict[str, str] | None = None,
        context: Dict[str, str] | None = None,
        received: str = "",
        files: Dict[str, str] | None = None,
    ) -> None:
        """Compile the mapping for one file.

        Args:
            mapping: what to do.
            ids: (rule name, keys…) to an id (`gateway.mapping.ids.Ids`).
            given: the feed's values for `given.`, checked here.
            context: what the file says once (`Reading.context`).
            received: the date of the load, YYYY-MM-DD.
            files: names for places, by the key of a CSV file of the set; "" for a single file.

        Raises:
            Refused: `mapping.given-missing`, `mapping.given-value`, `mapping.given-unknown`; and
                `mapping.given-differs`, where the file says that it is for another feed.
        """
        self.mapping = mapping
        self._made = mapping.made
        self.files = dict(files or {})
        values = settle(mapping, given or {})
        self._agree(values, context or {})
        self.outer = {("given", name): value for name, value in values.items()}
        self.outer |= {("file", name): value for name, value in (context or {}).items()}
        self.outer["run", "received"] = received[:10]
        self.ids = ids
        self._compiled: Compiled = compile_rules(mapping.rules, mapping.words, self.outer, ids)

    def _agree(self, values: Dict[str, str], context: Dict[str, str]) -> None:
        """Refuse a file that says another value than the one given."""
        for each in self.mapping.given:
            said = context.get(each.context, "")
            if said and each.name in values and said != values[each.name]:
                place = Place(file=self.files.get("", ""))
                details = {"name": each.name, "help": each.help}
                raise refuse(MAPPING_SETTING_DIFFERS, place=place, field=each.context, value=said, **details)

    @property
    def source(self) -> str:
        """The Python text the mapping was compiled to."""
        return self._compiled.source

    def translate(self, row: Row) -> Translation:
        """Translate a row of the top record."""
        made: list[Made] = []
        lost: list[int] = []
        compiled = self._compiled
        try:
            compiled.run(self._made.filled(row) if self._made else row, made.append, lost.append)
        except Unfit:
            return self._reasons(row)
        if lost or (len(made) > 1 and len({each[2] for each in made}) < len(made)):
            return self._reasons(row)
        return Translation(made) if not compiled.doubts else self._with_doubts(row, made)

    def explain(self, row: Row, *, lineage: bool = True) -> Explanation:
        """Say everything about a row: its resources, problems, and where each element came from."""
        mapping = self.mapping
        whole = self._made.filled(row) if self._made else row
        return explain(whole, mapping.rules, mapping.words, self.outer, self.ids, self.files, lineage=lineage)

    def _with_doubts(self, row: Row, made: list[Made]) -> Translation:
        """What was made, and a warning for each cell with a doubtful value."""
        doubts, compiled = self._compiled.doubts, self._compiled
        if any(site < 0 for _, site, _ in doubts):
            return self._reasons(row)
        found = warnings(doubts, compiled.sites, self.mapping.words, self.files)
        doubts.clear()
        return Translation(made, warnings=found)

    def _reasons(self, row: Row) -> Translation:
        self._compiled.doubts.clear()
        found = self.explain(row, lineage=False)
        resources = [] if found.problems else found.resources
        return Translation(resources, tuple(found.problems), tuple(found.dropped), tuple(found.warnings))


def settle(mapping: Mapping, given: Dict[str, str]) -> dict[str, str]:
    """The values for `given.` of a mapping, defaults filled in.

    Raises:
        Refused: what is missing, unknown or has another form.
    """
    problems = []
    values: dict[str, str] = {}
    known = [each.name for each in mapping.given]
    for name in given:
        if name not in known:
            unknown: dict[str, Any] = {
                "mapping": mapping.id,
                "name": name,
                "near": near(name, known),
                "known": listed(known),
            }
            problems.append(problem(MAPPING_SETTING_UNKNOWN, **unknown))
    for each in mapping.given:
        value = given.get(each.name, each.default)
        details: dict[str, Any] = {
            "mapping": mapping.id,
            "name": each.name,
            "help": each.help,
            "matches": each.matches,
        }
        if value is None:
            problems.append(problem(MAPPING_SETTING_MISSING, **details))
        elif each.matches and not re.fullmatch(each.matches, value):
            problems.append(problem(MAPPING_SETTING_VALUE, value=value, **details))
        else:
            values[each.name] = value
    if problems:
        raise Refused(*problems)
    return values
