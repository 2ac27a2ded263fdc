"""The StructureDefinitions, ValueSets and CodeSystems that are there, and resources judged by them."""

from collections.abc import Callable, Iterable
from functools import lru_cache
from pathlib import Path
from typing import Any

from gateway.fhir import facts, json, xml
from gateway.fhir.profile_check import extended, follows
from gateway.fhir.profiles import Profile, base_type, profile
from gateway.fhir.validate import validate
from gateway.fhir.value_sets import Codes, codes_of
from gateway.problems import Problem, Refused, problem
from gateway.problems.profile import PROFILE_CLAIMED_UNKNOWN, PROFILE_OTHER_TYPE, PROFILE_UNKNOWN

Resource = dict[str, Any]

_READS: dict[str, Callable[[bytes], Any]] = {".json": json.read, ".xml": xml.read}


class Definitions:
    """What the folders of profiles hold, by canonical url; each profile is prepared when it is first asked.

    A file that cannot be read as FHIR, or whose resource has not the shape of one, counts as not there.
    """

    def __init__(self, folders: Iterable[Path], base_uri: str) -> None:
        found = (_resource(file, base_uri) for folder in folders for file in sorted(folder.rglob("*.*")))
        self._found = {str(each["url"]): each for each in found if each and "url" in each}
        self._sound: dict[str, bool] = {}
        self._profiles: dict[str, Profile] = {}
        self._codes: dict[str, Codes | None] = {}

    def find(self, canonical: str) -> Resource | None:
        """The resource of a canonical url; where a version is named, only that one."""
        url, _, version = canonical.partition("|")
        found = self._found.get(url)
        if found is None or version not in ("", found.get("version")):
            return None
        if url not in self._sound:
            self._sound[url] = not any(each.kind.status == 400 for each in validate(found))
        return found if self._sound[url] else None

    def profiles(self, type: str) -> tuple[str, ...]:
        """The canonical urls of the profiles of a resource type."""
        return tuple(
            url
            for url, each in sorted(self._found.items())
            if each.get("resourceType") == "StructureDefinition"
            and each.get("derivation") == "constraint"
            and each.get("type") == type
        )

    def profile(self, canonical: str) -> Profile | None:
        """The profile of a canonical url."""
        definition = self.find(canonical)
        if definition is None or definition.get("resourceType") != "StructureDefinition":
            return None
        url = str(definition["url"])
        if url not in self._profiles:
            self._profiles[url] = profile(definition, self.find)
        return self._profiles[url]

    def in_set(self, value_set: str, type: str, value: Any) -> bool | None:
        """Whether a code, Coding, CodeableConcept or Quantity is of a value set; None: not known."""
        if value_set not in self._codes:
            self._codes[value_set] = self._set(value_set)
        codes = self._codes[value_set]
        if codes is None:
            return None
        if isinstance(value, str):
            return any(code == value for _, code in codes)
        if not isinstance(value, dict):
            return None
        listed = value.get("coding", []) if type == "CodeableConcept" else [value]
        return any((each.get("system", ""), each.get("code")) in codes for each in listed)

    def judged(self, resource: Resource, asked: Iterable[str] = ()) -> list[Problem]:
        """What keeps a resource from following the profiles that it claims and others that are asked about.

        Its extensions are held against their own definitions too.

        Args:
            resource: has the shape that R4 asks for.
            asked: canonical urls.
        """
        found: list[Problem] = []
        claimed = resource.get("meta", {}).get("profile", [])
        wanted = dict.fromkeys([*((url, True) for url in asked), *((url, False) for url in claimed)])
        done: set[str] = set()
        for url, named in wanted:
            if url in done:
                continue
            done.add(url)
            base = base_type(url)
            if base and not facts.is_a(resource["resourceType"], base):
                found.append(problem(PROFILE_OTHER_TYPE, profile=url, type=base))
            elif not base and (known := self.profile(url)) is not None:
                found += follows(resource, known, self.profile, self.in_set)
            elif not base:
                found.append(problem(PROFILE_UNKNOWN if named else PROFILE_CLAIMED_UNKNOWN, profile=url))
        found += extended(resource, self.profile, self.in_set)
        # a profile and an extension's own definition may say the same of it
        return list({(each.kind, each.place.path, each.says): each for each in found}.values())

    def _set(self, value_set: str) -> Codes | None:
        found = self.find(value_set)
        if found is not None:
            return codes_of(found, self.find)
        try:
            listed = facts.codes(value_set)
        except KeyError:
            return None
        if listed is None:
            return None
        return frozenset((system, code) for code, systems in listed.items() for system in systems)


@lru_cache(4)
def definitions(folders: tuple[Path, ...], base_uri: str) -> Definitions:
    """What these folders hold, read once.

    Args:
        base_uri: what `{base}` stands for in them.
    """
    return Definitions(folders, base_uri)


def _resource(file: Path, base_uri: str) -> Resource | None:
    read = _READS.get(file.suffix)
    if read is None or not file.is_file():
        return None
    try:
        found = read(file.read_bytes().replace(b"{base}", base_uri.encode()))
    except (Refused, OSError):
        return None
    return found if isinstance(found, dict) else None
