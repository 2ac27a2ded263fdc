"""The weights a comparison is judged by: one versioned file for real time and batch, shipped or trained anew.

The file is JSON with a sum over its content. One that is damaged, or of a version that this release does not
read, is refused: weights that are nearly right would join children without a sign.
"""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from functools import lru_cache
from hashlib import sha256
from importlib.resources import files
from typing import Any

from gateway.identity.customs import Customs
from gateway.identity.given_names import GIVEN_NAMES
from gateway.identity.levels import FIELDS, LEVELS, NUMBERS
from gateway.problems import refuse
from gateway.problems.identity import MODEL_DAMAGED, MODEL_VERSION

VERSION = 3
#: Read besides.
_BEFORE = (1, 2)
#: Who two records may be about: one child; a child and a brother or sister; two born together; strangers.
CLASSES = ("same", "sibling", "twin", "stranger")
SHIPPED = "model.json"
_COMMON = 1e-4

Table = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Rarity:
    """How common a name is.

    Attributes:
        parts: of all bearers, the part of each common name.
        floor: the part for a name that is not among them.
    """

    parts: Mapping[str, float]
    floor: float

    def of(self, name: str) -> float:
        """The part of all children who bear a name, spaces left out."""
        return max(self.parts.get(name.replace(" ", ""), 0.0), self.floor)

    def is_common(self, name: str) -> bool:
        """Whether a first name is one that people are given: to one in ten thousand, or at all."""
        return self.parts.get(name.replace(" ", ""), 0.0) >= _COMMON or name in GIVEN_NAMES


@dataclass(frozen=True, slots=True)
class Bars:
    """From which probability on a grade is given.

    Attributes:
        certain, probable, possible: of the child itself.
        rival: what any other child may have at most beside one that is certain.
        twin: how many bits more one child must have than its twin would, at least, to be certain,
        seldom: unless its first name is on a level that so few twins' names are on, or fewer.
    """

    certain: float = 0.99
    probable: float = 0.95
    possible: float = 0.05
    rival: float = 0.005
    twin: float = 3.0
    seldom: float = 0.0005


@dataclass(frozen=True, slots=True)
class Prior:
    """What is expected before anything is compared.

    Attributes:
        children: registered, where nobody says how many are.
        coverage: of the children asked about, the part that is registered.
        siblings, twins: not registered, for each child who is.
        twice: of the children registered, the part who are there once more, joined by nobody yet.
    """

    children: int = 1_000_000
    coverage: float = 0.8
    siblings: float = 0.05
    twins: float = 0.006
    twice: float = 0.05


@dataclass(frozen=True, slots=True)
class Model:
    """Weights and bars.

    Attributes:
        name: what it was trained on, in words.
        tables: for each field and class, the probability of each level.
        numbers: for each number and level, the bits for the same child and for a twin's.
        given, family: how common names are.
        customs: which first names and surnames go together.
        spellings: pairs of common first names ("mohammad mohammed") told of one child and of no twins.
        calibration: (from probability, to, pairs seen, of them one child) on a set it was not trained on.
    """

    name: str
    tables: Mapping[str, Mapping[str, Table]]
    numbers: Mapping[str, Mapping[str, tuple[float, float]]]
    given: Rarity
    family: Rarity
    customs: Customs = field(default_factory=Customs)
    spellings: frozenset[str] = frozenset()
    prior: Prior = Prior()
    bars: Bars = Bars()
    calibration: tuple[tuple[float, float, int, int], ...] = ()

    def bits(self, field: str, level: str, kind: str) -> float:
        """The weight of a level: how many times it doubles the odds of `kind` against strangers."""
        return math.log2(self.tables[field][kind][level] / self.tables[field]["stranger"][level])


def written(model: Model) -> str:
    """Return a model as its file's text; equal models give equal texts."""
    content = asdict(model) | {"spellings": sorted(model.spellings), "version": VERSION}
    customs = content["customs"]
    for names in (customs["given"], customs["family"]):
        names.update((name, " ".join(map(str, shares))) for name, shares in names.items())
    return json.dumps(content | {"sum": _sum(content)}, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def read(text: str) -> Model:
    """Return the model in a file's text.

    Raises:
        Refused: `identity.model-damaged` or `identity.model-version`.
    """
    try:
        content = json.loads(text)
        told = content.pop("sum")
        version = content.pop("version")
        whole = told == _sum(content | {"version": version})
    except (ValueError, KeyError, AttributeError, TypeError, RecursionError):
        raise refuse(MODEL_DAMAGED) from None
    if version not in (VERSION, *_BEFORE):
        raise refuse(MODEL_VERSION, version=str(version)[:20], reads=VERSION)
    if not whole:
        raise refuse(MODEL_DAMAGED)
    try:
        return _checked(_model(_as_now(content, version)))
    except (KeyError, TypeError, ValueError, AttributeError):
        raise refuse(MODEL_DAMAGED) from None


@lru_cache(1)
def shipped() -> Model:
    """The model that comes with fhirgate."""
    return read((files("gateway.identity") / SHIPPED).read_text(encoding="utf-8"))


def _sum(content: Mapping[str, Any]) -> str:
    return sha256(json.dumps(content, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def _as_now(content: dict[str, Any], version: int) -> dict[str, Any]:
    """A file of the versions before: what it does not have weighs nothing."""
    if version == 1:
        tables = content["tables"]
        middle = {kind: table | {"one side": 0.5} for kind, table in tables["middle"].items()}
        content = content | {"tables": tables | {"middle": middle}}
    if version < VERSION:
        content = {name: told for name, told in content.items() if name != "together"}
        content["customs"] = {"parts": (), "given": {}, "family": {}}
    return content


def _model(content: dict[str, Any]) -> Model:
    if set(content) != {each.name for each in fields(Model)}:
        raise ValueError
    return Model(
        name=content["name"],
        tables=content["tables"],
        numbers={
            number: {level: (float(same), float(twin)) for level, (same, twin) in bits.items()}
            for number, bits in content["numbers"].items()
        },
        given=Rarity(**content["given"]),
        family=Rarity(**content["family"]),
        customs=_customs(**content["customs"]),
        spellings=frozenset(map(str, content["spellings"])),
        prior=Prior(**content["prior"]),
        bars=Bars(**content["bars"]),
        calibration=tuple((low, high, seen, right) for low, high, seen, right in content["calibration"]),
    )


def _customs(parts: Sequence[float], given: Mapping[str, str], family: Mapping[str, str]) -> Customs:
    return Customs(
        parts=tuple(map(float, parts)),
        given={name: tuple(map(int, shares.split())) for name, shares in given.items()},
        family={name: tuple(map(int, shares.split())) for name, shares in family.items()},
    )


def _checked(model: Model) -> Model:
    """The model, if every field, class and level has its probability."""
    for name, levels in LEVELS.items():
        for kind in CLASSES:
            if set(model.tables[name][kind]) != set(levels):
                raise ValueError
            if not all(0 < part <= 1 for part in model.tables[name][kind].values()):
                raise ValueError
    customs = model.customs
    if not all(part > 0 for part in customs.parts):
        raise ValueError
    for names in (customs.given, customs.family):
        if not all(len(shares) == len(customs.parts) and min(shares) >= 0 for shares in names.values()):
            raise ValueError
    if set(model.tables) != set(FIELDS) or set(model.numbers) != set(NUMBERS):
        raise ValueError
    if not (model.given.floor > 0 and model.family.floor > 0):
        raise ValueError
    if not (0 < model.prior.coverage < 1 and 0 < model.prior.twice < 1):
        raise ValueError
    return model
