"""A mapping's folder on disk: `mapping.yaml`, the code lists and maps beside it, and those of the profiles.

The only file of this room that reads from disk; it is handed folders and opens nothing else.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from gateway.fhir import json
from gateway.mapping.file import DEFAULT_BASE, Mapping, load
from gateway.problems import Place, Problem, Refused, problem
from gateway.problems.mapping import MAPPING_ABSENT, MAPPING_SYNTAX

_KINDS = ("ConceptMap", "CodeSystem")
NAMES = ("mapping.yaml", "mapping.yml", "mapping.json")


def load_folder(
    path: Path, *, base_uri: str = DEFAULT_BASE, profiles: Iterable[Path] = (), shown: str = ""
) -> Mapping:
    """Return the mapping at `path`, a folder with a `mapping.yaml` or the file itself.

    Args:
        path: the folder or file.
        base_uri: what `{base}` stands for, in the mapping and in ConceptMaps.
        profiles: folders that are searched for ConceptMaps and CodeSystems as well; the mapping's own wins.
        shown: the name of the file in problems; as given by `path` if "".

    Raises:
        Refused: `mapping.absent`, or all that `load` finds.
    """
    file = mapping_file(path)
    maps = concept_maps([*profiles, file.parent], base_uri)
    return load(_text(file), file=shown or str(file), base_uri=base_uri, concept_maps=maps)


def mapping_file(path: Path) -> Path:
    """The mapping file that `path` is or holds.

    Raises:
        Refused: `mapping.absent`.
    """
    if path.is_file():
        return path
    for name in NAMES:
        if (path / name).is_file():
            return path / name
    raise Refused(problem(MAPPING_ABSENT, place=Place(str(path)), names=", ".join(NAMES)))


def concept_maps(folders: Iterable[Path], base_uri: str = DEFAULT_BASE) -> dict[str, dict[str, Any]]:
    """Every ConceptMap and CodeSystem in some folders and those within them, by canonical; later folders win.

    Raises:
        Refused: a file that is JSON of no kind, with its place.
    """
    found: dict[str, dict[str, Any]] = {}
    problems: list[Problem] = []
    for folder in folders:
        for file in sorted(folder.rglob("*.json")):
            text = _text(file)
            if not any(f'"{kind}"' in text for kind in _KINDS):
                continue
            try:
                resource = json.read(text.replace("{base}", base_uri))
            except Refused as refused:
                problems += [_in_file(each, file) for each in refused.problems]
                continue
            if isinstance(resource, dict) and resource.get("resourceType") in _KINDS:
                found[str(resource.get("url", ""))] = resource
    if problems:
        raise Refused(*problems)
    return found


def _in_file(found: Problem, file: Path) -> Problem:
    return found.at(Place(str(file), found.place.line, found.place.column))


def _text(file: Path) -> str:
    try:
        return file.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        reason = f"it is not UTF-8 at byte {error.start + 1}"
        raise Refused(problem(MAPPING_SYNTAX, place=Place(str(file)), reason=reason)) from None
