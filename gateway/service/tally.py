"""One column of a file nobody has described: how full it is, how many values it has, what they look like.

Memory stays bounded whatever the file's size: distinct values are counted by sampling their hashes, and no
value is kept but the first few of a column that has few.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from gateway.service.looks import (
    BOOLEANS,
    DATES,
    NOTHING,
    SEXES,
    SHORT_YEAR,
    TIMES,
    ethnicities,
    looks,
    plain,
    shape,
    words,
)
from gateway.sources.unseen_tree import shown

#: A column with more different values than `_KEPT` is no code; one with more than `MOST_CODES` is seldom one.
MOST_CODES = 40
_MOST_NUMBERS = 12
_KEPT = 128
_EXAMPLES = 3
_ENOUGH = 0.8

_NAMES = frozenset({"name", "surname", "forename", "forenames", "given", "family", "first", "last", "middle"})
_CODE_WORDS = frozenset({"code", "type", "status", "flag", "provision", "reason", "category"})


@dataclass(frozen=True, slots=True)
class Looks:
    """What a column looks like.

    Attributes:
        kind: "upn", "nhs-number", "uln", "date", "date-time", "sex", "ethnicity", "postcode", "boolean",
            "code", "integer", "decimal", "text" or "empty".
        format: of dates, as a mapping writes it (`dd/MM/yyyy`).
        fits: values whose check character fits, or that are real days.
        wrong: values that have the form and do not fit.
        other: values of another form.
        codes: the values of a code and how often each occurs, the frequent first; those seen once are not
            told, as they could name somebody.
        rare: how many values were seen once.
    """

    kind: str
    format: str = ""
    fits: int = 0
    wrong: int = 0
    other: int = 0
    codes: tuple[tuple[str, int], ...] = ()
    rare: int = 0


@dataclass(slots=True)
class Distinct:
    """Counts different values: exactly up to `cap`, then by a sample of their hashes, good to about 2 %."""

    cap: int
    mask: int = 0
    kept: set[int] = field(default_factory=set)

    def add(self, texts: Mapping[str, int]) -> None:
        """Count the keys of `texts`."""
        mask, kept = self.mask, self.kept
        kept.update(mixed for text in texts if not (mixed := hash(text)) & mask)
        while len(kept) > self.cap:
            self.mask = mask = mask * 2 + 1
            kept = self.kept = {one for one in kept if not one & mask}

    @property
    def count(self) -> int:
        """How many there are, or about how many."""
        return len(self.kept) * (self.mask + 1)

    @property
    def exact(self) -> bool:
        """Whether `count` is exact."""
        return not self.mask


@dataclass(slots=True)
class Tally:
    """What is counted of a column while its values pass."""

    name: str
    distinct: Distinct
    filled: int = 0
    values: int = 0
    nothing: int = 0
    most: int = 0
    forms: Counter[str] = field(default_factory=Counter)
    codes: Counter[str] | None = field(default_factory=Counter)
    shapes: Counter[str] = field(default_factory=Counter)
    examples: list[str] = field(default_factory=list)

    def add(self, values: list[str], filled: int, most: int) -> None:
        """Count the values of a block."""
        counted = Counter(values)
        self.filled += filled
        self.values += len(values)
        self.most = max(self.most, most)
        self.distinct.add(counted)
        forms = self.forms
        for text, count in counted.items():
            for form in looks(text):
                forms[form] += count
            if text.upper() in NOTHING:
                self.nothing += count
        self._keep(counted)

    def _keep(self, counted: Counter[str]) -> None:
        """Keep the values of a column that has few, and the first examples of any."""
        if self.codes is not None:
            self.codes.update(counted)
            if len(self.codes) > _KEPT:
                self.codes = None
        if len(self.examples) < _EXAMPLES:
            self.examples = [*dict.fromkeys([*self.examples, *map(shown, counted)])][:_EXAMPLES]
            self.shapes.update(shape(text) for text in self.examples)

    @property
    def different(self) -> int:
        """How many different values there are; about, if `distinct` is not exact."""
        return min(self.distinct.count, self.values)

    @property
    def unique(self) -> bool:
        """Whether no value comes twice, as far as is known."""
        once = self.values == self.filled > 0
        most = self.values if self.distinct.exact else self.values * 0.95
        return once and self.distinct.count >= most

    def looks(self) -> Looks:
        """What the column looks like: the first of the guesses that most of its values fit."""
        said = self.values - self.nothing
        if said <= 0:
            return Looks("empty")
        named = words(self.name)
        for guess in (_upn, _ten_digits, _date, _sex, _ethnicity, _boolean, _postcode, _code, _number):
            found = guess(self, said, named)
            if found is not None:
                return found
        return Looks("text")


def _upn(tally: Tally, said: int, named: frozenset[str]) -> Looks | None:
    form, fits = tally.forms["upn"], tally.forms["upn fits"]
    if form < said * _ENOUGH or (fits < form / 2 and "upn" not in named):
        return None
    return Looks("upn", fits=fits, wrong=form - fits, other=said - form)


def _ten_digits(tally: Tally, said: int, named: frozenset[str]) -> Looks | None:
    """An NHS number or a ULN. One number in eleven fits either check by chance."""
    form = tally.forms["ten digits"]
    if form < said * _ENOUGH:
        return None
    for kind, fit, name in (("nhs-number", "nhs fits", "nhs"), ("uln", "uln fits", "uln")):
        fits = tally.forms[fit]
        if fits > form / 2 or name in plain(tally.name):
            return Looks(kind, fits=fits, wrong=form - fits, other=said - form)
    return None


def _date(tally: Tally, said: int, named: frozenset[str]) -> Looks | None:
    forms = tally.forms
    known = (*DATES, *TIMES, SHORT_YEAR)
    best = max(known, key=lambda written: (forms[f"real {written}"], -known.index(written)))
    form, real = forms[f"date {best}"], forms[f"real {best}"]
    sure = 0.5 if best != "yyyyMMdd" or named & {"date", "dob", "born", "birth"} else 0.98
    if form < said * _ENOUGH or real < form * sure:
        return None
    kind = "date-time" if best in TIMES else "date"
    return Looks(kind, best, fits=real, wrong=form - real, other=said - form)


def _sex(tally: Tally, said: int, named: frozenset[str]) -> Looks | None:
    found = {text.upper() for text in _said(tally)}
    if not found or not found <= SEXES:
        return None
    if not named & {"sex", "gender"} and not {"M", "F"} <= {text[0] for text in found}:
        return None
    return _listed("sex", tally, hide=False)


def _ethnicity(tally: Tally, said: int, named: frozenset[str]) -> Looks | None:
    if not tally.codes or not _short(tally):
        return None
    known = sum(count for text, count in tally.codes.items() if text in ethnicities())
    if known >= said * _ENOUGH or any(word.startswith("ethnic") for word in named - {"source"}):
        return _listed("ethnicity", tally, hide=False) if "source" not in named else None
    return None


def _boolean(tally: Tally, said: int, named: frozenset[str]) -> Looks | None:
    found = {text.lower() for text in _said(tally)}
    if not found or not any(found <= pair for pair in BOOLEANS):
        return None
    if len(found) == 1 and not found <= BOOLEANS[0] | BOOLEANS[1] and not named & {"flag", "is", "has"}:
        return None
    return _listed("boolean", tally, hide=False)


def _postcode(tally: Tally, said: int, named: frozenset[str]) -> Looks | None:
    form = tally.forms["postcode"]
    return Looks("postcode", fits=form, other=said - form) if form >= said * _ENOUGH else None


def _code(tally: Tally, said: int, named: frozenset[str]) -> Looks | None:
    """Few short values in capitals or digits, each of which comes again; never in a column of names."""
    if not tally.codes or len(tally.codes) > MOST_CODES or named & _NAMES or not _short(tally):
        return None
    integers = tally.forms["integer"] == said
    if integers and len(tally.codes) > _MOST_NUMBERS:
        return None
    often = said >= len(tally.codes) * (5 if integers else 2)
    if not often and (integers or not named & _CODE_WORDS):
        return None
    return _listed("code", tally)


def _number(tally: Tally, said: int, named: frozenset[str]) -> Looks | None:
    whole, broken = tally.forms["integer"], tally.forms["decimal"]
    if whole >= said * _ENOUGH:
        return Looks("integer", fits=whole, other=said - whole)
    if whole + broken >= said * _ENOUGH:
        return Looks("decimal", fits=whole + broken, other=said - whole - broken)
    return None


def _said(tally: Tally) -> list[str]:
    return [text for text in tally.codes or () if text.upper() not in NOTHING]


def _short(tally: Tally) -> bool:
    return all("code" in looks(text) for text in _said(tally))


def _listed(kind: str, tally: Tally, hide: bool = True) -> Looks:
    """The values of a code; one that was seen once is not told where it could name somebody."""
    known = Counter({text: tally.codes[text] for text in _said(tally)} if tally.codes else {})
    shown = tuple((text, count) for text, count in sorted(known.items()) if count > 1 or not hide)
    return Looks(kind, codes=shown, rare=len(known) - len(shown))
