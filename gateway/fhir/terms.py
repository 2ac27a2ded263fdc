"""ValueSets and CodeSystems as searches ask for them: which codes are in a set, above a code, or below it.

What is known is what lies in the folders of profiles, and the value sets that R4 itself requires somewhere.
"""

from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from typing import Any

from gateway.fhir import facts
from gateway.fhir.code_systems import System, system_of
from gateway.fhir.query import Token
from gateway.fhir.value_sets import codes_of
from gateway.problems import refuse
from gateway.problems.search import SEARCH_CODE_SYSTEM, SEARCH_VALUE_SET

Resource = Mapping[str, Any]


class Terms:
    """The code systems and value sets that are there.

    Args:
        load: gives their resources; asked once, when something is first needed.
    """

    def __init__(self, load: Callable[[], Iterable[Resource]] = tuple) -> None:
        self._load = load
        self._sets: dict[str, frozenset[Token]] = {}
        self._systems: dict[str, System] = {}

    def value_set(self, canonical: str) -> frozenset[Token]:
        """The codes of a value set, asked for by its url, with `|version` or without.

        Raises:
            Refused: `search.value-set` for one that is not there or cannot be listed.
        """
        if canonical not in self._sets:
            self._sets[canonical] = frozenset(self._codes(canonical))
        return self._sets[canonical]

    def related(self, token: Token, how: str) -> frozenset[Token]:
        """The codes "above" or "below" a code in its code system, itself among them.

        Raises:
            Refused: `search.code-system` for one that is not there.
        """
        found = self._known.get(token.system)
        if found is None or found.get("resourceType") != "CodeSystem":
            raise refuse(SEARCH_CODE_SYSTEM, value=token.system)
        if token.system not in self._systems:
            self._systems[token.system] = system_of(found)
        system = self._systems[token.system]
        codes = system.above(token.code) if how == "above" else system.below(token.code)
        return frozenset(Token(token.system, code) for code in codes)

    def _codes(self, canonical: str) -> Iterable[Token]:
        found = self._known.get(canonical)
        if found is None or found.get("resourceType") != "ValueSet":
            return _required(canonical)
        codes = codes_of(found, self._known.get)
        if codes is None:
            raise _cannot(
                canonical, "it names codes of what is not there, or by a filter that is not understood"
            )
        return [Token(system, code) for system, code in codes]

    @cached_property
    def _known(self) -> dict[str, Resource]:
        found: dict[str, Resource] = {}
        for resource in self._load():
            if isinstance(url := resource.get("url"), str):
                found[url] = resource
                found[f"{url}|{resource.get('version', '')}"] = resource
        return found


def _required(canonical: str) -> Iterable[Token]:
    """The codes of a value set that R4 requires somewhere."""
    _, bar, version = canonical.partition("|")
    try:
        found = facts.codes(canonical) if not bar or version == "4.0.1" else None
    except KeyError:
        found = None
    if found is None:
        raise _cannot(canonical, "it is not among the profiles")
    return [Token(system, code) for code, systems in found.items() for system in systems]


def _cannot(canonical: str, reason: str) -> Exception:
    return refuse(SEARCH_VALUE_SET, value=canonical, reason=reason)
