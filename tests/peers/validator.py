"""HL7's validator for tests, offline: one warm process that judges what fhirgate emits.

The session fixture `validator` starts it at the first question; it knows base R4, the profiles and terms that
ship with fhirgate, and UK Core where `../shared/ukcore` is there. No terminology server is asked.
"""

import json
import re
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO
from uuid import uuid4

import pytest
from peers import _tool, build_validator, had

from gateway.resources import shipped

BASE = "https://fhirgate.example"
UKCORE = (Path(__file__).parents[3] / "shared/ukcore").resolve()
TOGETHER = 100
LEAN = ("-Xmx1500m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Dfile.encoding=UTF-8")


@dataclass(frozen=True)
class Issue:
    """One thing the validator says about a resource; `about` is what the test called it."""

    about: str
    severity: str
    place: str
    says: str


class Validator:
    """A running validator."""

    def __init__(self, asked: IO[str], told: IO[str]) -> None:
        self._asked, self._told = asked, told

    def issues(self, told: Iterable[tuple[str, str]]) -> list[Issue]:
        """Everything the validator says about resources.

        Args:
            told: a name for the test and a resource's text, as JSON or as XML on one line. JSON goes in
                Bundles of 100: for each call the validator reads a table again.
        """
        found: list[Issue] = []
        rest = iter(told)
        while some := list(islice(rest, TOGETHER)):
            bundled = [each for each in some if each[1].startswith("{")]
            alone = [each for each in some if not each[1].startswith("{")]
            if bundled:
                found += [_told(each, bundled) for each in self._ask(_bundle([each for _, each in bundled]))]
            for name, text in alone:
                found += [
                    Issue(name, each["severity"], each["place"], each["says"]) for each in self._ask(text)
                ]
        return [each for each in found if UKCORE.is_dir() or "https://fhir.hl7.org.uk/" not in each.says]

    def errors(self, told: Iterable[tuple[str, str]]) -> list[Issue]:
        """What the validator holds to be wrong."""
        return [each for each in self.issues(told) if each.severity in ("error", "fatal")]

    def _ask(self, text: str) -> list[dict[str, str]]:
        assert "\n" not in text, "a resource goes on one line"
        self._asked.write(text + "\n")
        self._asked.flush()
        return list(json.loads(self._told.readline()))


def _bundle(resources: Sequence[str]) -> str:
    """A Bundle of texts as they are (`1.00` stays `1.00`)."""
    entries = []
    for number, text in enumerate(resources):
        kept = json.loads(text)
        url = f"{BASE}/{number}/{kept['resourceType']}/{kept['id']}" if "id" in kept else uuid4().urn
        entries.append(f'{{"fullUrl":"{url}","resource":{text}}}')
    return f'{{"resourceType":"Bundle","type":"collection","entry":[{",".join(entries)}]}}'


def _told(issue: dict[str, str], bundled: Sequence[tuple[str, str]]) -> Issue:
    before, found, after = issue["place"].partition("Bundle.entry[")
    number, _, rest = after.partition("]")
    about = bundled[int(number)][0] if found and not before else "all together"
    place = re.sub(r"^\.resource(/\*.*?\*/)?", "", rest)
    return Issue(about, issue["severity"], place, issue["says"])


def _known(folder: Path) -> None:
    """Write the resources that ship with fhirgate into a folder, as they are once `{base}` is known."""
    for file in (*shipped("profiles").glob("*.json"), *shipped("mappings").glob("*/*Map*.json")):
        text = Path(str(file)).read_text("utf-8").replace("{base}", BASE)
        (folder / f"{file.parent.name}-{file.name}").write_text(text, "utf-8")


@pytest.fixture(scope="session")
def validator() -> Iterator[Validator]:
    """HL7's validator, running."""
    java, folder = had("validator", lambda: (_tool("java", "Java 17"), build_validator()))
    with TemporaryDirectory(prefix="fhirgate-known-") as known:
        _known(Path(known))
        folders = [known, *([str(UKCORE)] if UKCORE.is_dir() else [])]
        command = [java, *LEAN, "-cp", f"{folder}:{folder}/jars/*", "Validate", *folders]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
        with subprocess.Popen(command, encoding="utf-8", **pipes) as process:  # type: ignore[call-overload]
            yield Validator(process.stdin, process.stdout)
            process.stdin.close()
