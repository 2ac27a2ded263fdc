"""What records say that can be compared, remembered: a common name has hundreds of candidates."""

from collections.abc import Mapping, Sequence

from gateway.identity.person import Person, person
from gateway.service.feed import Feed
from gateway.service.tell import as_told
from gateway.store.base import Reads, Record

#: All are forgotten when there are more.
_MOST = 8192


class Persons:
    """What records' Patients say; one that says the same as another is not read again.

    Args:
        base_uri: the start of this gateway's identifier systems.
    """

    def __init__(self, feeds: Mapping[str, Feed], base_uri: str) -> None:
        self._verified = {name: feed.verified for name, feed in feeds.items()}
        self._base = base_uri
        self._known: dict[tuple[bytes, bool], Person] = {}

    def of(self, store: Reads, records: Sequence[Record]) -> dict[int, Person]:
        """What each record with a Patient says that can be compared."""
        verified = {record.rec: self._verified.get(record.feed, False) for record in records}
        found: dict[int, Person] = {}

        def known(rec: int, digest: bytes) -> bool:
            who = self._known.get((digest, verified[rec]))
            if who is not None:
                found[rec] = who
            return who is not None

        digests, rows = store.patients_but(list(verified), known)
        if len(self._known) + len(rows) > _MOST:
            self._known.clear()
        for rec, row in rows.items():
            who = found[rec] = person(as_told(row), self._base, verified=verified[rec])
            self._known[digests[rec], verified[rec]] = who
        return {rec: found[rec] for rec in verified if rec in found}
