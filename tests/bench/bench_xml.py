"""A CTF-shaped XML of any size: read into rows, and translated, against a parser that takes nothing out.

The baseline is bare `lxml.etree.iterparse` over the same file, which only frees what it has read. Each job
runs in a process of its own, so that its peak memory is its own; CPU seconds of that process, files cached.

    python tests/bench/bench_xml.py [MEGABYTES] [ROUNDS]
"""

import json
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from lxml import etree

from gateway.mapping import Ids, Translator, load
from gateway.mapping.file import Mapping
from gateway.records import Broken
from gateway.sources import open_source

WANTED_RATE = 20_000
WANTED_MEMORY = 64

MAPPING = """
mapping: 1
id: bench-ctf
version: 1.0.0
title: Pupils and their assessments
target: {fhir: 4.0.1}
source:
  format: xml
  root: CTfile
  dates: yyyy-MM-dd
  context: {version: Header/CTFversion}
  records:
    pupil:
      each: CTFpupilData/Pupil
      key: [upn]
      fields:
        upn: UPN
        surname: Surname
        forename: Forename
        dob: DOB
        sex: [Sex, Gender]
        street: Address/BS7666Address/Street
        town: Address/BS7666Address/Town
        postcode: Address/PostCode
    assessment:
      each: StageAssessments/KeyStage/StageAssessment
      within: pupil
      key: [subject, component]
      fields:
        stage: ../Stage
        year: Year
        subject: Subject
        method: Method
        component: Component
        result: Result
        day: ResultDate
  ignore:
    - {path: BasicDetails, reason: not part of the measurement}
    - {path: StageAssessments/KeyStage/StageAssessment/Locale, reason: not part of the measurement}
    - {path: StageAssessments/KeyStage/StageAssessment/ResultStatus, reason: not part of the measurement}
    - {path: StageAssessments/KeyStage/StageAssessment/ResultQualifier, reason: not part of the measurement}
terms:
  sex: {map: "https://fhirgate.example/ConceptMap/sex", unmapped: reject-record}
emit:
  - resourceType: Patient
    $for: pupil
    $key: [= upn]
    identifier:
      - {system: "https://fhirgate.example/Id/upn", value: = upn}
    name:
      - {use: official, family: = surname, given: [= forename]}
    gender: = sex.code('sex')
    birthDate: = dob.date()
    address:
      - {use: home, line: [= street], city: = town, postalCode: = postcode}
  - resourceType: Observation
    $for: assessment
    $key: [= parent.upn, = stage, = subject, = component, = year]
    status: final
    code: {coding: [{system: "https://fhirgate.example/ctf", code: "= stage & '-' & subject & '-' & method"}]}
    subject: = ref(Patient, parent.upn)
    effectiveDateTime: = day.date()
    valueString: = result
"""
SEX = {
    "resourceType": "ConceptMap",
    "url": "https://fhirgate.example/ConceptMap/sex",
    "group": [
        {
            "source": "urn:sex",
            "target": "http://hl7.org/fhir/administrative-gender",
            "element": [
                {"code": "M", "target": [{"code": "male", "equivalence": "equivalent"}]},
                {"code": "F", "target": [{"code": "female", "equivalence": "equivalent"}]},
            ],
        }
    ],
}


def pupils() -> Iterator[str]:
    """Invented pupils without end: eight values and three assessments of seven each."""
    dice = random.Random(1)
    number = 0
    while True:
        day = f"{dice.randint(2006, 2019)}-{dice.randint(1, 12):02d}-{dice.randint(1, 28):02d}"
        assessments = "".join(
            f"  <StageAssessment><Locale>ENG</Locale><Year>2025</Year><Subject>{subject}</Subject>"
            "<Method>TA</Method><Component>SUB</Component><ResultStatus>R</ResultStatus>"
            "<ResultQualifier>NM</ResultQualifier><Result>EXS</Result><ResultDate>2025-07-01</ResultDate>"
            "</StageAssessment>\n"
            for subject in ("ENG", "MAT", "SCI")
        )
        yield (
            f"<Pupil>\n <UPN>A{100000000000 + number}</UPN>\n <Surname>O'Neil &amp; Co</Surname>\n"
            f" <Forename>Zoë</Forename>\n <DOB>{day}</DOB>\n <Sex>{dice.choice('MF')}</Sex>\n"
            " <BasicDetails><Ethnicity>WBRI</Ethnicity><NCyearActual>6</NCyearActual></BasicDetails>\n"
            f" <Address><BS7666Address><Street>{dice.randint(1, 99)} High Street</Street>"
            "<Town>Testbridge</Town></BS7666Address><PostCode>ZZ1 1AA</PostCode></Address>\n"
            f" <StageAssessments><KeyStage><Stage>KS2</Stage>\n{assessments} </KeyStage></StageAssessments>\n"
            "</Pupil>\n"
        )
        number += 1


def write(path: Path, megabytes: int) -> int:
    """Write a file of at least so many megabytes; return the number of pupils."""
    left = megabytes * 1_000_000
    count = 0
    with path.open("w", encoding="utf-8") as file:
        file.write('<?xml version="1.0" encoding="UTF-8"?>\n<CTfile>\n')
        file.write("<Header><CTFversion>25.0</CTFversion></Header>\n<CTFpupilData>\n")
        for text in pupils():
            file.write(text)
            count += 1
            left -= len(text)
            if left <= 0:
                break
        file.write("</CTFpupilData>\n</CTfile>\n")
    return count


def bare(path: Path) -> int:
    """Parse and free, and take nothing out."""
    count = 0
    for _, element in etree.iterparse(str(path), tag="Pupil", resolve_entities=False, no_network=True):
        element.clear()
        while element.getprevious() is not None:
            del element.getparent()[0]  # type: ignore[union-attr]
        count += 1
    return count


def read(path: Path) -> int:
    """Every pupil as a row."""
    with open_source(path, _mapping().source) as reading:
        return sum(1 for row in reading.rows if not isinstance(row, Broken))


def translate(path: Path) -> int:
    """Every pupil as a row, and every row as a Patient and three Observations."""
    mapping = _mapping()
    count = 0
    with open_source(path, mapping.source) as reading:
        translator = Translator(mapping, Ids(b"bench", "bench"), context=reading.context)
        for row in reading.rows:
            assert not isinstance(row, Broken)
            made = translator.translate(row)
            assert len(made.resources) == 4
            count += 1
    return count


JOBS: dict[str, Callable[[Path], int]] = {"bare": bare, "read": read, "translate": translate}


def main(megabytes: int = 300, rounds: int = 1) -> float:
    """Print pupils per CPU second, MB/s and peak memory of each job; return the rate of the whole."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ctf.xml"
        count = write(path, megabytes)
        size = path.stat().st_size / 1e6
        print(f"{size:,.0f} MB of CTF-shaped XML, {count:,} pupils with 3 assessments each")
        rates = {name: _measured(name, path, count, size, rounds) for name in JOBS}
    whole, read_only, floor = rates["translate"], rates["read"], rates["bare"]
    print(f"reading costs {floor / read_only:.2f} x the bare parser, translating {floor / whole:.2f} x")
    print(f"wanted: translate >= {WANTED_RATE:,} pupils/CPU-s within {WANTED_MEMORY} MB")
    return whole


def _mapping() -> Mapping:
    return load(MAPPING, file="bench.yaml", concept_maps={str(SEX["url"]): SEX})


def _measured(name: str, path: Path, count: int, size: float, rounds: int) -> float:
    """The median rate of a job, each time in a process of its own."""
    found = [_run(name, path) for _ in range(rounds)]
    assert all(each["count"] == count for each in found)
    cpu = statistics.median(each["cpu"] for each in found)
    memory = max(each["memory"] for each in found)
    print(f"{name:10} {count / cpu:10,.0f} pupils/CPU-s {size / cpu:8.1f} MB/s   peak {memory:5.1f} MB")
    return count / cpu


def _run(name: str, path: Path) -> dict[str, float]:
    answer = subprocess.run([sys.executable, __file__, name, str(path)], check=True, capture_output=True)
    return dict(json.loads(answer.stdout))


def _job(name: str, path: Path) -> None:
    start = time.process_time()
    count = JOBS[name](path)
    cpu = time.process_time() - start
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"count": count, "cpu": cpu, "memory": memory}))


if __name__ == "__main__":
    if sys.argv[1:2] and sys.argv[1] in JOBS:
        _job(sys.argv[1], Path(sys.argv[2]))
    else:
        main(*(int(argument) for argument in sys.argv[1:3]))
