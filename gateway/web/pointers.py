"""References inside a transaction, led to what its entries become.

Source: HL7 FHIR R4, https://hl7.org/fhir/R4/http.html#trules and https://hl7.org/fhir/R4/bundle.html#references
"""

import re
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import unquote
from uuid import uuid4

from gateway.fhir import facts
from gateway.fhir.query import Query
from gateway.fhir.references import criteria_of, led
from gateway.problems import refuse
from gateway.problems.bundle import BUNDLE_CRITERIA
from gateway.service.changes import Wanted, placed
from gateway.web.entries import Entry

_REST = re.compile(r"(https?://\S+?/)([A-Z][A-Za-z]+/[A-Za-z0-9\-.]{1,64})(?:/_history/[^/]+)?")
_RELATIVE = re.compile(r"[A-Z][A-Za-z]+/[A-Za-z0-9\-.]{1,64}")

#: (type, criteria, entry) to the question they are.
Ask = Callable[[str, str, Entry], Query]


class Pointers:
    """Where the references of a transaction lead.

    Attributes:
        wanted: those by criteria, each once, with the id that stands for it until it is found.
    """

    def __init__(self, entries: Iterable[tuple[Entry, str]], ask: Ask) -> None:
        """Note where each entry's resource is going to stand.

        Args:
            entries: each with `Type/id` of what it becomes, "" where it is no resource's.
            ask: reads criteria; may refuse them.
        """
        self.wanted: list[Wanted] = []
        self._ask = ask
        self._found: dict[str, str] = {}
        self._places: dict[str, str] = {}
        self._tails: dict[str, set[str]] = {}
        for entry, stands in entries:
            if stands:
                self._note(entry, stands)

    def _note(self, entry: Entry, stands: str) -> None:
        url, sent = entry.full_url, entry.resource
        if not url and isinstance(sent, dict) and isinstance(sent.get("id"), str):
            # who sends no fullUrl can only have meant the id that the resource came with
            url = f"{sent.get('resourceType')}/{sent['id']}"
        if url:
            self._places[url] = stands
        if tail := _REST.fullmatch(url):
            self._tails.setdefault(tail[2], set()).add(stands)

    def check_criteria(self, entry: Entry) -> None:
        """Refuse criteria that name another entry: its id is not known for certain when they are asked.

        Raises:
            Refused: `bundle.criteria`.
        """
        asked = entry.request.headers.get("if-none-exist", "") + "?" + entry.request.query
        if "urn" in asked and any(url.startswith("urn:") and url in unquote(asked) for url in self._places):
            raise refuse(BUNDLE_CRITERIA)

    def led(self, entry: Entry) -> Any:
        """An entry's resource with its references led to what they mean."""
        root = _REST.fullmatch(entry.full_url)
        start = root[1] if root else ""

        def lead(text: str, name: str) -> str | None:
            known = self._known(text, start)
            if known is not None or name != "reference":
                return known
            asked = criteria_of(text)
            return self._by_criteria(*asked, entry) if asked and facts.is_resource(asked[0]) else None

        return led(entry.resource, lead)

    def _known(self, text: str, start: str) -> str | None:
        whole, hash, part = text.partition("#")
        found = self._places.get(whole)
        if found is None and _RELATIVE.fullmatch(whole):
            if start:
                found = self._places.get(f"{start}{whole}")
            elif len(meant := self._tails.get(whole, ())) == 1:
                found = next(iter(meant))
        return None if found is None else f"{found}{hash}{part}"

    def _by_criteria(self, type: str, words: str, entry: Entry) -> str:
        text = f"{type}?{words}"
        if text not in self._found:
            with placed(entry.place):
                where = self._ask(type, words, entry)
            id = str(uuid4())
            self.wanted.append(Wanted(where, id, f"{entry.place}.resource"))
            self._found[text] = f"{type}/{id}"
        return self._found[text]
