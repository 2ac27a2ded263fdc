"""Invented children that several feeds tell of, now like this and now like that."""

from random import Random
from typing import Any

from gates import BASE

from gateway.identity.numbers import UpnKind, upn_kind

Resource = dict[str, Any]

NHS = "https://fhir.nhs.uk/Id/nhs-number"
LETTERS = "ABCDEFGHJKLMNPQRTUVWXYZ"


def nhs(number: int) -> str:
    """An NHS number from the range that is never given to anybody."""
    for serial in range(999_000_000 + number * 13, 999_999_999):
        digits = f"{serial:09d}"
        check = 11 - sum((10 - place) * int(digit) for place, digit in enumerate(digits)) % 11
        if check != 10:
            return f"{digits}{check % 11}"
    raise AssertionError("the range is full")


def upn(number: int) -> str:
    """A permanent UPN of a school that does not exist."""
    rest = f"2019002{number:05d}"
    return next(made for letter in LETTERS if upn_kind(made := letter + rest) is UpnKind.PERMANENT)


#: Eight children; 2 and 3 are twins, 4 and 5 have one name and birth date by chance.
CHILDREN = (
    ("Ola", "Nordmann", "2012-03-04", "ZZ10 1AA"),
    ("Kari", "Hansen", "2013-05-06", "ZZ11 2BB"),
    ("Ava-Mae", "Thompson", "2013-09-10", "ZZ13 4DD"),
    ("Ava-Rae", "Thompson", "2013-09-10", "ZZ13 4DD"),
    ("Noor", "Ali", "2011-02-03", "ZZ14 5EE"),
    ("Noor", "Ali", "2011-02-03", "ZZ15 6FF"),
    ("Jan", "Kowalski", "2014-07-08", "ZZ16 7GG"),
    ("Eve", "Stone", "2010-10-12", "ZZ17 8HH"),
)


def patient(truth: int, random: Random, feed: str) -> Resource:
    """What a feed says of a child today: sometimes with a mistake, sometimes with next to nothing."""
    given, family, born, home = CHILDREN[truth]
    other = random.randrange(len(CHILDREN)) if random.random() < 0.12 else truth
    known = {
        NHS: nhs(other),
        f"{BASE}/Id/upn": upn(other),
        f"{BASE}/Id/la-child-id/201": str(100 + other),
    }
    wanted = {"clinic": (0.9, 0.1, 0.1), "school": (0.2, 0.9, 0.0), "council": (0.3, 0.6, 0.8)}[feed]
    identifiers = [
        {"system": system, "value": value, **({"use": "old"} if random.random() < 0.1 else {})}
        for (system, value), likely in zip(known.items(), wanted, strict=True)
        if random.random() < likely
    ]
    if random.random() < 0.15:
        year, month, day = born.split("-")
        born = f"{year}-{day}-{month}"
    made: Resource = {"resourceType": "Patient", "id": f"p{truth}", "birthDate": born}
    if identifiers:
        made["identifier"] = identifiers
    if feed != "council" or random.random() < 0.5:
        made["name"] = [{"family": random.choice([family, family.upper()]), "given": [given]}]
    if random.random() < 0.6:
        made["address"] = [{"postalCode": random.choice([home, "ZZ19 9ZZ"])}]
    if random.random() < 0.1:
        del made["birthDate"]
    return made


def observation(truth: int, number: int, random: Random) -> Resource:
    """Something a feed says about a child; sometimes about another one than the last time."""
    about = random.randrange(len(CHILDREN)) if random.random() < 0.1 else truth
    return {
        "resourceType": "Observation",
        "id": f"o{truth}-{number}",
        "status": "final",
        "code": {"text": random.choice(["height", "weight"])},
        "subject": {"reference": f"Patient/p{about}"},
        "effectiveDateTime": f"2025-{random.randrange(1, 13):02d}-01",
    }


def told(feed: str, random: Random) -> list[Resource]:
    """A file of a feed: some children, some things about them, in any order."""
    truths = random.sample(range(len(CHILDREN)), random.randrange(1, 6))
    resources = [patient(truth, random, feed) for truth in truths if random.random() < 0.9]
    resources += [observation(truth, number, random) for truth in truths for number in range(2)]
    random.shuffle(resources)
    return resources
