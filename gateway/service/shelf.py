"""The mappings and profiles that are there: those that ship, and those of the settings' folders."""

from collections.abc import Iterable, Iterator
from collections.abc import Mapping as Dict
from contextlib import suppress
from dataclasses import dataclass
from dataclasses import field as attribute
from pathlib import Path
from typing import Any

from gateway.config import Config
from gateway.fhir import json
from gateway.fhir.own_parameters import Own, read_own
from gateway.fhir.terms import Terms
from gateway.mapping.file import Mapping
from gateway.mapping.folder import NAMES, load_folder
from gateway.problems import Place, Refused, refuse
from gateway.problems.config import CONFIG_UNREADABLE
from gateway.problems.service import FILE_KIND, MAPPING_NEEDED, MAPPING_UNKNOWN
from gateway.resources import shipped
from gateway.sources import is_fhir, read_by, recognise
from gateway.sources.files import Given

_TERMS = ("CodeSystem", "ValueSet")

#: The name under which files of FHIR itself are loaded: no mapping.
FHIR = "fhir"


@dataclass(frozen=True, slots=True)
class Shelf:
    """Mappings by name (the name of their folder), read and proved on first use.

    Attributes:
        folders: each mapping's folder.
        profiles: folders with CodeSystems and ConceptMaps.
        base_uri: what `{base}` stands for.
        terms: the code systems and value sets of the profiles.
    """

    folders: Dict[str, Path]
    profiles: tuple[Path, ...]
    base_uri: str
    terms: Terms
    _ready: dict[Path, Mapping] = attribute(default_factory=dict)

    @staticmethod
    def read(config: Config) -> "Shelf":
        """The shelf that the settings describe; a later folder wins over an earlier one of the same name."""
        homes = [shipped("mappings"), *(Path(folder) for folder in config["mappings"])]
        folders = {}
        for home in homes:
            for folder in sorted(home.iterdir()) if home.is_dir() else ():
                if any((folder / name).is_file() for name in NAMES):
                    folders[folder.name] = folder
        profiles = (shipped("profiles"), *(Path(folder) for folder in config["profiles"]))
        base_uri = config["base_uri"]
        return Shelf(folders, profiles, base_uri, Terms(lambda: resources(profiles, base_uri, _TERMS)))

    def own_parameters(self) -> Own:
        """The search parameters of the profiles.

        Raises:
            Refused: `search.definition`, `config.unreadable`.
        """
        return read_own(resources(self.profiles, self.base_uri, ("SearchParameter",)))

    def mapping(self, name: str) -> Mapping:
        """The mapping of that name, or at that path.

        Raises:
            Refused: `service.unknown-mapping`; everything that is wrong with the mapping, with its places.
        """
        folder = self.folder(name)
        if folder not in self._ready:
            shown = self._shown(folder)
            self._ready[folder] = load_folder(
                folder, base_uri=self.base_uri, profiles=self.profiles, shown=shown
            )
        return self._ready[folder]

    def choose(self, given: Given, name: str = "") -> Mapping | None:
        """The mapping of that name, or else the one that fits the files; None for files of FHIR itself.

        Raises:
            Refused: `service.unknown-mapping`, `service.mapping-needed`, `service.file-kind`; what keeps the
                files from being looked at; what is wrong with the mapping.
        """
        if name == FHIR or (not name and is_fhir(given)):
            return None
        if name:
            return self.mapping(name)
        found = recognise(given, {each: self.mapping(each).source for each in self.folders})
        if not found:
            raise refuse(FILE_KIND, known=self.known)
        if len(found) > 1 and self.mapping(found[0]).source == self.mapping(found[1]).source:
            raise refuse(MAPPING_NEEDED, known=", ".join(found))
        return self.mapping(found[0])

    def beside(self, given: Given, mapping: Mapping | None) -> list[Mapping]:
        """The mappings that read the rest of a set: those that one names, if their records are there.

        Raises:
            Refused: what keeps the files from being looked at; what is wrong with a mapping.
        """
        names = [name for name in (mapping.beside if mapping else ()) if name in self.folders]
        if mapping is None or not names:
            return []
        read = read_by(given, mapping.source)
        others = [self.mapping(name) for name in names]
        return [each for each in others if _has_records(read_by(given, each.source), each, read)]

    @property
    def known(self) -> str:
        """The names of the mappings, for people."""
        return ", ".join(sorted(self.folders)) or "none"

    def folder(self, name: str) -> Path:
        """Where the mapping of that name, of that id, or at that path, lies: its folder or its file.

        Raises:
            Refused: `service.unknown-mapping`.
        """
        path = Path(name)
        if name not in self.folders and path.exists():
            return path
        if (known := self.called(name)) is not None:
            return self.folders[known]
        shown = name if name.replace("-", "").replace("_", "").isalnum() else path.name
        raise refuse(MAPPING_UNKNOWN, name=shown, known=self.known)

    def called(self, name: str) -> str | None:
        """The name of the mapping that is called so, or has that id, as lists of loads do; None for none."""
        if name in self.folders:
            return name
        for each in self.folders:
            with suppress(Refused):
                if self.mapping(each).id == name:
                    return each
        return None

    def _shown(self, folder: Path) -> str:
        """The mapping file as people would name it: short for those that ship, as given for others."""
        file = (
            folder
            if folder.is_file()
            else next((folder / name for name in NAMES if (folder / name).is_file()), folder / NAMES[0])
        )
        return f"mappings/{folder.name}/{file.name}" if folder in self.folders.values() else str(file)


def _has_records(read: Dict[str, str], mapping: Mapping, already: Dict[str, str]) -> bool:
    """Whether a set has the file of a mapping's records, and no other mapping reads it."""
    return any(key == mapping.source.top.file and name not in already for name, key in read.items())


def resources(folders: Iterable[Path], base_uri: str, types: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    """The resources of these types in folders of profiles; of one url, that of the last folder counts.

    Raises:
        Refused: `config.unreadable` for a file that is no JSON.
    """
    for folder in folders:
        for file in sorted(folder.glob("*.json")) if folder.is_dir() else ():
            try:
                content = file.read_bytes()
                if not any(type.encode() in content for type in types):
                    continue
                found = json.read(content.replace(b"{base}", base_uri.encode()))
            except (OSError, Refused):
                raise refuse(
                    CONFIG_UNREADABLE, place=Place(file=file.name), reason="It is not JSON", do="Correct it"
                ) from None
            if isinstance(found, dict) and found.get("resourceType") in types:
                yield found
